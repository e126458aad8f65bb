"""An object read in order, from any place in it, while the store comes and goes.

When an answer breaks off, reading goes on from there with a new request; the object must still be
the same then (If-Match), so that what is read is never of two versions.
"""

from typing import NamedTuple

import urllib3
from urllib3.response import BaseHTTPResponse

from argosy.objects.errors import ObjectChanged, PreconditionFailed, StoreError
from argosy.objects.requests import Requests
from argosy.objects.uri import S3Uri


class ObjectInfo(NamedTuple):
    """What the store says of an object."""

    size: int
    etag: str
    content_type: str


class ObjectReader:
    """The bytes [start, end) of an object; `end` None: to its end.

    Opens at once: raises StoreError, ObjectChanged when the object's ETag is not `etag`.
    """

    def __init__(
        self,
        requests: Requests,
        uri: S3Uri,
        start: int = 0,
        end: int | None = None,
        etag: str = "",
    ) -> None:
        self._requests = requests
        self._uri = uri
        self._etag = etag
        self.position = start
        """Where in the object the next read begins."""
        self._end = end
        self._response: BaseHTTPResponse | None = None
        self.info = ObjectInfo(0, etag, "")
        if end is None or end > start:
            self._requests.persist(self._open)

    def read(self, size: int) -> bytes:
        """At most `size` bytes, fewer only at the end; b"" there.

        Raises StoreError, ObjectChanged.
        """
        parts: list[bytes] = []
        left = size

        def attempt() -> None:
            nonlocal left
            if self._response is None:
                self._open()
            while left and (data := self._more(left)):
                parts.append(data)
                left -= len(data)

        if self._end is None or self.position < self._end:
            self._requests.persist(attempt)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def close(self) -> None:
        """The rest is not wanted."""
        if self._response is not None:
            self._response.close()
            self._response = None

    def __enter__(self) -> "ObjectReader":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def _more(self, size: int) -> bytes:
        """Bytes of the answer that is open. Raises HTTPError when it breaks off."""
        assert self._response is not None
        try:
            data = self._response.read(size)
        except urllib3.exceptions.HTTPError:
            self.close()
            raise
        self.position += len(data)
        if not data:
            self._end = self.position
            self._response.release_conn()
        return data

    def _open(self) -> None:
        self.close()
        if self._end is None and self.info.size and self.position >= self.info.size:
            self._end = self.position
            return
        try:
            self._response = self._requests.ask("GET", self._uri, headers=self._headers())
        except PreconditionFailed:
            raise changed(self._uri) from None
        self._learn(self._response)

    def _headers(self) -> dict[str, str]:
        headers = {"if-match": f'"{self._etag}"'} if self._etag else {}
        if self.position or self._end is not None:
            last = "" if self._end is None else str(self._end - 1)
            headers["range"] = f"bytes={self.position}-{last}"
        return headers

    def _learn(self, response: BaseHTTPResponse) -> None:
        etag = response.headers.get("etag", "").strip('"')
        if self._etag and etag and etag != self._etag:
            self.close()
            raise changed(self._uri)
        if "range" in self._headers() and response.status != 206:
            self.close()
            raise StoreError(f"The object store did not answer the range asked for of {self._uri}.")
        self._etag = self._etag or etag
        self.info = info_of(response)


def info_of(response: BaseHTTPResponse) -> ObjectInfo:
    """Size, ETag and type of the whole object, from the headers of an answer."""
    headers = response.headers
    _, _, whole = headers.get("content-range", "").rpartition("/")
    return ObjectInfo(
        size=int(whole if whole.isdigit() else headers.get("content-length", "0")),
        etag=headers.get("etag", "").strip('"'),
        content_type=headers.get("content-type", ""),
    )


def changed(uri: S3Uri) -> ObjectChanged:
    """The sentence on an object that is not what it was."""
    return ObjectChanged(f"The object {uri} was changed while it was being read.")
