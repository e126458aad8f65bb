"""What a job's input consists of: listed in a thread, while work goes out already.

An S3Prefix is every object whose key begins with it, but for the empty "folders" that consoles
make; a manifest is read once, and each of its objects asked for size and ETag. Failures that the
job cannot survive are a `CannotList`; a store that is away is waited for.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import Any, TypeVar

from argosy.control.transforms.outputs import lies_within, split_uri
from argosy.control.transforms.work import JobWork
from argosy.ground.errors import ArgosyError
from argosy.objects.client import Listed, ObjectStore
from argosy.objects.errors import ObjectMissing, StoreAway, StoreError
from argosy.objects.uri import S3Uri
from argosy.state import transform_book
from argosy.state.transform_book import Listing, ObjectRow

log = logging.getLogger(__name__)

_AT_ONCE = 1000
_ASKED_AT_ONCE = 8
_MOST_MANIFEST = 256 << 20
_AWAY_S = 1.0

T = TypeVar("T")


class CannotList(ArgosyError):
    """The input, or where the output shall go, is not there or not readable; says what."""


async def begin(store: ObjectStore, asked: dict[str, Any]) -> Listing:
    """How the listing of a new job begins. Raises CannotList."""
    source = asked["TransformInput"]["DataSource"]["S3DataSource"]
    place = split_uri(source["S3Uri"])
    if source["S3DataType"] == "S3Prefix":
        return Listing(bucket=place.bucket, base=place.key)
    prefix, _ = await _patiently(_manifest, store, place)
    return Listing(bucket=prefix.bucket, base=prefix.key)


def must_come_first(asked: dict[str, Any], known: Listing) -> bool:
    """Whether nothing may go out before all is listed: outputs would be taken for inputs."""
    path = asked["TransformOutput"]["S3OutputPath"]
    manifest = asked["TransformInput"]["DataSource"]["S3DataSource"]["S3DataType"] != "S3Prefix"
    return not manifest and lies_within(path, known.bucket, known.base)


async def run(store: ObjectStore, work: JobWork) -> None:
    """List on from where it was left, until all is known. Raises CannotList, StorageError."""
    await _patiently(_check_output, store, work.asked)
    source = work.asked["TransformInput"]["DataSource"]["S3DataSource"]
    place = split_uri(source["S3Uri"])
    seq = work.book.last_seq(work.job) + 1
    found = _prefix if source["S3DataType"] == "S3Prefix" else _entries
    async for rows, after, complete in found(store, place, work.listing.after):
        numbered = [_numbered(row, seq + place) for place, row in enumerate(rows)]
        seq += len(numbered)
        if complete and not seq:
            raise CannotList(f"No S3 objects found under {source['S3Uri']}.")
        work.listed(numbered, after, complete=complete)


Found = AsyncIterator[tuple[list[ObjectRow], str, bool]]
"""Rows, how far that is, and whether it was all."""


async def _prefix(store: ObjectStore, place: S3Uri, after: str) -> Found:
    while True:
        page = await _patiently(_page, store, place, after)
        complete = len(page) < _AT_ONCE
        after = page[-1].key if page else after
        rows = [_row(one) for one in page if one.size or not one.key.endswith("/")]
        yield rows, after, complete
        if complete:
            return


def _page(store: ObjectStore, place: S3Uri, after: str) -> list[Listed]:
    return list(islice(store.listing(place.bucket, place.key, after=after), _AT_ONCE))


async def _entries(store: ObjectStore, place: S3Uri, after: str) -> Found:
    """The entries of a manifest; what is named twice counts once."""
    prefix, names = await _patiently(_manifest, store, place)
    taken = int(after or 0)
    while True:
        some = names[taken : taken + _AT_ONCE]
        rows = await _patiently(_asked, store, prefix, some)
        taken += len(some)
        yield rows, str(taken), taken >= len(names)
        if taken >= len(names):
            return


def _asked(store: ObjectStore, prefix: S3Uri, names: list[str]) -> list[ObjectRow]:
    """Size and ETag of each; one that is not there has failed already."""

    def ask(name: str) -> ObjectRow:
        uri = S3Uri(prefix.bucket, prefix.key + name)
        try:
            info = store.head(uri)
        except StoreAway:
            raise
        except StoreError as error:
            text = f"ClientError: {uri.bucket}/{uri.key}: {error}"
            return ObjectRow(
                seq=0, key=uri.key, size=0, etag="", state=transform_book.FAILED, failure=text
            )
        return ObjectRow(seq=0, key=uri.key, size=info.size, etag=info.etag)

    with ThreadPoolExecutor(_ASKED_AT_ONCE) as threads:
        return list(threads.map(ask, names))


def _manifest(store: ObjectStore, place: S3Uri) -> tuple[S3Uri, list[str]]:
    """The common prefix, and what is added to it. Raises CannotList."""
    try:
        content = store.get(place, max_bytes=_MOST_MANIFEST)
    except ObjectMissing:
        raise CannotList(f"The manifest {place} does not exist.") from None
    try:
        first, *names = json.loads(content)
        prefix = split_uri(first["prefix"])
    except (ValueError, TypeError, KeyError, AttributeError):
        raise CannotList(_not_a_manifest(place)) from None
    if not all(isinstance(name, str) for name in names) or not prefix.bucket:
        raise CannotList(_not_a_manifest(place))
    if not first["prefix"].startswith("s3://"):
        raise CannotList(_not_a_manifest(place))
    return prefix, list(dict.fromkeys(names))


def _not_a_manifest(place: S3Uri) -> str:
    return (
        f"The manifest {place} is not a JSON list of an object with a prefix and of keys: "
        '[{"prefix": "s3://bucket/folder/"}, "key", …].'
    )


def _check_output(store: ObjectStore, asked: dict[str, Any]) -> None:
    """Raises BucketMissing, AccessRefused."""
    place = split_uri(asked["TransformOutput"]["S3OutputPath"])
    next(iter(store.listing(place.bucket, place.key)), None)


async def _patiently(step: Callable[..., T], *arguments: Any) -> T:
    """The step's result, from a thread; a store that is away is asked again.

    Raises CannotList for whatever else the store answers.
    """
    while True:
        try:
            return await asyncio.to_thread(step, *arguments)
        except StoreAway as error:
            log.warning("listing waits for the store: %s", error)
            await asyncio.sleep(_AWAY_S)
        except StoreError as error:
            raise CannotList(str(error)) from error


def _row(one: Listed) -> ObjectRow:
    return ObjectRow(seq=0, key=one.key, size=one.size, etag=one.etag)


def _numbered(row: ObjectRow, seq: int) -> ObjectRow:
    return ObjectRow(**{**vars(row), "seq": seq})
