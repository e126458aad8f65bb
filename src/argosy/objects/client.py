"""The one S3 client of Argosy's own code: blocking, path-style, signed with Signature Version 4.

    store = ObjectStore(access)
    store.get_file(S3Uri("models", "m/model.tar.gz"), path, max_bytes=1 << 30)
    with store.open(uri, start, end, etag=etag) as reader: reader.read(1 << 20)
    with store.writing(uri, "text/csv") as writer: writer.write(data)
    store.multipart.create(uri) …

It tries again, with growing pauses, while the store cannot be reached or answers 5xx; every
other failure is raised at once as one of `argosy.objects.errors`.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from urllib3.response import BaseHTTPResponse

from argosy.ground.instances import StoreAccess
from argosy.objects.errors import (
    AccessRefused,
    BucketMissing,
    ObjectExists,
    ObjectMissing,
    ObjectTooLarge,
    PreconditionFailed,
)
from argosy.objects.multipart import Multipart
from argosy.objects.reading import ObjectInfo, ObjectReader, info_of
from argosy.objects.requests import Requests
from argosy.objects.uri import S3Uri
from argosy.objects.writing import ObjectWriter

_CHUNK = 256 * 1024
_PIECE = 1 << 20


class Listed(NamedTuple):
    """An object as a list of its bucket has it."""

    key: str
    size: int
    etag: str


class ObjectStore:
    """One store, reached with one key. Not for sharing between threads that fork."""

    def __init__(
        self, access: StoreAccess, *, patience_s: float = 30.0, connections: int = 4
    ) -> None:
        """`patience_s`: how long to go on trying while the store is away.

        connections: how many are kept for use again.
        """
        self._requests = Requests(access, patience_s=patience_s, connections=connections)
        self._request, self._persist = self._requests.ask, self._requests.persist
        self.multipart = Multipart(self._requests)

    def close(self) -> None:
        self._requests.close()

    def get_file(self, uri: S3Uri, path: Path, max_bytes: int, *, version: str = "") -> int:
        """Stream an object into a file, replacing it; returns its size in bytes.

        version: the VersionId of one that is not the latest.
        Raises StoreError; ObjectTooLarge beyond `max_bytes`. The file may be left incomplete then.
        """

        query = {"versionId": version} if version else {}

        def attempt() -> int:
            with self._request("GET", uri, query=query) as response:
                _check_size(response, uri, max_bytes)
                with path.open("wb") as file:
                    return _copy(response, file.write, uri, max_bytes)

        return self._persist(attempt)

    def get(self, uri: S3Uri, max_bytes: int = 16 << 20) -> bytes:
        """A small object's bytes. Raises StoreError; ObjectTooLarge beyond `max_bytes`."""

        def attempt() -> bytes:
            parts: list[bytes] = []
            with self._request("GET", uri) as response:
                _check_size(response, uri, max_bytes)
                _copy(response, parts.append, uri, max_bytes)
            return b"".join(parts)

        return self._persist(attempt)

    @contextmanager
    def reading(self, uri: S3Uri, first: int = 0) -> Iterator[Iterator[bytes]]:
        """An object's bytes from `first` on, in pieces of a MiB at most.

        Raises StoreError at once; urllib3's HTTPError when the store breaks off later.
        """
        headers = {"range": f"bytes={first}-"} if first else {}
        response = self._persist(lambda: self._request("GET", uri, headers=headers))
        try:
            yield response.stream(_PIECE)
        finally:
            response.close()

    def open(
        self, uri: S3Uri, start: int = 0, end: int | None = None, *, etag: str = ""
    ) -> ObjectReader:
        """The bytes [start, end) of an object, to be read in order; `end` None: to its end.

        etag: the version that it must be, "" for whichever is there at first.
        Raises StoreError at once and later, ObjectChanged when it is another version.
        """
        return ObjectReader(self._requests, uri, start, end, etag)

    def writing(
        self,
        uri: S3Uri,
        content_type: str = "application/octet-stream",
        *,
        headers: Mapping[str, str] | None = None,
    ) -> ObjectWriter:
        """An object to be written piece by piece; it appears when the writer is closed."""
        return ObjectWriter(self._requests, uri, content_type, headers=headers)

    def put(
        self,
        uri: S3Uri,
        body: bytes | Path | Iterable[bytes | memoryview],
        content_type: str = "application/octet-stream",
        *,
        new: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> str:
        """Write an object from bytes, buffers or a file in one request; returns its ETag.

        new: raise ObjectExists when there is such an object already (If-None-Match).
        Raises StoreError.
        """
        sent = {"content-type": content_type, **(headers or {})}
        if new:
            sent["if-none-match"] = "*"
        try:
            return self._persist(_putting(self._requests, uri, body, sent))
        except PreconditionFailed:
            raise ObjectExists(f"There is an object {uri} already.") from None

    def head(self, uri: S3Uri) -> ObjectInfo:
        """Size and type of an object. Raises ObjectMissing (also when the bucket is missing)."""

        def attempt() -> ObjectInfo:
            response = self._request("HEAD", uri)
            response.release_conn()
            return info_of(response)

        return self._persist(attempt)

    def exists(self, uri: S3Uri) -> bool:
        """Whether there is such an object."""
        try:
            self.head(uri)
        except (ObjectMissing, BucketMissing):
            return False
        return True

    def delete(self, uri: S3Uri) -> None:
        """Remove an object; it need not exist."""
        self._persist(lambda: self._request("DELETE", uri).release_conn())

    def create_bucket(self, bucket: str) -> None:
        """Make a bucket of this key's; it may be there already."""
        if bucket not in self.buckets():
            self._persist(lambda: self._request("PUT", S3Uri(bucket, "")).release_conn())

    def delete_bucket(self, bucket: str) -> None:
        """Remove an empty bucket."""
        self._persist(lambda: self._request("DELETE", S3Uri(bucket, "")).release_conn())

    def has_bucket(self, bucket: str) -> bool:
        """Whether there is such a bucket, of this key's or another's. Raises StoreError."""
        try:
            self._persist(lambda: self._request("HEAD", S3Uri(bucket, "")).release_conn())
        except (ObjectMissing, BucketMissing):
            return False
        except AccessRefused:
            return True
        return True

    def keeps_versions(self, bucket: str) -> bool:
        """Whether removals leave markers there: versioning is on, or was. Raises StoreError."""
        page = self._requests.page(S3Uri(bucket, ""), {"versioning": ""})
        return page.findtext("./Status") in ("Enabled", "Suspended")

    def buckets(self) -> list[str]:
        """The names of all buckets of this key."""
        page = self._requests.page(S3Uri("", ""), {})
        return [name.text or "" for name in page.iterfind("./Buckets/Bucket/Name")]

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """The keys in a bucket that begin with `prefix`, in pages as they are asked for."""
        return (one.key for one in self.listing(bucket, prefix))

    def listing(self, bucket: str, prefix: str = "", *, after: str = "") -> Iterator[Listed]:
        """The objects whose keys begin with `prefix`, in order of key, in pages of a thousand.

        after: begin behind this key. Raises StoreError.
        """
        query = {"list-type": "2", "prefix": prefix}
        if after:
            query["start-after"] = after
        while True:
            page = self._requests.page(S3Uri(bucket, ""), query)
            for one in page.iterfind("./Contents"):
                size, etag = one.findtext("./Size") or "0", one.findtext("./ETag") or ""
                yield Listed(one.findtext("./Key") or "", int(size), etag.strip('"'))
            token = page.findtext("./NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token


def _putting(
    requests: Requests,
    uri: S3Uri,
    body: bytes | Path | Iterable[bytes | memoryview],
    headers: dict[str, str],
) -> Callable[[], str]:
    """One attempt at writing an object; gives its ETag."""
    pieces = body if isinstance(body, (bytes, Path)) else list(body)
    if isinstance(pieces, list):
        headers["content-length"] = str(sum(map(len, pieces)))

    def sent(content: bytes | Iterable[object]) -> str:
        response = requests.ask("PUT", uri, headers=headers, body=content)
        response.read()
        response.release_conn()
        return response.headers.get("etag", "").strip('"')

    def attempt() -> str:
        if not isinstance(pieces, Path):
            return sent(pieces)
        with pieces.open("rb") as file:
            headers["content-length"] = str(pieces.stat().st_size)
            return sent(file)

    return attempt


def _check_size(response: BaseHTTPResponse, uri: S3Uri, max_bytes: int) -> None:
    if int(response.headers.get("content-length", "0")) > max_bytes:
        raise _too_large(uri, max_bytes)


def _copy(
    response: BaseHTTPResponse, write: Callable[[bytes], object], uri: S3Uri, max_bytes: int
) -> int:
    size = 0
    for chunk in response.stream(_CHUNK):
        size += len(chunk)
        if size > max_bytes:
            raise _too_large(uri, max_bytes)
        write(chunk)
    return size


def _too_large(uri: S3Uri, max_bytes: int) -> ObjectTooLarge:
    return ObjectTooLarge(f"The object {uri} is larger than the {max_bytes} bytes allowed.")
