"""Which writes of objects are told of: what a request to S3 means, and what its answer says. Pure.

Only for buckets with a notification configuration. What a request that failed would have meant is
of no interest, and neither are parts of uploads, or settings of buckets.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, unquote
from xml.etree import ElementTree

PUT, POST, COPY = "ObjectCreated:Put", "ObjectCreated:Post", "ObjectCreated:Copy"
COMPLETE = "ObjectCreated:CompleteMultipartUpload"
DELETE, MARKER = "ObjectRemoved:Delete", "ObjectRemoved:DeleteMarkerCreated"
BATCH = "ObjectRemoved:*"
"""A request that removes many."""

BUCKET = "BucketRemoved"
"""No event of S3's: control forgets the bucket's notifications, as S3 does."""

UNSURE = "unsure"
"""Set in a removal that is one of a marker's making if the bucket keeps versions."""

_SUBRESOURCES = {
    ("PUT", "tagging"): "ObjectTagging:Put",
    ("DELETE", "tagging"): "ObjectTagging:Delete",
    ("PUT", "acl"): "ObjectAcl:Put",
}
_PLAIN = frozenset({"x-id", "versionId"})
"""What a query may hold besides its signature without meaning something else than the object."""
_KEY_FIELD = re.compile(
    rb'name="?key"?[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n(.*?)\r\n--', re.DOTALL | re.IGNORECASE
)
_FILE_NAME = re.compile(rb'filename="([^"]*)"')
_ETAG = re.compile("<ETag>(.*?)</ETag>", re.DOTALL)


@dataclass(frozen=True)
class Write:
    """What a request does to the objects of a bucket."""

    name: str
    bucket: str
    key: str
    """ "" where only the answer, or the body, says which."""
    version_id: str = ""
    """The version that is removed."""


def meaning(method: str, path: str, query: str, headers: Mapping[str, str]) -> Write | None:
    """What a request would do; None when nobody is told of it. `headers`: by lower-case names."""
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    given = dict(parse_qsl(query, keep_blank_values=True))
    names = {name for name in given if not name.startswith("X-Amz-")} - _PLAIN
    names -= {"AWSAccessKeyId", "Signature", "Expires"}
    name = _of_object(method, names, headers) if key else _of_bucket(method, names, headers)
    return Write(name, bucket, key, given.get("versionId", "")) if name else None


def _of_object(method: str, names: set[str], headers: Mapping[str, str]) -> str:
    if names:
        if method == "POST" and names == {"uploadId"}:
            return COMPLETE
        return _SUBRESOURCES.get((method, next(iter(names))), "") if len(names) == 1 else ""
    if method == "PUT":
        return COPY if "x-amz-copy-source" in headers else PUT
    return DELETE if method == "DELETE" else ""


def _of_bucket(method: str, names: set[str], headers: Mapping[str, str]) -> str:
    if method == "DELETE" and not names:
        return BUCKET
    if method != "POST":
        return ""
    if names == {"delete"}:
        return BATCH
    form = headers.get("content-type", "").startswith("multipart/form-data")
    return POST if form and not names else ""


def events_of(
    write: Write, headers: Mapping[str, str], answer: bytes, asked: bytes, size: int
) -> list[dict[str, Any]]:
    """What is to be told once the store has done it: [{"key", "name", "size", "etag",
    "version_id"}]; size None where the store has to be asked, and so if "unsure" is set.

    headers: of the answer, by lower-case names. asked: the request's body where many are removed,
    and the beginning of a form's. size: bytes of the body.
    """
    version = headers.get("x-amz-version-id", "")
    if write.name == BATCH:
        return _removals(answer, asked)
    if write.name == DELETE:
        marker = headers.get("x-amz-delete-marker") == "true" and not write.version_id
        name = MARKER if marker else DELETE
        return [_event(write.key, name, None, "", version or write.version_id)]
    if write.name == PUT:
        return [_event(write.key, PUT, size, headers.get("etag", ""), version)]
    if write.name in (COPY, COMPLETE):
        text = answer.decode("utf-8", "replace")
        found = _ETAG.search(text)
        if found is None or "<Error>" in text:
            return []  # the store answers 200 before it knows whether it succeeds
        return [_event(write.key, write.name, None, unescape(found[1]), version)]
    if write.name == POST:
        key = _posted(asked)
        return [_event(key, POST, None, headers.get("etag", ""), version)] if key else []
    return [_event(write.key, write.name, None, "", version or write.version_id)]


def _event(key: str, name: str, size: int | None, etag: str, version_id: str) -> dict[str, Any]:
    return {"key": key, "name": name, "size": size, "etag": etag, "version_id": version_id}


def _posted(form: bytes) -> str:
    """The key that a form asks for, by its fields, which come before the file."""
    key = _KEY_FIELD.search(form)
    if key is None:
        return ""
    named = _FILE_NAME.search(form)
    filename = named[1].rpartition(b"/")[2] if named else b""
    return key[1].replace(b"${filename}", filename).decode("utf-8", "replace")


def _removals(answer: bytes, asked: bytes) -> list[dict[str, Any]]:
    """One for each object that is no more: those that the answer names, or where it was asked to
    name only failures, all others, of which it does not say whether there is a marker now."""
    told, wanted = _parse(answer), _parse(asked)
    if told is None or wanted is None:
        return []
    quiet = (wanted.findtext("{*}Quiet") or "").strip().lower() == "true"
    if not quiet:
        return [_removal(entry) for entry in told.iterfind("{*}Deleted")]
    failed = {entry.findtext("{*}Key") for entry in told.iterfind("{*}Error")}
    removed = [_removal(entry) for entry in wanted.iterfind("{*}Object")]
    return [{**one, UNSURE: not one["version_id"]} for one in removed if one["key"] not in failed]


def _removal(entry: ElementTree.Element) -> dict[str, Any]:
    key, version = entry.findtext("{*}Key") or "", entry.findtext("{*}VersionId") or ""
    if version or entry.findtext("{*}DeleteMarker") != "true":
        return _event(key, DELETE, None, "", version)
    return _event(key, MARKER, None, "", entry.findtext("{*}DeleteMarkerVersionId") or "")


def _parse(document: bytes) -> ElementTree.Element | None:
    """None for what is no XML, or might unfold into more than it is."""
    if b"<!DOCTYPE" in document or b"<!ENTITY" in document:
        return None
    try:
        return ElementTree.fromstring(document)
    except ElementTree.ParseError:
        return None
