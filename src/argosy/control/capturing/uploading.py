"""From a spool file to its object: one file, one object, however often it is begun anew.

The object's key and all that is in it follow from the file alone, so that a file which was uploaded
just before control died is uploaded again to the same effect.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from argosy.control.capturing.lines import bucket_of, key_of, line_of
from argosy.ground.spool import Place, Record, read
from argosy.objects.client import ObjectStore
from argosy.objects.uri import S3Uri

_TYPE = "application/jsonl"
_PIECE = 256 * 1024
_ENCRYPTION = "x-amz-server-side-encryption"


def upload(store: ObjectStore, path: Path, *, own_keys: bool) -> int:
    """Write the object of a spool file; returns how many records it has; without any
    there is no object.

    own_keys: the store has KMS keys of its own, which are named there. Else an object that shall be
    encrypted is, with the store's only key. Raises StoreError; ValueError when it is no spool file.
    """
    with path.open("rb") as file:
        place = _place(file)
        records = read(file)
        first = next(records, None)
        if first is None:
            return 0
        uri = S3Uri(bucket_of(place), key_of(place, first.at, path.stem))
        count = 0
        with store.writing(uri, _TYPE, headers=_headers(place, own_keys)) as writer:
            lines = bytearray()
            for count, record in enumerate(_both(first, records), 1):
                lines += line_of(place, record, path.stem, count)
                if len(lines) >= _PIECE:
                    writer.write(bytes(lines))
                    lines.clear()
            writer.write(bytes(lines))
        return count


def _place(file: BinaryIO) -> Place:
    place = json.loads(file.readline())
    if not isinstance(place, dict) or not Place.__required_keys__ <= place.keys():
        raise ValueError("it does not begin with a place")
    return place  # type: ignore[return-value]


def _both(first: Record, rest: Iterator[Record]) -> Iterator[Record]:
    yield first
    yield from rest


def _headers(place: Place, own_keys: bool) -> dict[str, str]:
    if not place["kms_key"]:
        return {}
    if not own_keys:
        return {_ENCRYPTION: "AES256"}
    return {_ENCRYPTION: "aws:kms", f"{_ENCRYPTION}-aws-kms-key-id": place["kms_key"]}
