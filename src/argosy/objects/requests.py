"""Signed requests to one store: path-style, Signature Version 4, tried again while it is away.

Knows HTTP and S3's errors; what the requests are for is for `client` and `multipart` to know.
Every failure is raised as one of `argosy.objects.errors`.
"""

import hashlib
import random
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, urlencode, urlsplit
from xml.etree import ElementTree

import urllib3
from urllib3.response import BaseHTTPResponse

from argosy.access.sigv4 import UNSIGNED_PAYLOAD, Asked, SigningKeys, sign
from argosy.ground.instances import StoreAccess
from argosy.objects.errors import (
    AccessRefused,
    BucketMissing,
    ObjectMissing,
    PreconditionFailed,
    StoreAway,
    StoreError,
    UploadMissing,
)
from argosy.objects.transport import pool_for
from argosy.objects.uri import S3Uri

_ERROR_BYTES = 64 * 1024
_HASHED_BYTES = 1 << 20
"""Larger bodies are sent unhashed: it would cost more than all the rest of sending them."""
_FIRST_PAUSE_S = 0.05
_LONGEST_PAUSE_S = 1.0

T = TypeVar("T")
Body = bytes | Iterable[Any]
"""Bytes, or buffers one after the other (then with a content-length, and new for each attempt)."""


class Requests:
    """May be shared between threads, not between processes that fork."""

    def __init__(
        self, access: StoreAccess, *, patience_s: float = 30.0, connections: int = 4
    ) -> None:
        self._access = access
        self._host = urlsplit(access.url).netloc
        self._pool = pool_for(access, connections=connections)
        self._patience_s = patience_s
        self._keys = SigningKeys(4)

    def close(self) -> None:
        self._pool.close()

    def page(self, uri: S3Uri, query: Mapping[str, str]) -> ElementTree.Element:
        """An XML answer to a GET, its tags without namespace. Raises StoreError."""

        def attempt() -> bytes:
            with self.ask("GET", uri, query=query) as response:
                return response.read()

        return xml(self.persist(attempt))

    def ask(
        self,
        method: str,
        uri: S3Uri,
        *,
        query: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        body: Body = b"",
    ) -> BaseHTTPResponse:
        """One signed request; the answer's body is still to be read. Raises StoreError."""
        path = "/" + quote(f"{uri.bucket}/{uri.key}" if uri.bucket else "", safe="/~")
        query_text = urlencode(sorted((query or {}).items()), quote_via=quote, safe="~")
        sent = {"host": self._host, "accept-encoding": "identity", **(headers or {})}
        sent |= self._signature(Asked(method, path, query_text, sent), body)
        response = self._pool.urlopen(
            method,
            f"{path}?{query_text}" if query_text else path,
            body=body or None,
            headers=sent,
            preload_content=False,
            decode_content=False,
            redirect=False,
            retries=False,
        )
        if response.status >= 300:
            raise _error(response, uri)
        return response

    def done(self, method: str, uri: S3Uri, **asked: Any) -> Mapping[str, str]:
        """A request whose answer is only read to its end; the answer's headers."""

        def attempt() -> Mapping[str, str]:
            response = self.ask(method, uri, **asked)
            response.read()
            response.release_conn()
            return response.headers

        return self.persist(attempt)

    def _signature(self, asked: Asked, body: Body) -> dict[str, str]:
        hashed = UNSIGNED_PAYLOAD
        if isinstance(body, bytes) and len(body) <= _HASHED_BYTES:
            hashed = hashlib.sha256(body).hexdigest()
        return sign(
            asked,
            hashed,
            key_id=self._access.access_key_id,
            secret=self._access.secret_access_key,
            region=self._access.region,
            service="s3",
            now=time.time(),
            keys=self._keys,
        )

    def persist(self, attempt: Callable[[], T]) -> T:
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


def xml(text: bytes) -> ElementTree.Element:
    """The root of an answer, all tags without their namespace. Raises StoreAway if it is none."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise StoreAway(f"The object store's answer cannot be read: {error}") from None
    for element in root.iter():
        element.tag = element.tag.rpartition("}")[2]
    return root


def _error(response: BaseHTTPResponse, uri: S3Uri) -> StoreError:
    """The S3 error of an answer, in our words."""
    code, message = _code_and_message(response.read(_ERROR_BYTES))
    response.release_conn()
    if response.status >= 500 or response.status == 429:
        return StoreAway(f"The object store answers {response.status} {code} for {uri}.")
    return error_of(response.status, code, message, uri)


def error_of(status: int, code: str, message: str, uri: S3Uri) -> StoreError:
    """What an answer below 500 means."""
    if code == "NoSuchBucket":
        return BucketMissing(f"The bucket {uri.bucket} does not exist.")
    if code == "NoSuchUpload":
        return UploadMissing(f"The upload of {uri} was ended or given up.")
    if status == 404:
        return ObjectMissing(f"There is no object {uri}.")
    if status == 412:
        return PreconditionFailed(f"The object {uri} is not as it was expected to be.")
    if status in (401, 403):
        return AccessRefused(f"The object store refuses access to {uri}: {code} {message}".strip())
    return StoreError(f"The object store answers {status} {code} for {uri}: {message}")


def _code_and_message(body: bytes) -> tuple[str, str]:
    try:
        root = ElementTree.fromstring(body)
    except ElementTree.ParseError:
        return "", ""
    return root.findtext("Code") or "", root.findtext("Message") or ""
