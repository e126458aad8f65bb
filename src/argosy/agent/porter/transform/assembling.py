"""Pieces put together: the object appears, whole and in order, or not at all."""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from argosy.agent.porter.transform.failures import CannotTransform, GivenUp
from argosy.agent.porter.transform.merging import PartPlan, Piece, plan_parts
from argosy.objects.client import ObjectStore
from argosy.objects.errors import UploadMissing
from argosy.objects.multipart import Part
from argosy.objects.uri import S3Uri, parse_s3_uri

_CHUNK = 1 << 20


class CannotAssemble(CannotTransform):
    """The pieces do not make an object; it has to be done again."""

    final = False


def assemble(
    store: ObjectStore, task: dict[str, Any], content_type: str, given_up: Callable[[], bool]
) -> None:
    """Carry out an "assemble" task of pieces that may follow on each other as bytes.

    Raises StoreError, CannotAssemble, GivenUp.
    """
    uri, pieces = parse_s3_uri(task["output"]), list(task["pieces"])
    if task.get("upload_id") is None:
        _concatenate(store, uri, pieces, content_type, given_up)
        return
    try:
        plans = plan_parts(pieces)
    except ValueError as error:
        raise CannotAssemble(f"the pieces of the output cannot be put together: {error}") from None
    if not plans:  # nothing came of any record; an upload cannot be completed without a part
        store.put(uri, b"", content_type)
        return
    try:
        parts = [_part(store, uri, task["upload_id"], plan, given_up) for plan in plans]
        if given_up():
            raise GivenUp
        store.multipart.complete(uri, task["upload_id"], parts)
    except UploadMissing:
        if not _is_there(store, uri, plans, given_up):
            raise CannotAssemble("the upload of the output was ended by somebody else") from None


def read_pieces(
    store: ObjectStore, pieces: list[Piece], given_up: Callable[[], bool]
) -> Iterator[bytes]:
    """The bytes of temporaries, one after the other. Raises StoreError, GivenUp."""
    for piece in pieces:
        if not piece["bytes"]:
            continue
        with store.open(parse_s3_uri(piece["uri"]), etag=piece["etag"]) as reader:
            while data := reader.read(_CHUNK):
                if given_up():
                    raise GivenUp
                yield data


def _part(
    store: ObjectStore,
    uri: S3Uri,
    upload_id: str,
    plan: PartPlan,
    given_up: Callable[[], bool],
) -> Part:
    if not plan.pieces:
        return Part(plan.number, plan.etag)
    return store.multipart.stream(
        uri,
        upload_id,
        plan.number,
        plan.bytes,
        lambda: read_pieces(store, plan.pieces, given_up),
    )


def _concatenate(
    store: ObjectStore,
    uri: S3Uri,
    pieces: list[Piece],
    content_type: str,
    given_up: Callable[[], bool],
) -> None:
    with store.writing(uri, content_type) as writer:
        for data in read_pieces(store, pieces, given_up):
            writer.write(data)
        if given_up():
            raise GivenUp


def _is_there(
    store: ObjectStore, uri: S3Uri, plans: list[PartPlan], given_up: Callable[[], bool]
) -> bool:
    """Whether the object is the one of these parts: it was completed before, and nobody heard."""
    if not store.exists(uri):
        return False
    digests = b"".join(_digest(store, plan, given_up) for plan in plans)
    made = hashlib.md5(digests, usedforsecurity=False).hexdigest()
    return store.head(uri).etag == f"{made}-{len(plans)}"


def _digest(store: ObjectStore, plan: PartPlan, given_up: Callable[[], bool]) -> bytes:
    if not plan.pieces:
        return bytes.fromhex(plan.etag)
    digest = hashlib.md5(usedforsecurity=False)
    for data in read_pieces(store, plan.pieces, given_up):
        digest.update(data)
    return digest.digest()
