"""A captured request and its answer as the line and under the key that SageMaker gives it. Pure.

Source: reference/endpoints.md §6; CaptureContentTypeHeader in the API reference: payloads of
content types that it does not list are written as base64. So are those that it lists, when they are
not UTF-8.
"""

import base64
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from argosy.ground.spool import Place, Record
from argosy.runtimes.frames import decode_head

VERSION = "0"
_BASE64 = "BASE64"

_encode = json.JSONEncoder(ensure_ascii=False).encode
_head = lru_cache(1024)(decode_head)
"""A client's requests are alike, and so are a model's answers."""


def key_of(place: Place, at: float, name: str) -> str:
    """The key below the destination's bucket of a file whose first record is of time `at`."""
    prefix = place["destination"].removeprefix("s3://").partition("/")[2].strip("/")
    when = datetime.fromtimestamp(int(at * 1000) / 1000, UTC)
    file = f"{when:%M-%S}-{when.microsecond // 1000:03d}-{UUID(hex=name)}.jsonl"
    parts = (prefix, place["endpoint"], place["variant"], f"{when:%Y/%m/%d/%H}", file)
    return "/".join(part for part in parts if part)


def bucket_of(place: Place) -> str:
    return place["destination"].removeprefix("s3://").partition("/")[0]


def line_of(place: Place, record: Record, name: str, number: int) -> bytes:
    """One record as a line; `name` is that of its file, `number` its place there: with them an
    event has the same id whenever it is written."""
    asked, answered = _head(record.asked), _head(record.answered)
    data: dict[str, Any] = {}
    if place["input"]:
        data["endpointInput"] = _side("INPUT", asked, record.input, place)
    if place["output"]:
        data["endpointOutput"] = _side("OUTPUT", answered, record.output, place)
    event = {
        "captureData": data,
        "eventMetadata": _metadata(record.at, asked, _event_id(name, number)),
        "eventVersion": VERSION,
    }
    return _encode(event).encode() + b"\n"


def _side(mode: str, head: Mapping[str, str], payload: bytes, place: Place) -> dict[str, str]:
    content_type = head.get("content-type", "")
    encoding, data = encoded(payload, content_type, place["csv"], place["json"])
    return {
        "observedContentType": content_type,
        "mode": mode,
        "data": data,
        "encoding": encoding,
    }


def encoded(
    payload: bytes, content_type: str, csv: list[str], json_types: list[str]
) -> tuple[str, str]:
    """How a payload is written, and what is written of it."""
    encoding = _encoding(content_type, tuple(csv), tuple(json_types))
    if encoding != _BASE64:
        try:
            return encoding, payload.decode()
        except UnicodeDecodeError:
            pass
    return _BASE64, base64.b64encode(payload).decode("ascii")


@lru_cache(1024)
def _encoding(content_type: str, csv: tuple[str, ...], json_types: tuple[str, ...]) -> str:
    kind = content_type.partition(";")[0].strip().lower()
    for encoding, listed in (("CSV", csv), ("JSON", json_types)):
        if kind in map(str.lower, listed):
            return encoding
    return _BASE64


def _metadata(at: float, asked: Mapping[str, str], event_id: str) -> dict[str, Any]:
    metadata: dict[str, Any] = {"eventId": event_id}
    if asked.get("custom-attributes"):
        metadata["customAttributes"] = [asked["custom-attributes"]]
    if asked.get("inference-id"):
        metadata["inferenceId"] = asked["inference-id"]
    if asked.get("target-model"):
        metadata["targetModel"] = asked["target-model"]
    return {**metadata, "inferenceTime": _time(int(at))}


@lru_cache(64)
def _time(second: int) -> str:
    return f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _event_id(name: str, number: int) -> str:
    """The file's own id, with the number of the event in its last part."""
    return f"{name[:8]}-{name[8:12]}-{name[12:16]}-{name[16:20]}-{number:012x}"
