"""Which writes of objects are told of, and what an answer says of them."""

import pytest

from argosy.edge.object_writes import (
    BATCH,
    BUCKET,
    COMPLETE,
    COPY,
    DELETE,
    MARKER,
    POST,
    PUT,
    Write,
    events_of,
    meaning,
)

MEANT = [
    ("PUT", "/b/k", "", {}, PUT),
    ("PUT", "/b/k", "x-id=PutObject", {}, PUT),
    ("PUT", "/b/k", "X-Amz-Signature=s&X-Amz-Date=d", {}, PUT),
    ("PUT", "/b/k", "AWSAccessKeyId=a&Signature=s&Expires=1", {}, PUT),
    ("PUT", "/b/k", "", {"x-amz-copy-source": "/b/x"}, COPY),
    ("PUT", "/b/k", "partNumber=1&uploadId=u", {}, None),
    ("PUT", "/b/k", "tagging", {}, "ObjectTagging:Put"),
    ("DELETE", "/b/k", "tagging=", {}, "ObjectTagging:Delete"),
    ("PUT", "/b/k", "acl", {}, "ObjectAcl:Put"),
    ("PUT", "/b/k", "retention", {}, None),
    ("POST", "/b/k", "uploads", {}, None),
    ("POST", "/b/k", "uploadId=u", {}, COMPLETE),
    ("DELETE", "/b/k", "uploadId=u", {}, None),
    ("DELETE", "/b/k", "", {}, DELETE),
    ("DELETE", "/b/k", "versionId=v", {}, DELETE),
    ("GET", "/b/k", "", {}, None),
    ("POST", "/b", "delete", {}, BATCH),
    ("POST", "/b/", "delete=", {}, BATCH),
    ("POST", "/b", "", {"content-type": "multipart/form-data; boundary=x"}, POST),
    ("PUT", "/b", "", {}, None),
    ("DELETE", "/b", "", {}, BUCKET),
    ("DELETE", "/b/", "x-id=DeleteBucket", {}, BUCKET),
    ("DELETE", "/b", "lifecycle", {}, None),
]


@pytest.mark.parametrize(("method", "path", "query", "headers", "name"), MEANT)
def test_a_request_means_what_s3_calls_it(
    method: str, path: str, query: str, headers: dict[str, str], name: str | None
) -> None:
    found = meaning(method, path, query, headers)
    assert (found and found.name) == name


def test_keys_are_decoded() -> None:
    assert meaning("PUT", "/b/a%20b/c%2Bd", "", {}) == Write(PUT, "b", "a b/c+d")


def test_an_answer_of_200_may_hold_an_error() -> None:
    error = b"<?xml version='1.0'?>\n<Error><Code>InternalError</Code></Error>"
    assert events_of(Write(COMPLETE, "b", "k"), {}, error, b"", 0) == []


def test_a_form_says_its_key_before_the_file() -> None:
    form = (
        b'--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nin/${filename}\r\n'
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n1,2'
    )
    (event,) = events_of(Write(POST, "b", ""), {"etag": '"e"'}, b"", form, 99)
    assert (event["key"], event["size"], event["etag"]) == ("in/a.csv", None, '"e"')


def test_of_a_quiet_batch_all_are_removed_but_those_that_failed() -> None:
    asked = (
        b"<Delete xmlns='http://s3'><Quiet>true</Quiet>"
        b"<Object><Key>a</Key></Object><Object><Key>b&amp;c</Key></Object></Delete>"
    )
    answer = b"<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code></Error></DeleteResult>"
    found = events_of(Write(BATCH, "b", ""), {}, answer, asked, 0)
    assert [(one["key"], one["name"], one["unsure"]) for one in found] == [("b&c", DELETE, True)]


def test_a_batch_tells_markers_from_removals() -> None:
    answer = (
        b"<DeleteResult><Deleted><Key>a</Key><DeleteMarker>true</DeleteMarker>"
        b"<DeleteMarkerVersionId>m</DeleteMarkerVersionId></Deleted>"
        b"<Deleted><Key>b</Key><VersionId>v</VersionId></Deleted></DeleteResult>"
    )
    found = events_of(Write(BATCH, "b", ""), {}, answer, b"<Delete/>", 0)
    assert [(one["name"], one["version_id"]) for one in found] == [(MARKER, "m"), (DELETE, "v")]


def test_a_document_that_could_unfold_is_not_read() -> None:
    bomb = b"<!DOCTYPE x [<!ENTITY a 'b'>]><Delete><Quiet>true</Quiet></Delete>"
    assert events_of(Write(BATCH, "b", ""), {}, b"<DeleteResult/>", bomb, 0) == []
