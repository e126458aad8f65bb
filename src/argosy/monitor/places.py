"""Objects of a run in S3: found, read, written; those of hours that do not matter passed over."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.monitor.analysis import BadData
from argosy.objects.client import ObjectStore
from argosy.objects.uri import S3Uri

MOST_JSON = 256 << 20
"""Bytes of an object that is read as a whole."""
_HOUR = re.compile(r"/([0-9]{4})/([0-9]{2})/([0-9]{2})/([0-9]{2})/[^/]*$")


def uri_of(place: str) -> S3Uri:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return S3Uri(bucket, key)


def document(store: ObjectStore, place: str) -> dict[str, Any] | None:
    """A JSON file of the baseline; None when there is none. Raises BadData, StoreError."""
    if not place:
        return None
    try:
        found = json.loads(store.get(uri_of(place), MOST_JSON))
    except (ValueError, RecursionError) as error:
        raise BadData(f"{place} is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise BadData(f"{place} is not a JSON object.")
    return found


def objects(store: ObjectStore, place: S3Uri) -> list[S3Uri]:
    """The object of that name, or else all below it."""
    if place.key and not place.key.endswith("/") and store.exists(place):
        return [place]
    below = place.key if not place.key or place.key.endswith("/") else f"{place.key}/"
    return [S3Uri(place.bucket, one.key) for one in store.listing(place.bucket, below) if one.size]


def outside(key: str, start: float | None, end: float | None) -> bool:
    """Whether the object holds what was captured in an hour that does not matter."""
    match = _HOUR.search(key)
    if match is None or start is None or end is None:
        return False
    try:
        year, month, day, number = map(int, match.groups())
        hour = datetime(year, month, day, number, tzinfo=UTC)
    except ValueError:
        return False
    return hour.timestamp() >= end or (hour + timedelta(hours=1)).timestamp() <= start


def write(store: ObjectStore, output: str, name: str, content: dict[str, Any]) -> None:
    """Put a JSON file below the prefix `output`."""
    place = uri_of(output)
    key = f"{place.key.rstrip('/')}/{name}".lstrip("/")
    body = json.dumps(content, indent=2, allow_nan=False).encode()
    store.put(S3Uri(place.bucket, key), body, "application/json")
