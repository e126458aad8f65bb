"""Connections to an HTTP server behind the edge: control, or an object store.

Kept alive and used again, one user at a time; answers are handed on as they come. A server that is
just restarting is waited for, as long as nothing was sent to it yet. It refuses to repeat a
request: only its user knows whether that is safe.
"""

import asyncio
import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast
from urllib.parse import urlsplit

import httptools

from argosy.ground.errors import ArgosyError

log = logging.getLogger(__name__)

IDLE_S = 4.0
CONNECT_S = 5.0
_RETRY_S = 0.05
_MAX_IDLE = 32

Headers = list[tuple[bytes, bytes]]


class User(Protocol):
    """Who uses a connection: sends on it, and is told what comes back."""

    def connected(self, connection: "UpstreamConnection") -> None:
        """Yours now; send."""
        ...

    def unreachable(self, reason: str) -> None:
        """No connection could be made."""
        ...

    def answer_begins(self, status: int, reason: bytes, headers: Headers) -> None:
        """The head of the answer is here."""
        ...

    def answer_goes_on(self, data: bytes) -> None:
        """A piece of its body."""
        ...

    def answer_ends(self) -> None:
        """It is complete."""
        ...

    def upstream_lost(self) -> None:
        """The connection broke before the answer was complete."""
        ...

    def upstream_full(self) -> None:
        """Send no more for now."""
        ...

    def upstream_takes(self) -> None:
        """Go on sending."""
        ...


class UpstreamConnection(asyncio.Protocol):
    """One connection; `used` is true once it has served a request before the present one.

    `untaken` is true once it was lost before the server had read all that was written. That holds
    for servers on Unix sockets alone, where the kernel knows: whoever closes one with bytes unread
    resets it, and a write to a closed one fails; after everything was read there is a plain end
    (Linux: unix_release_sock, unix_stream_sendmsg).
    """

    def __init__(self, upstream: "Upstream") -> None:
        self.used = self.untaken = False
        self.idle_since = 0.0
        self._upstream = upstream
        self._user: User | None = None
        self._transport: asyncio.Transport | None = None
        self._parser: Any = None
        self._headers: Headers = []
        self._reason = b""
        self._without_body = False
        self._begun = False
        self._informational = False
        self._to_the_end = False
        self._answered = False
        self._reusable = True

    def begin(self, user: User, *, without_body: bool) -> None:
        """Serve a user; `without_body` when it asks by HEAD."""
        self._user = user
        self._without_body = without_body
        self._parser = httptools.HttpResponseParser(self)
        self._headers, self._reason = [], b""
        self._begun = self._answered = self._informational = self._to_the_end = False
        self._reusable = True
        user.connected(self)

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def writelines(self, parts: list[bytes]) -> None:
        if self._transport is not None:
            self._transport.writelines(parts)

    def release(self, *, reusable: bool) -> None:
        """The user is done; a connection that is not clean is closed."""
        self._user = None
        self.used = True
        transport = self._transport
        clean = reusable and self._reusable and self._answered
        # What is not sent yet belongs to a request that was answered early.
        if clean and transport is not None and not transport.get_write_buffer_size():
            transport.resume_reading()
            self._upstream.put_back(self)
        else:
            self.abort()

    def abort(self) -> None:
        self._user = None
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        if self._transport is not None:
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None:
            self._transport.resume_reading()

    @property
    def open(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    # -- callbacks of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        if self._user is None:
            self.abort()
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._answered:
                self._reusable = False
            else:
                log.error("%s does not answer in HTTP", self._upstream.name)
                self._lose()

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self.untaken = isinstance(exc, ConnectionResetError | BrokenPipeError)
        self._upstream.forget(self)
        if self._begun and self._to_the_end and exc is None and self._user is not None:
            self._reusable = False
            self._complete()
        else:
            self._lose()

    def _lose(self) -> None:
        user, self._user = self._user, None
        if self._transport is not None:
            self._transport.abort()
        if user is not None:
            user.upstream_lost()

    def pause_writing(self) -> None:
        if self._user is not None:
            self._user.upstream_full()

    def resume_writing(self) -> None:
        if self._user is not None:
            self._user.upstream_takes()

    # -- callbacks of the parser

    def on_status(self, reason: bytes) -> None:
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._begun:
            self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        headers, self._headers = self._headers, []
        reason, self._reason = self._reason, b""
        self._informational = 100 <= status < 200
        if self._informational or self._user is None or self._begun:
            return
        self._begun = True
        names = {name.lower() for name, _ in headers}
        empty = self._without_body or status in (204, 304)
        sized = bool({b"content-length", b"transfer-encoding"} & names)
        self._to_the_end = not (sized or empty)
        self._user.answer_begins(status, reason, headers)
        if self._without_body:
            self._reusable = b"connection" not in names
            self._complete()

    def on_body(self, data: bytes) -> None:
        if self._user is not None and not self._answered:
            self._user.answer_goes_on(data)

    def on_message_complete(self) -> None:
        if self._informational or self._answered:
            return
        self._reusable = self._reusable and self._parser.should_keep_alive()
        self._complete()

    def _complete(self) -> None:
        self._answered = True
        if self._user is not None:
            self._user.answer_ends()


Factory = Callable[[], UpstreamConnection]
Connect = Callable[[Factory], Awaitable[Any]]


class Upstream:
    """A server and the idle connections to it."""

    def __init__(self, name: str, connect: Connect, *, keep: int = _MAX_IDLE) -> None:
        self.name = name
        self._connect = connect
        self._keep = keep
        self._idle: list[UpstreamConnection] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()

    def serve(self, user: User, *, without_body: bool = False, fresh: bool = False) -> None:
        """Give the user a connection, at once when one is idle (and `fresh` is not asked for)."""
        while self._idle and not fresh:
            connection = self._idle.pop()
            if connection.open:
                connection.begin(user, without_body=without_body)
                return
        task = self._loop.create_task(self._open(user, without_body))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _open(self, user: User, without_body: bool) -> None:
        until = self._loop.time() + CONNECT_S
        while True:
            connection = UpstreamConnection(self)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await self._connect(lambda c=connection: c)  # type: ignore[misc]
                break
            except (OSError, TimeoutError) as error:
                if self._loop.time() >= until:
                    user.unreachable(f"{self.name} cannot be reached: {error}")
                    return
                await asyncio.sleep(_RETRY_S)
        connection.begin(user, without_body=without_body)

    def put_back(self, connection: UpstreamConnection) -> None:
        if len(self._idle) >= self._keep or not connection.open:
            connection.abort()
            return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def forget(self, connection: UpstreamConnection) -> None:
        if connection in self._idle:
            self._idle.remove(connection)

    def sweep(self, now: float) -> None:
        """Close what was idle for long."""
        for connection in [c for c in self._idle if now - c.idle_since > IDLE_S]:
            connection.abort()


def unix_upstream(name: str, path: str, *, keep: int = _MAX_IDLE) -> Upstream:
    """A server on a Unix socket."""
    loop = asyncio.get_running_loop()
    return Upstream(name, lambda factory: loop.create_unix_connection(factory, path), keep=keep)


def url_upstream(name: str, url: str) -> tuple[Upstream, str]:
    """A server by URL, http or https, and what to call it in Host.

    Raises ArgosyError when the URL is not one.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ArgosyError(f"{url!r} is not an http:// or https:// URL")
    host, context = parts.hostname, None
    if parts.scheme == "https":
        context = ssl.create_default_context()
    port = parts.port or (443 if context else 80)
    loop = asyncio.get_running_loop()

    def connect(factory: Factory) -> Awaitable[Any]:
        return loop.create_connection(factory, host, port, ssl=context)

    return Upstream(name, connect), parts.netloc.rpartition("@")[2]
