"""The form of captured records, and where they lie (reference/endpoints.md §6)."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.control.capturing.lines import bucket_of, encoded, key_of, line_of
from argosy.ground.spool import Place, Record

NAME = "0123456789abcdef0123456789abcdef"
AT = 1_613_824_425.987  # 2021-02-20T12:33:45.987Z
CSV, JSON = ["text/csv"], ["application/json"]


def place(**changes: object) -> Place:
    found: Place = {
        "destination": "s3://bucket/captured/",
        "endpoint": "iris",
        "variant": "blue",
        "input": True,
        "output": True,
        "csv": CSV,
        "json": JSON,
        "kms_key": "",
    }
    return {**found, **changes}  # type: ignore[typeddict-item]


def record(asked: bytes = b"content-type:text/csv\n", given: bytes = b"1,2") -> Record:
    return Record(AT, asked, given, b"content-type:application/json; charset=utf-8\n", b"[0]")


def test_a_record_is_one_line_in_the_services_own_form() -> None:
    line = line_of(place(), record(), NAME, 1)

    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    event = json.loads(line)
    assert event["captureData"] == {
        "endpointInput": {
            "observedContentType": "text/csv",
            "mode": "INPUT",
            "data": "1,2",
            "encoding": "CSV",
        },
        "endpointOutput": {
            "observedContentType": "application/json; charset=utf-8",
            "mode": "OUTPUT",
            "data": "[0]",
            "encoding": "JSON",
        },
    }
    assert event["eventVersion"] == "0"
    assert event["eventMetadata"]["inferenceTime"] == "2021-02-20T12:33:45Z"
    assert set(event["eventMetadata"]) == {"eventId", "inferenceTime"}


def test_what_the_caller_said_of_the_request_stands_in_its_metadata() -> None:
    asked = b"content-type:text/csv\ncustom-attributes:trace=1\ninference-id:id-7\n"

    event = json.loads(line_of(place(), record(asked + b"target-model:a.tar.gz\n"), NAME, 1))

    metadata = event["eventMetadata"]
    assert metadata["inferenceId"] == "id-7"
    assert metadata["customAttributes"] == ["trace=1"]
    assert metadata["targetModel"] == "a.tar.gz"


@pytest.mark.parametrize(
    ("wanted", "sides"),
    [
        ({"output": False}, {"endpointInput"}),
        ({"input": False}, {"endpointOutput"}),
    ],
)
def test_only_the_sides_that_are_asked_for_are_written(
    wanted: dict[str, bool], sides: set[str]
) -> None:
    event = json.loads(line_of(place(**wanted), record(), NAME, 1))

    assert set(event["captureData"]) == sides


def test_an_event_has_the_same_id_whenever_it_is_written_and_no_other_has_it() -> None:
    lines = [line_of(place(), record(), NAME, number) for number in (1, 1, 2)]

    first, again, second = (json.loads(line)["eventMetadata"]["eventId"] for line in lines)
    assert first == again != second


@given(st.binary(max_size=200), st.sampled_from(["text/csv", "application/json", "image/png", ""]))
def test_any_payload_can_be_read_back(payload: bytes, content_type: str) -> None:
    asked = b"content-type:%b\n" % content_type.encode()

    line = line_of(place(), record(asked, payload), NAME, 1)

    assert line.count(b"\n") == 1
    side = json.loads(line)["captureData"]["endpointInput"]
    raw = side["data"].encode() if side["encoding"] != "BASE64" else base64.b64decode(side["data"])
    assert raw == payload


@pytest.mark.parametrize(
    ("content_type", "csv", "json_types", "encoding"),
    [
        ("text/csv", CSV, JSON, "CSV"),
        ("TEXT/CSV; header=present", CSV, JSON, "CSV"),
        ("application/json", CSV, JSON, "JSON"),
        ("application/jsonlines", CSV, ["application/jsonlines"], "JSON"),
        ("application/jsonlines", CSV, JSON, "BASE64"),
        ("text/csv", [], [], "BASE64"),
        ("", CSV, JSON, "BASE64"),
    ],
)
def test_payloads_of_types_that_are_not_listed_are_base64(
    content_type: str, csv: list[str], json_types: list[str], encoding: str
) -> None:
    assert encoded(b"1", content_type, csv, json_types)[0] == encoding


def test_csv_that_is_not_utf_8_is_base64() -> None:
    assert encoded(b"\xff\xfe", "text/csv", CSV, JSON) == ("BASE64", "//4=")


@pytest.mark.parametrize(
    ("destination", "prefix"),
    [("s3://bucket/captured/", "captured/"), ("s3://bucket/a/b", "a/b/"), ("s3://bucket", "")],
)
def test_the_key_names_endpoint_variant_and_the_hour_in_utc(destination: str, prefix: str) -> None:
    where = place(destination=destination)

    assert bucket_of(where) == "bucket"
    assert key_of(where, AT, NAME) == (
        f"{prefix}iris/blue/2021/02/20/12/33-45-987-01234567-89ab-cdef-0123-456789abcdef.jsonl"
    )
