"""An object written in order, of a size that nobody knows beforehand.

Little is put in one request when it is closed; what is more goes up in parts while it is written.
Nothing can be seen of it before `close`, and nothing at all after `abandon`.
"""

from collections.abc import Mapping

from argosy.objects.multipart import MAX_NUMBER, Multipart, Part
from argosy.objects.requests import Requests
from argosy.objects.uri import S3Uri

PART = 8 << 20


class ObjectWriter:
    """Holds at most one part. `with` closes it, or abandons it after an exception."""

    def __init__(
        self,
        requests: Requests,
        uri: S3Uri,
        content_type: str = "application/octet-stream",
        *,
        headers: Mapping[str, str] | None = None,
        part: int = PART,
    ) -> None:
        """`part`: bytes of the first parts; they grow, so that 5 TiB fit into 10,000."""
        self._requests = requests
        self._multipart = Multipart(requests)
        self._uri = uri
        self._headers = {"content-type": content_type, **(headers or {})}
        self._part = part
        self._held: list[bytes | memoryview] = []
        self._size = 0
        self._upload_id = ""
        self._parts: list[Part] = []
        self.written = 0
        """Bytes so far."""

    def write(self, data: bytes | memoryview) -> None:
        """Append; the data must not change later. Raises StoreError."""
        self._held.append(data)
        self._size += len(data)
        self.written += len(data)
        if self._size >= self._part:
            self._put_part()

    def close(self) -> str:
        """Make the object appear; returns its ETag. Raises StoreError."""
        if not self._upload_id:
            headers = {**self._headers, "content-length": str(self._size)}
            answered = self._requests.done("PUT", self._uri, headers=headers, body=self._held)
            return answered.get("etag", "").strip('"')
        if self._size:
            self._put_part()
        return self._multipart.complete(self._uri, self._upload_id, self._parts)

    def abandon(self) -> None:
        """Leave nothing behind."""
        self._held.clear()
        if self._upload_id:
            self._multipart.abort(self._uri, self._upload_id)

    def __enter__(self) -> "ObjectWriter":
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self.close()
        else:
            self.abandon()

    def _put_part(self) -> None:
        if not self._upload_id:
            content_type = self._headers.pop("content-type")
            self._upload_id = self._multipart.create(self._uri, content_type, headers=self._headers)
        number = len(self._parts) + 1
        self._parts.append(self._multipart.put(self._uri, self._upload_id, number, self._held))
        self._held, self._size = [], 0
        if number % (MAX_NUMBER // 10) == 0:
            self._part *= 2
