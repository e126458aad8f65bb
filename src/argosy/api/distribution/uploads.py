"""Layers and configs on their way in: all at once, in chunks, or taken over from a neighbour.

An upload that breaks off can be gone on with: GET says how far it is, a chunk says where it
begins, and one that begins elsewhere is refused with where it should.
"""

import re
from contextlib import aclosing
from functools import partial

from argosy.api.distribution.http import Asked, OciError, Reply
from argosy.api.distribution.workshop import Workshop
from argosy.oci import layers, repositories
from argosy.oci.names import Owner, is_digest
from argosy.oci.uploads import Upload

MAX_BYTES = 50 << 30
"""Of one layer; ECR's limit is near."""

_PIECE = 1 << 20
_CONTENT_RANGE = re.compile(r"(?:bytes[ =])?([0-9]{1,15})-([0-9]{1,15})(?:/.*)?")


class UploadRoutes:
    """POST, GET, PATCH, PUT and DELETE below blobs/uploads/."""

    def __init__(self, workshop: Workshop) -> None:
        self._workshop = workshop
        self._records = workshop.records

    async def begin(self, asked: Asked, repository: str) -> Reply:
        """A new upload; with `digest` the body is all of it; with `mount` perhaps none needed."""
        repositories.find(self._records, asked.owner, repository)
        mount, source = asked.query.get("mount", ""), asked.query.get("from", "")
        if mount and source and self._mounted(asked.owner, repository, mount, source):
            return _created(repository, mount)
        now = self._workshop.clock.now()
        upload = self._workshop.uploads.begin(asked.owner, repository, now)
        if "digest" in asked.query:
            async with upload.lock:
                return await self._finish(asked, repository, upload)
        return _progress(202, repository, upload)

    async def status(self, asked: Asked, repository: str, upload_id: str) -> Reply:
        """How far it is."""
        upload = self._found(asked.owner, repository, upload_id)
        async with upload.lock:
            return _progress(204, repository, upload)

    async def append(self, asked: Asked, repository: str, upload_id: str) -> Reply:
        """A chunk. What has come of one that breaks off is kept."""
        upload = self._found(asked.owner, repository, upload_id)
        async with upload.lock:
            _check_start(asked, repository, upload)
            await self._receive(asked, upload)
            return _progress(202, repository, upload)

    async def finish(self, asked: Asked, repository: str, upload_id: str) -> Reply:
        """The last chunk, perhaps empty, and the digest of the whole."""
        upload = self._found(asked.owner, repository, upload_id)
        async with upload.lock:
            return await self._finish(asked, repository, upload)

    async def cancel(self, asked: Asked, repository: str, upload_id: str) -> Reply:
        upload = self._found(asked.owner, repository, upload_id)
        async with upload.lock:
            self._workshop.uploads.end(upload)
        return Reply(204)

    def _found(self, owner: Owner, repository: str, upload_id: str) -> Upload:
        repositories.find(self._records, owner, repository)
        upload = self._workshop.uploads.find(owner, repository, upload_id)
        if upload is None:
            message = "There is no such upload, or it has ended. Begin another."
            raise OciError(404, "BLOB_UPLOAD_UNKNOWN", message)
        return upload

    def _mounted(self, owner: Owner, repository: str, digest: str, source: str) -> bool:
        """Whether another repository held it, and this one now does."""
        now = self._workshop.clock.now()
        with self._records.transaction():
            link = layers.use(self._records, owner, source, digest, now)
            if link is not None:
                size = link.document["size"]
                layers.link(self._records, owner, repository, digest, size, now)
        return link is not None

    async def _receive(self, asked: Asked, upload: Upload) -> None:
        """Write the body to the upload's file. Raises ClientGone with all written that came."""
        waiting = bytearray()
        try:
            async with aclosing(asked.pieces()) as pieces:
                async for piece in pieces:
                    waiting += piece
                    if len(waiting) >= _PIECE:
                        data, waiting = bytes(waiting), bytearray()
                        await self._write(upload, data)
        finally:
            if waiting:
                await self._write(upload, bytes(waiting))

    async def _write(self, upload: Upload, data: bytes) -> None:
        if upload.size + len(data) > MAX_BYTES:
            self._workshop.uploads.end(upload)
            raise OciError(413, "SIZE_INVALID", f"A layer has {MAX_BYTES} bytes at most.")
        await self._workshop.blocking(partial(upload.append, data))

    async def _finish(self, asked: Asked, repository: str, upload: Upload) -> Reply:
        digest = asked.query.get("digest", "")
        if not is_digest(digest):
            raise OciError(400, "DIGEST_INVALID", "Give digest=sha256:… of the whole layer.")
        _check_start(asked, repository, upload)
        await self._receive(asked, upload)
        found = await self._workshop.blocking(upload.digest)
        if found != digest:
            self._workshop.uploads.end(upload)
            raise OciError(
                400, "DIGEST_INVALID", f"What came has the digest {found}. Push it again."
            )
        await self._keep(asked.owner, repository, upload, digest)
        return _created(repository, digest)

    async def _keep(self, owner: Owner, repository: str, upload: Upload, digest: str) -> None:
        """Move it to the object store, then let the repository hold it."""
        blobs, size = self._workshop.blobs, upload.size
        async with blobs.lock(owner, digest):
            await self._workshop.blocking(partial(blobs.put, owner, digest, upload.path))
            with self._records.transaction():
                repositories.find(self._records, owner, repository)
                now = self._workshop.clock.now()
                layers.link(self._records, owner, repository, digest, size, now)
        self._workshop.uploads.end(upload)


def _check_start(asked: Asked, repository: str, upload: Upload) -> None:
    """A chunk that says where it begins must begin where the upload ends."""
    text = asked.headers.get("content-range", "")
    if not text:
        return
    match = _CONTENT_RANGE.fullmatch(text.strip())
    if match is None or int(match[1]) != upload.size:
        headers = _progress(416, repository, upload).headers
        message = f"The upload goes on at byte {upload.size}, not at {text[:100]!r}."
        raise OciError(416, "BLOB_UPLOAD_INVALID", message, headers)


def _progress(status: int, repository: str, upload: Upload) -> Reply:
    headers = {
        "Location": f"/v2/{repository}/blobs/uploads/{upload.id}",
        "Docker-Upload-UUID": upload.id,
        "Range": f"0-{max(upload.size - 1, 0)}",
    }
    return Reply(status, headers)


def _created(repository: str, digest: str) -> Reply:
    headers = {
        "Location": f"/v2/{repository}/blobs/{digest}",
        "Docker-Content-Digest": digest,
    }
    return Reply(201, headers)
