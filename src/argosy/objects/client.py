"""The one S3 client of Argosy's own code: blocking, path-style, signed with Signature Version 4.

    store = ObjectStore(access)
    store.get_file(S3Uri("models", "m/model.tar.gz"), path, max_bytes=1 << 30)

It tries again, with growing pauses, while the store cannot be reached or answers 5xx; every
other failure is raised at once as one of `argosy.objects.errors`. It knows single requests only:
no multipart, no batches.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import urllib3
from urllib3.response import BaseHTTPResponse

from argosy.access.sigv4 import UNSIGNED_PAYLOAD, Asked, sign
from argosy.ground.instances import StoreAccess
from argosy.objects.errors import (
    AccessRefused,
    BucketMissing,
    ObjectMissing,
    ObjectTooLarge,
    StoreAway,
    StoreError,
)
from argosy.objects.transport import pool_for
from argosy.objects.uri import S3Uri

_CHUNK = 256 * 1024
_PIECE = 1 << 20
_ERROR_BYTES = 64 * 1024
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0
_EMPTY = b""

T = TypeVar("T")


@dataclass(frozen=True)
class ObjectInfo:
    """What HEAD says of an object."""

    size: int
    etag: str
    content_type: str


class ObjectStore:
    """One store, reached with one key. Not for sharing between threads that fork."""

    def __init__(self, access: StoreAccess, *, patience_s: float = 30.0) -> None:
        """`patience_s`: how long to go on trying while the store is away."""
        self._access = access
        self._host = urlsplit(access.url).netloc
        self._pool = pool_for(access)
        self._patience_s = patience_s

    def close(self) -> None:
        self._pool.close()

    def get_file(self, uri: S3Uri, path: Path, max_bytes: int) -> int:
        """Stream an object into a file, replacing it; returns its size in bytes.

        Raises StoreError; ObjectTooLarge beyond `max_bytes`. The file may be left incomplete then.
        """

        def attempt() -> int:
            with self._request("GET", uri) as response:
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

    def put(
        self, uri: S3Uri, body: bytes | Path, content_type: str = "application/octet-stream"
    ) -> None:
        """Write an object from bytes or from a file, in one request. Raises StoreError."""

        def attempt() -> None:
            headers = {"content-type": content_type}
            if isinstance(body, bytes):
                self._request("PUT", uri, headers=headers, body=body).release_conn()
                return
            with body.open("rb") as file:
                headers["content-length"] = str(body.stat().st_size)
                self._request("PUT", uri, headers=headers, body=file).release_conn()

        self._persist(attempt)

    def head(self, uri: S3Uri) -> ObjectInfo:
        """Size and type of an object. Raises ObjectMissing (also when the bucket is missing)."""

        def attempt() -> ObjectInfo:
            response = self._request("HEAD", uri)
            response.release_conn()
            return ObjectInfo(
                size=int(response.headers.get("content-length", "0")),
                etag=response.headers.get("etag", "").strip('"'),
                content_type=response.headers.get("content-type", ""),
            )

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

    def buckets(self) -> list[str]:
        """The names of all buckets of this key."""
        page = self._page(S3Uri("", ""), {})
        return [name.text or "" for name in page.iterfind("./Buckets/Bucket/Name")]

    def keys(self, bucket: str, prefix: str = "") -> Iterator[str]:
        """The keys in a bucket that begin with `prefix`, in pages as they are asked for."""
        query = {"list-type": "2", "prefix": prefix}
        while True:
            page = self._page(S3Uri(bucket, ""), query)
            yield from (key.text or "" for key in page.iterfind("./Contents/Key"))
            token = page.findtext("./NextContinuationToken")
            if not token:
                return
            query["continuation-token"] = token

    def _page(self, uri: S3Uri, query: Mapping[str, str]) -> ElementTree.Element:
        def attempt() -> bytes:
            with self._request("GET", uri, query=query) as response:
                return response.read()

        root = ElementTree.fromstring(self._persist(attempt))
        for element in root.iter():
            element.tag = element.tag.rpartition("}")[2]
        return root

    def _request(
        self,
        method: str,
        uri: S3Uri,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: object = _EMPTY,
    ) -> BaseHTTPResponse:
        """One signed request; the answer's body is still to be read. Raises StoreError."""
        path = "/" + quote(f"{uri.bucket}/{uri.key}" if uri.bucket else "", safe="/~")
        query_text = urlencode(sorted((query or {}).items()), quote_via=quote, safe="~")
        sent = {"host": self._host, "accept-encoding": "identity", **(headers or {})}
        sent |= self._signature(Asked(method, path, query_text, sent), body)
        response = self._pool.urlopen(
            method,
            f"{path}?{query_text}" if query_text else path,
            body=body or None,  # type: ignore[arg-type]
            headers=sent,
            preload_content=False,
            decode_content=False,
            redirect=False,
            retries=False,
        )
        if response.status >= 300:
            raise _error(response, uri)
        return response

    def _signature(self, asked: Asked, body: object) -> dict[str, str]:
        hashed = hashlib.sha256(body).hexdigest() if isinstance(body, bytes) else UNSIGNED_PAYLOAD
        return sign(
            asked,
            hashed,
            key_id=self._access.access_key_id,
            secret=self._access.secret_access_key,
            region=self._access.region,
            service="s3",
            now=time.time(),
        )

    def _persist(self, attempt: Callable[[], T]) -> T:
        """The attempt's result; tries again while the store is away, until patience ends."""
        deadline = time.monotonic() + self._patience_s
        pause = _FIRST_PAUSE_S
        while True:
            try:
                return attempt()
            except urllib3.exceptions.HTTPError as error:
                away = StoreAway(f"The object store at {self._place} does not answer: {error}")
            except StoreAway as error:
                away = error
            if time.monotonic() + pause > deadline:
                raise away
            time.sleep(pause * random.uniform(0.5, 1.0))
            pause = min(pause * 2, _LONGEST_PAUSE_S)

    @property
    def _place(self) -> str:
        return self._access.socket or self._access.url


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


def _error(response: BaseHTTPResponse, uri: S3Uri) -> StoreError:
    """The S3 error of an answer, in our words."""
    code, message = _code_and_message(response.read(_ERROR_BYTES))
    response.release_conn()
    if response.status >= 500 or response.status == 429:
        return StoreAway(f"The object store answers {response.status} {code} for {uri}.")
    if code == "NoSuchBucket":
        return BucketMissing(f"The bucket {uri.bucket} does not exist.")
    if response.status == 404:
        return ObjectMissing(f"There is no object {uri}.")
    if response.status in (401, 403):
        return AccessRefused(f"The object store refuses access to {uri}: {code} {message}".strip())
    return StoreError(f"The object store answers {response.status} {code} for {uri}: {message}")


def _code_and_message(body: bytes) -> tuple[str, str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return "", ""
    return root.findtext("Code") or "", root.findtext("Message") or ""
