"""One connection to the container: a request out, its answer in, then the next one.

HTTP/1.1 as the container contract needs it: Content-Length or chunked answers, answers that end
with the connection, interim (1xx) answers skipped. It refuses to have two requests open at a time,
and to follow, retry or judge anything: what came is handed to the call, piece by piece.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol, cast

import httptools

if TYPE_CHECKING:
    from argosy.runtimes.bridge.pool import Pool

_JOIN_BELOW = 1 << 16
_PIECE = 1 << 18
_WITHOUT_BODY = (204, 304)

Headers = list[tuple[bytes, bytes]]


class Call(Protocol):
    """A request and whoever waits for its answer."""

    line: bytes
    """Request line and headers, without Host and Content-Length."""
    body: bytes | memoryview
    open: bool
    """Whether anybody still waits."""
    retried: bool
    """It was sent before, on a connection that the container had just closed."""
    connection: Connection | None

    def head(self, status: int, headers: Headers) -> None:
        """The answer begins."""
        ...

    def data(self, data: bytes) -> None:
        """A piece of its body, any transfer coding taken off."""
        ...

    def done(self) -> None:
        """The answer is complete."""
        ...

    def failed(self, reason: str) -> None:
        """There will be no (further) answer; one clause says why."""
        ...


class Connection(asyncio.Protocol):
    """Lasts for many requests, one at a time; belongs to a pool."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._transport: asyncio.Transport | None = None
        self.call: Call | None = None
        self.idle_since = 0.0
        self._used = False
        self._headers: Headers = []
        self._status = 0
        self._keep = False
        self._until_close = False
        self._heard = False
        """Whether anything came since the request was sent."""
        self._takes = True
        """The container reads what is sent."""
        self._unsent = memoryview(b"")
        """What is left of a large body."""
        self._parser = httptools.HttpResponseParser(self)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._pool.made(self)

    def send(self, call: Call) -> None:
        """Send a request; the connection must be idle."""
        assert self._transport is not None
        self.call = call
        call.connection = self
        self._heard = self._until_close = False
        self._status = 0
        head = b"%b%bContent-Length: %d\r\n\r\n" % (call.line, self._pool.host, len(call.body))
        if len(call.body) < _JOIN_BELOW:
            self._transport.write(head + call.body)
        else:
            self._transport.write(head)
            self._unsent = memoryview(call.body)
            self._go_on()

    def _go_on(self) -> None:
        """Send as much of a large body as the container takes now."""
        while len(self._unsent) and self._takes and self._transport is not None:
            piece, self._unsent = self._unsent[:_PIECE], self._unsent[_PIECE:]
            self._transport.write(piece)
        if not len(self._unsent):
            self._unsent = memoryview(b"")  # an empty view would keep the whole body

    def pause_writing(self) -> None:
        self._takes = False

    def resume_writing(self) -> None:
        self._takes = True
        self._go_on()

    def close(self) -> None:
        """Close at once; nobody is told."""
        self.call = None
        self._unsent = memoryview(b"")
        if self._transport is not None:
            self._transport.abort()

    def hold(self) -> None:
        """Read no more until `release`: whoever waits does not take what came."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def release(self) -> None:
        """Read again. Idempotent."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        if self.call is None:  # bytes that nobody asked for
            self.close()
            return
        self._heard = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._fail("it answered with something that is not HTTP/1.1")

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._unsent = memoryview(b"")
        call, self.call = self.call, None
        if call is None:
            self._pool.lost(self)
        elif self._until_close and exc is None:
            call.connection = None
            self._pool.lost(self)
            call.done()
        elif self._used and not self._heard and not call.retried:
            # It closed an idle connection just as this request was on its way.
            call.retried = True
            self._pool.lost(self)
            self._pool.again(call)
        else:
            call.connection = None
            self._pool.lost(self)
            middle = "in the middle of its answer" if self._status else "before it answered"
            call.failed(f"it closed the connection {middle}")

    def _fail(self, reason: str) -> None:
        call = self.call
        self.close()
        if call is not None:
            call.connection = None
            call.failed(reason)

    # what the parser calls

    def on_message_begin(self) -> None:
        self._headers = []

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200 or self.call is None:
            return
        self._status = status
        self._keep = self._parser.should_keep_alive()
        self._until_close = not self._keep and self._without_length(status)
        self.call.head(status, self._headers)

    def _without_length(self, status: int) -> bool:
        names = {name.lower() for name, _ in self._headers}
        told = {b"content-length", b"transfer-encoding"} & names
        return not told and status not in _WITHOUT_BODY

    def on_body(self, data: bytes) -> None:
        if self.call is not None:
            self.call.data(data)

    def on_message_complete(self) -> None:
        call = self.call
        if call is None or not self._status:
            return
        self.call = None
        self._used = True
        call.connection = None
        call.done()
        if self._keep and not len(self._unsent):
            self.release()
            self._pool.freed(self)
        else:
            self.close()
