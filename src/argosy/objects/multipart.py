"""Uploads in parts: created, given parts in any order, then completed or aborted.

An object appears when its upload is completed, never before, and parts of an upload that is
aborted are gone. Parts but the last must have 5 MiB; numbers go from 1 to 10,000 and may leave
gaps (S3 API reference, UploadPart and CompleteMultipartUpload).
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple
from xml.sax.saxutils import escape

from argosy.objects.errors import StoreAway, StoreError, UploadMissing
from argosy.objects.requests import Requests, error_of, xml
from argosy.objects.uri import S3Uri

MIN_PART = 5 << 20
MAX_NUMBER = 10_000

_UNPACKED = {"content-type": "application/octet-stream"}
"""A part has no type, but the built-in store packs what looks like text to it."""


class Part(NamedTuple):
    """A part that the store has."""

    number: int
    etag: str


class Upload(NamedTuple):
    """An upload that is open."""

    uri: S3Uri
    upload_id: str


class Multipart:
    """Uploads of one store. Every method tries again while the store is away; StoreError else."""

    def __init__(self, requests: Requests) -> None:
        self._requests = requests

    def create(
        self,
        uri: S3Uri,
        content_type: str = "application/octet-stream",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Begin an upload; returns its id."""

        def attempt() -> bytes:
            sent = {"content-type": content_type, **(headers or {})}
            response = self._requests.ask("POST", uri, query={"uploads": ""}, headers=sent)
            with response:
                return response.read()

        upload_id = xml(self._requests.persist(attempt)).findtext("./UploadId")
        if not upload_id:
            raise StoreError(f"The object store began no upload of {uri}.")
        return upload_id

    def put(
        self, uri: S3Uri, upload_id: str, number: int, body: bytes | Iterable[bytes | memoryview]
    ) -> Part:
        """Upload one part from bytes or from buffers; the same number again replaces it.

        Raises UploadMissing when the upload is no more.
        """
        pieces = [body] if isinstance(body, bytes) else list(body)
        return self.stream(uri, upload_id, number, sum(map(len, pieces)), lambda: pieces)

    def stream(
        self,
        uri: S3Uri,
        upload_id: str,
        number: int,
        size: int,
        pieces: Callable[[], Iterable[bytes | memoryview]],
    ) -> Part:
        """Upload one part of `size` bytes that are never held; each attempt reads them anew.

        Raises UploadMissing when the upload is no more.
        """

        def attempt() -> Part:
            headers = {"content-length": str(size), **_UNPACKED}
            query = {"partNumber": str(number), "uploadId": upload_id}
            ask = self._requests.ask
            with ask("PUT", uri, query=query, headers=headers, body=pieces()) as answer:
                answer.read()
                return Part(number, answer.headers.get("etag", "").strip('"'))

        return self._requests.persist(attempt)

    def complete(self, uri: S3Uri, upload_id: str, parts: Iterable[Part]) -> str:
        """Make the object of these parts, which are in order of number; returns its ETag.

        Raises UploadMissing when the upload is no more: it was completed already, or aborted.
        """
        body = _listed(parts)

        def attempt() -> str:
            query = {"uploadId": upload_id}
            headers = {"content-type": "application/xml"}
            with self._requests.ask("POST", uri, query=query, headers=headers, body=body) as answer:
                return _completed(answer.read(), uri)

        return self._requests.persist(attempt)

    def abort(self, uri: S3Uri, upload_id: str) -> None:
        """Give an upload up, with its parts; it need not be there any more."""
        try:
            self._requests.done("DELETE", uri, query={"uploadId": upload_id})
        except UploadMissing:
            return

    def open(self, bucket: str, prefix: str = "") -> Iterator[Upload]:
        """The uploads below a prefix that were neither completed nor aborted."""
        query = {"uploads": "", "prefix": prefix}
        while True:
            page = self._requests.page(S3Uri(bucket, ""), query)
            for upload in page.iterfind("./Upload"):
                key, upload_id = upload.findtext("./Key"), upload.findtext("./UploadId")
                yield Upload(S3Uri(bucket, key or ""), upload_id or "")
            if page.findtext("./IsTruncated") != "true":
                return
            query["key-marker"] = page.findtext("./NextKeyMarker") or ""
            query["upload-id-marker"] = page.findtext("./NextUploadIdMarker") or ""


def _listed(parts: Iterable[Part]) -> bytes:
    items = "".join(
        f"<Part><PartNumber>{part.number}</PartNumber><ETag>{escape(part.etag)}</ETag></Part>"
        for part in parts
    )
    return f"<CompleteMultipartUpload>{items}</CompleteMultipartUpload>".encode()


def _completed(text: bytes, uri: S3Uri) -> str:
    """The new object's ETag; an answer of 200 may still hold an error (S3 API reference)."""
    root = xml(text)
    if root.tag != "Error":
        return (root.findtext("./ETag") or "").strip('"')
    code, message = root.findtext("./Code") or "", root.findtext("./Message") or ""
    if code in ("InternalError", "SlowDown", "ServiceUnavailable"):
        raise StoreAway(f"The object store answers {code} for {uri}.")
    raise error_of(400, code, message, uri)
