"""One connection of a client: bytes in, requests out, answers back in order.

Parses with httptools, in callbacks only. One request is worked on at a time; those that a client
sends ahead wait, and reading pauses while any does, so that what waits is bounded by one read. It
refuses to know what a request means: that is the gate's business.
"""

import asyncio
import hashlib
import logging
from typing import TYPE_CHECKING, cast

import httptools

from argosy.edge.discard import Discard
from argosy.edge.request import Request
from argosy.edge.shape import MAX_HEADERS, Shape

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

log = logging.getLogger(__name__)

MAX_HEAD = 64 * 1024
HEAD_TIMEOUT_S = 15
BODY_TIMEOUT_S = 30
IDLE_TIMEOUT_S = 120
STALL_TIMEOUT_S = 60
LINGER_S = 3
_SMALL_PART = 16 * 1024
_PREPARSE_DIGITS = 6

# Why reading is paused; it goes on when no reason is left.
PIPELINE, UPSTREAM = 1, 2

_sha256 = hashlib.sha256


class Connection(asyncio.Protocol):
    """The protocol of the public port; `current` is the request that is being answered."""

    __slots__ = (
        "_head_begun",
        "_head_size",
        "_heard",
        "_last_names",
        "_last_shape",
        "_names",
        "_parser",
        "_paused",
        "_resuming",
        "_stalled",
        "_upgrading",
        "_url",
        "_values",
        "_waiting",
        "broken",
        "closing",
        "current",
        "gate",
        "reading",
        "transport",
    )

    transport: asyncio.Transport

    def __init__(self, gate: "Gate") -> None:
        self.gate = gate
        self.current: Request | None = None
        self.reading: Request | None = None
        """The request whose body is coming in; None between messages."""
        self.closing = False
        self.broken = False
        """What came after the current request is not HTTP."""
        self._parser = httptools.HttpRequestParser(self)
        self._url = b""
        self._names: list[bytes] = []
        self._last_names: list[bytes] | None = None
        self._last_shape: Shape | None = None
        """A client's requests are alike: the last head's shape is most likely the next one's."""
        self._values: list[bytes] = []
        self._waiting: list[Request] = []
        self._paused = 0
        self._upgrading = False
        self._resuming = False
        self._head_size = 0
        self._head_begun = 0.0
        self._heard = gate.now
        self._stalled = 0
        """Size of the write buffer when the client stopped taking; 0 while it takes."""

    # -- callbacks of the transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.gate.connections.add(self)

    def data_received(self, data: bytes) -> None:
        if self.closing:
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrade(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            log.error("a request was not understood", exc_info=error.__context__)
            self._refuse(500, "InternalFailure", "The request could not be read.")
        except httptools.HttpParserError:
            self._malformed()
        if self.reading is not None:
            self._heard = self.gate.now
        elif self._url:
            self._part_of_head(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.closing = True
        self.gate.connections.discard(self)
        for request in (self.current, *self._waiting):
            if request is not None:
                self._abandon(request)
        self.current = self.reading = None
        self._waiting = []

    def pause_writing(self) -> None:
        self._stalled = self.transport.get_write_buffer_size()
        self._heard = self.gate.now
        if self.current is not None and self.current.sink is not None:
            self.current.sink.pause()

    def resume_writing(self) -> None:
        self._stalled = 0
        if self.current is not None and self.current.sink is not None:
            self.current.sink.resume()

    # -- callbacks of the parser

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._names.append(name)
        self._values.append(value)

    def on_headers_complete(self) -> None:
        names, values, target = self._names, self._values, self._url
        self._names, self._values, self._url = [], [], b""
        self._head_size = 0
        if self.closing or self._resuming:
            return
        shape = self._last_shape if names == self._last_names else self._shape_of(names)
        if shape is None:
            return
        gate = self.gate
        parser = self._parser
        method = parser.get_method()
        keep_alive = parser.should_keep_alive()
        request = self.reading = Request(self, method, target, shape, values, keep_alive)
        if not shape.usual:
            request.keep_alive = request.keep_alive and self.speaks_1_1()
            self._upgrading = parser.should_upgrade()
        if self.current is not None:
            self._waiting.append(request)
            self.hold(PIPELINE)
            return
        self.current = request
        signed = shape.authorization
        if signed >= 0:
            known = shape.plans.get((values[signed][:-64], target))
            if known is not None and method == b"POST":
                request.known = known
                request.limit = gate.max_payload
                if shape.usual and len(values[shape.content_length]) <= _PREPARSE_DIGITS:
                    return
        gate.begin(request)

    def on_body(self, data: bytes) -> None:
        request = self.reading
        if request is None:
            return
        if request.sink is not None:
            request.sink.body(data)
            return
        size = len(data)
        if request.size:
            request.digest.update(data)
            request.parts.append(data)
        else:
            request.digest = _sha256(data)
            request.parts = [data]
        request.size += size
        if request.size > _SMALL_PART:
            self.gate.hold_bytes(request, size)

    def on_message_complete(self) -> None:
        request = self.reading
        if request is None or self._upgrading:
            return
        self.reading = None
        request.complete = True
        if request is self.current:
            if request.sink is not None:
                request.sink.end()
            else:
                self.gate.dispatch(request)

    # -- answers

    def answer(self, request: Request, data: bytes) -> None:
        """Send a whole answer; dropped quietly when the client is gone."""
        if request is self.current:
            self.transport.write(data)
            self.finish(request)

    def write(self, request: Request, data: bytes) -> None:
        """Send a piece of an answer."""
        if request is self.current:
            self.transport.write(data)

    def finish(self, request: Request) -> None:
        """The answer is complete: go on with the next request, or close."""
        if request is not self.current:
            return
        self.current = None
        request.waiter = None
        if request.held:
            self.gate.free_bytes(request)
        if not request.complete:
            return self._finish_early(request)
        if not request.keep_alive:
            self.close()
        elif self._waiting:
            self.gate.loop.call_soon(self._next)
        elif self.broken:
            self._malformed()
        else:
            self._heard = self.gate.now

    def _finish_early(self, request: Request) -> None:
        """Answered before its body was there: the rest is taken and dropped, or we hang up."""
        if request.expects or not request.keep_alive:
            self.close()
        else:
            request.sink = Discard(self)
            request.parts = []

    def _next(self) -> None:
        if self.closing or self.current is not None or not self._waiting:
            return
        request = self.current = self._waiting.pop(0)
        if not self._waiting:
            self.release(PIPELINE)
        self.gate.begin(request)
        if self.current is not request or self.closing:
            return
        if request.sink is not None:
            parts, request.parts = request.parts, []
            for part in parts:
                request.sink.body(part)
            if request.complete:
                request.sink.end()
        elif request.complete:
            self.gate.dispatch(request)

    @property
    def upgrades(self) -> bool:
        """The request that is being read would go on in another protocol."""
        return self._upgrading

    def speaks_1_1(self) -> bool:
        """True unless the client's last request was of HTTP/1.0."""
        return bool(self._parser.get_http_version() != "1.0")

    def abort(self) -> None:
        """Cut the connection: the client must not take what it has for whole."""
        self.closing = True
        self.transport.abort()

    def close(self) -> None:
        """Send what is left to send, hear the client out for a moment, then close."""
        if self.closing:
            return
        self.closing = True
        self._heard = self.gate.now
        if self.reading is None and not self.broken:
            self.transport.close()
        elif self.transport.can_write_eof():
            self.transport.write_eof()
        else:
            self.transport.close()

    # -- back-pressure

    def hold(self, reason: int) -> None:
        """Read no further until the reason is released."""
        if not self._paused and not self.closing:
            self.transport.pause_reading()
        self._paused |= reason

    def release(self, reason: int) -> None:
        before, self._paused = self._paused, self._paused & ~reason
        if before and not self._paused and not self.closing:
            self.transport.resume_reading()

    # -- what goes wrong

    def _shape_of(self, names: list[bytes]) -> Shape | None:
        """The shape of a head unlike the one before; None when it was refused."""
        if len(names) > MAX_HEADERS:
            self._refuse(400, "BadRequest", f"More than {MAX_HEADERS} headers.")
            return None
        self._last_names, self._last_shape = names, self.gate.shapes.of(tuple(names))
        return self._last_shape

    def _part_of_head(self, data: bytes) -> None:
        """Count what is there of a head, but not what came before it in the same piece."""
        before = 0
        if not self._head_size:
            self._head_begun, before = self.gate.now, max(data.rfind(b" " + self._url), 0)
        self._head_size += len(data) - before
        if self._head_size > MAX_HEAD or len(self._names) > MAX_HEADERS:
            self._refuse(400, "BadRequest", f"The head of the request exceeds {MAX_HEAD} bytes.")

    def _malformed(self) -> None:
        if self.current is not None and self.current is not self.reading:
            self.broken = True
            self.hold(PIPELINE)
            return
        self._refuse(400, "BadRequest", "The request is not well-formed HTTP.")

    def _refuse(self, status: int, code: str, message: str) -> None:
        """Answer something that is no request, and close."""
        if self.closing:
            return
        if self.current is not None:
            self._abandon(self.current)
            self.current = None
        self.broken = True
        self.transport.write(self.gate.refusal(status, code, message))
        self.close()

    def _upgrade(self, rest: bytes) -> None:
        """The connection becomes a tunnel where the gate has made one for it. Else no protocol but
        this one is spoken: the parser has stopped after the head, a new one is set on the same
        body, and the request goes its way as if nothing had been proposed."""
        request, self._upgrading = self.reading, False
        if request is not None and request.tunnel is not None:
            self.closing, self.current, self.reading = True, None, None
            self.gate.connections.discard(self)
            request.tunnel.begin(self.transport, rest)
            return
        self._parser = httptools.HttpRequestParser(self)
        if request is not None:
            chunked = request.header("transfer-encoding") is not None
            length = b"Content-Length: %b" % (request.header("content-length") or b"0")
            framing = b"Transfer-Encoding: chunked" if chunked else length
            self._resuming = True
            self._parser.feed_data(b"POST / HTTP/1.1\r\n%b\r\n\r\n" % framing)
            self._resuming = False
        if rest:
            self.data_received(rest)

    def _abandon(self, request: Request) -> None:
        self.gate.free_bytes(request)
        if request.sink is not None:
            request.sink.abandon()
        elif request.waiter is not None:
            request.waiter.abandon()

    def sweep(self, now: float) -> None:
        """End what takes too long; called about twice a second."""
        waited = now - self._heard
        if self.closing:
            if waited > LINGER_S and not self._stalled:
                self.transport.abort()
        elif self._stalled:
            self._sweep_stalled(now, waited)
        elif self.reading is not None:
            if self._paused:
                self._heard = now
            elif waited > BODY_TIMEOUT_S:
                self._refuse(408, "RequestTimeout", "The body did not come in time.")
        elif self._head_size:
            if now - self._head_begun > HEAD_TIMEOUT_S:
                self._refuse(408, "RequestTimeout", "The head did not come in time.")
        elif self.current is None and waited > IDLE_TIMEOUT_S:
            self.close()

    def _sweep_stalled(self, now: float, waited: float) -> None:
        size = self.transport.get_write_buffer_size()
        if size < self._stalled:
            self._stalled, self._heard = size, now
        elif waited > STALL_TIMEOUT_S:
            self.abort()
