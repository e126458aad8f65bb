"""Layers and configs on their way out: streamed from the object store, a piece at a time."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Iterator
from functools import partial

from argosy.api.asgi import Receive
from argosy.api.distribution.http import Asked, OciError, Reply
from argosy.api.distribution.workshop import Workshop
from argosy.oci import layers, repositories
from argosy.oci.names import Owner, is_digest
from argosy.state.records import Record

_RANGE = re.compile(r"bytes=([0-9]{1,15})-([0-9]{0,15})")


class BlobRoutes:
    """GET, HEAD and DELETE of what a repository holds."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._records = workshop.records

    async def head(self, asked: Asked, repository: str, digest: str) -> Reply:
        """There is such a layer; the client need not push it."""
        link = self._found(asked.owner, repository, digest)
        return Reply(200, _headers(digest), length=link.document["size"])

    async def get(self, asked: Asked, repository: str, digest: str) -> Reply:
        """All of it, or from some byte to another."""
        size = self._found(asked.owner, repository, digest).document["size"]
        first, last = _range(asked.headers.get("range", ""), size)
        whole = (first, last) == (0, size - 1)
        headers = _headers(digest)
        if not whole:
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        length = last - first + 1
        stream = self._stream(asked.owner, digest, first, length, asked.receive)
        # The first piece is awaited here: a store that is away becomes an answer, not a break.
        begun = await anext(stream, b"")
        return Reply(200 if whole else 206, headers, stream=_after(begun, stream), length=length)

    async def delete(self, asked: Asked, repository: str, digest: str) -> Reply:
        """The repository holds it no more. Images that need it can then not be pulled."""
        self._found(asked.owner, repository, digest)
        layers.unlink(self._records, asked.owner, repository, digest)
        return Reply(202)

    def _found(self, owner: Owner, repository: str, digest: str) -> Record:
        """The link, kept for a while; raises OciError."""
        if not is_digest(digest):
            raise OciError(400, "DIGEST_INVALID", f"{digest[:200]!r} is not a SHA-256 digest.")
        repositories.find(self._records, owner, repository)
        now = self._workshop.clock.now()
        link = layers.use(self._records, owner, repository, digest, now)
        if link is None:
            message = f"The repository '{repository}' holds no {digest}."
            raise OciError(404, "BLOB_UNKNOWN", message)
        return link

    async def _stream(
        self, owner: Owner, digest: str, first: int, length: int, receive: Receive
    ) -> AsyncIterator[bytes]:
        blocking = self._workshop.blocking
        gone = asyncio.create_task(_until_gone(receive))
        reading = self._workshop.blobs.reading(owner, digest, first)
        try:
            pieces: Iterator[bytes] = await blocking(reading.__enter__)
            left = length
            while left and (piece := await blocking(partial(next, pieces, b""))):
                if gone.done():
                    return
                left -= len(piece)
                yield piece if left >= 0 else piece[:left]
                left = max(left, 0)
            if left:
                raise ConnectionError(f"the store broke off {digest} with {left} bytes to come")
        finally:
            gone.cancel()
            with contextlib.suppress(Exception):
                await blocking(lambda: reading.__exit__(None, None, None))


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _after(begun: bytes, stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield begun
    async for piece in stream:
        yield piece


def _headers(digest: str) -> dict[str, str]:
    return {
        "Content-Type": "application/octet-stream",
        "Docker-Content-Digest": digest,
        "Accept-Ranges": "bytes",
    }


def _range(asked: str, size: int) -> tuple[int, int]:
    """First and last byte that are asked for; a form that is not known asks for all."""
    match = _RANGE.fullmatch(asked.strip())
    if match is None:
        return 0, size - 1
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    if first > last:
        headers = {"Content-Range": f"bytes */{size}"}
        raise OciError(416, "SIZE_INVALID", f"The layer has {size} bytes.", headers)
    return first, last
