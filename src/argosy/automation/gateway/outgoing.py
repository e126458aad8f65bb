"""Asks HTTP servers on behalf of APIs: connections are kept, answers are bounded.

Whoever may make an API may have it ask any server that this machine reaches; Unix sockets are not
among them. Redirects are handed back, not followed. A request that changes nothing twice is sent
again when a kept connection turns out to have been closed before anything came back.
"""

import asyncio
import contextlib
import ssl
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlsplit

import httptools

MAX_ANSWER = 10 << 20
_IDLE_S = 20.0
_MOST_IDLE = 64
_SAFE_AGAIN = ("GET", "HEAD", "OPTIONS", "PUT", "DELETE")

HOP_BY_HOP = frozenset(
    {
        "connection",
        "content-length",
        "expect",
        "host",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
"""Headers that are not passed on: those of one connection, and what is made anew."""

Headers = list[tuple[str, str]]


class OutgoingError(Exception):
    """The server could not be asked, or its answer was none."""


@dataclass(slots=True)
class Answer:
    """What a server said."""

    status: int
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """The last value, by lower-case name."""
        return next((v for key, v in reversed(self.headers) if key.lower() == name), None)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections go."""

    host: str
    port: int
    tls: bool
    trusted: bool = False
    """Its certificate is not looked at: such connections are kept apart."""


class Outgoing:
    """For one event loop."""

    def __init__(self, trusted: ssl.SSLContext | None = None) -> None:
        """`trusted`: in place of the system's idea of whom to trust."""
        self._idle: dict[Origin, list[_Connection]] = {}
        self._trusted = trusted

    async def ask(
        self, method: str, url: str, headers: Headers, body: bytes, *, trust: bool = False
    ) -> Answer:
        """The server's answer. Raises OutgoingError; time is for the caller to limit.

        `trust`: the server's certificate is not looked at, as that of this platform's own port.
        """
        origin, head = _head(method, url, headers, body, trust)
        while True:
            connection = self._kept(origin)
            kept = connection is not None
            if connection is None:
                connection = await self._open(origin)
            try:
                answer = await connection.ask(head, body, bodiless=method == "HEAD")
            except _Closed as error:
                if kept and not connection.heard and method in _SAFE_AGAIN:
                    continue
                raise OutgoingError(str(error)) from None
            except BaseException:
                connection.abort()
                raise
            if connection.reusable:
                self._keep(origin, connection)
            else:
                connection.abort()
            return answer

    def close(self) -> None:
        """Drop all connections that are kept."""
        for several in self._idle.values():
            for connection in several:
                connection.abort()
        self._idle = {}

    def _kept(self, origin: Origin) -> "_Connection | None":
        now = asyncio.get_running_loop().time()
        several = self._idle.get(origin, [])
        while several:
            connection = several.pop()
            if connection.open and now - connection.since < _IDLE_S:
                return connection
            connection.abort()
        return None

    def _keep(self, origin: Origin, connection: "_Connection") -> None:
        several = self._idle.setdefault(origin, [])
        if len(several) >= _MOST_IDLE:
            several.pop(0).abort()
        connection.since = asyncio.get_running_loop().time()
        several.append(connection)

    async def _open(self, origin: Origin) -> "_Connection":
        context: ssl.SSLContext | None = None
        if origin.tls:
            context = self._trusted or ssl.create_default_context()
            if origin.trusted:
                context = ssl._create_unverified_context()
        loop = asyncio.get_running_loop()
        try:
            _, made = await loop.create_connection(
                _Connection, origin.host, origin.port, ssl=context
            )
        except (OSError, ssl.SSLError, UnicodeError) as error:
            raise OutgoingError(f"{origin.host}: {error}") from None
        return made


class _Closed(Exception):
    """The connection ended before the answer did."""


@dataclass(slots=True, eq=False)
class _Connection(asyncio.Protocol):
    since: float = 0.0
    open: bool = False
    heard: bool = False
    reusable: bool = False
    _transport: asyncio.Transport | None = None
    _parser: Any = None
    _waiting: "asyncio.Future[Answer] | None" = None
    _headers: Headers = field(default_factory=list)
    _body: bytearray = field(default_factory=bytearray)
    _bodiless: bool = False
    _to_the_end: bool = False

    async def ask(self, head: bytes, body: bytes, *, bodiless: bool) -> Answer:
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._body = [], bytearray()
        self._bodiless, self.heard, self.reusable = bodiless, False, False
        self._waiting = asyncio.get_running_loop().create_future()
        if self._transport is None:
            raise _Closed("the connection was closed")
        self._transport.write(head + body if len(body) < 65536 else head)
        if len(body) >= 65536:
            self._transport.write(body)
        return await self._waiting

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport, self.open = cast(asyncio.Transport, transport), True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open, self._transport = False, None
        if self._waiting is not None and not self._waiting.done():
            if self._to_the_end:
                self._done()
            else:
                self._waiting.set_exception(_Closed("the server closed the connection"))

    def data_received(self, data: bytes) -> None:
        if self._waiting is None or self._waiting.done():
            self.abort()
            return
        self.heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("the server's answer is not HTTP")

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name.decode("latin-1"), value.decode("latin-1")))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:
            self._headers = []
            return
        names = {name.lower() for name, _ in self._headers}
        framed = bool(names & {"content-length", "transfer-encoding"})
        without = self._bodiless or status in (204, 304)
        self._to_the_end = not framed and not without
        if without and framed:
            self._done()

    def on_body(self, body: bytes) -> None:
        self._body += body
        if len(self._body) > MAX_ANSWER:
            self._fail("the server's answer is too large")

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() >= 200:
            self.reusable = bool(self._parser.should_keep_alive()) and not self._bodiless
            self._done()

    def _done(self) -> None:
        waiting, self._to_the_end = self._waiting, False
        if waiting is not None and not waiting.done():
            status = self._parser.get_status_code()
            waiting.set_result(Answer(status, self._headers, bytes(self._body)))

    def _fail(self, message: str) -> None:
        self.abort()
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(OutgoingError(message))


def _head(
    method: str, url: str, headers: Headers, body: bytes, trust: bool
) -> tuple[Origin, bytes]:
    """Where it goes, and the head of the request. Raises OutgoingError for what is no URL."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise OutgoingError("the URL cannot be read") from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise OutgoingError("the URL cannot be read")
    tls = parts.scheme == "https"
    origin = Origin(parts.hostname, port or (443 if tls else 80), tls, tls and trust)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    lines = [f"{method} {target} HTTP/1.1"]
    names = {name.lower() for name, _ in headers}
    if "host" not in names:
        lines.append(f"Host: {parts.netloc.rpartition('@')[2]}")
    lines += [f"{name}: {value}" for name, value in headers]
    if body or method in ("POST", "PUT", "PATCH"):
        lines.append(f"Content-Length: {len(body)}")
    text = "\r\n".join(lines)
    if any(sign in line for line in lines for sign in "\r\n\0"):
        raise OutgoingError("a header has a line break")
    with contextlib.suppress(UnicodeEncodeError):
        return origin, f"{text}\r\n\r\n".encode("latin-1")
    raise OutgoingError("a header has a sign that HTTP does not")
