"""One lasting connection to one instance, with many requests in flight on it.

Frames go out in one write for each loop turn, however many requests came in; answers are handed to
the call that waits for them, in any order. A link connects again by itself as long as somebody
wants it. It refuses to know HTTP, and to decide what becomes of a call whose instance died: it
hands the call back.
"""

import asyncio
import logging
import socket
from collections.abc import Callable
from time import perf_counter
from typing import Protocol, cast

from argosy.runtimes import frames

log = logging.getLogger(__name__)

_FIRST_DELAY_S = 0.02
_LONGEST_DELAY_S = 0.5
_JOIN_BELOW = 64 * 1024
_SEND_BUFFER = 2 << 20
_HEAD = frames.HEAD
_HEAD_SIZE = frames.HEAD_SIZE


class Call(Protocol):
    """Somebody who waits for an instance's answer."""

    sent: float
    """perf_counter() when the request was handed to the link."""

    def answered(self, kind: int, status: int, head: bytes, body: bytes, now: float) -> bool:
        """A frame for this call; True when it was the last one."""
        ...

    def lost(self, link: "Link") -> None:
        """The connection is gone and no further frame will come."""
        ...

    def overdue(self, link: "Link") -> None:
        """The instance took too long; the link has let go of the call."""
        ...


class Link(asyncio.Protocol):
    """The connection to one instance; `pending` is what it owes us, oldest first."""

    def __init__(self, instance_id: str, address: str, on_ready: Callable[[], None]) -> None:
        self.instance_id = instance_id
        self.address = address
        self.pending: dict[int, Call] = {}
        self.streams: dict[int, Call] = {}
        """Calls whose answer has begun; they are in `pending` no longer."""
        self.ready = False
        self.timeout_s = 60.0
        """How long an answer, or the next piece of one, may take."""
        self.largest = frames.MAX_FRAME
        """Bytes of a frame beyond which the connection is cut."""
        self._on_ready = on_ready
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.WriteTransport | None = None
        self._connecting: asyncio.Task[None] | None = None
        self._wanted = True
        self._delay = _FIRST_DELAY_S
        self._next_id = 0
        self._out: list[bytes] = []
        self._out_size = 0
        self._rest = b""
        self._large: list[bytes] = []
        self._missing = 0
        """Bytes that a large frame still lacks; the ones here are in `_large`."""

    # -- connecting

    def connect(self) -> None:
        """Begin to connect; goes on trying until `drain`."""
        if self._wanted and not self.ready and self._connecting is None:
            self._connecting = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._loop.create_unix_connection(lambda: self, self.address[len("unix:") :])
        except OSError:
            self.unreachable()
        finally:
            self._connecting = None

    def unreachable(self) -> None:
        """Nobody listens there: try again after a while."""
        self._loop.call_later(self._delay, self.connect)
        self._delay = min(self._delay * 2, _LONGEST_DELAY_S)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)
        self._transport.set_write_buffer_limits(high=1 << 30)
        if not self._wanted:
            self._transport.close()
            return
        self.ready = True
        self._delay = _FIRST_DELAY_S
        self._on_ready()

    def connection_lost(self, exc: Exception | None) -> None:
        self.ready = False
        self._transport = None
        self._rest, self._large, self._missing = b"", [], 0
        self._out, self._out_size = [], 0
        orphans = [*self.pending.values(), *self.streams.values()]
        self.pending, self.streams = {}, {}
        if orphans:
            log.warning("instance %s left %d requests unanswered", self.instance_id, len(orphans))
        for call in orphans:
            call.lost(self)
        if self._wanted:
            self._loop.call_later(self._delay, self.connect)

    def drain(self) -> None:
        """Take nothing new; close when the last answer has come."""
        self._wanted = False
        self.ready = False
        self.close_when_idle()

    def close_when_idle(self) -> None:
        if self._wanted or self.pending or self.streams:
            return
        if self._connecting is not None:
            self._connecting.cancel()
        if self._transport is not None:
            self._transport.close()

    # -- asking

    @property
    def load(self) -> int:
        """How many answers the instance owes us."""
        return len(self.pending) + len(self.streams)

    @property
    def unsent(self) -> int:
        """Bytes that the instance has not taken yet."""
        return 0 if self._transport is None else self._transport.get_write_buffer_size()

    def send(self, call: Call, kind: int, head: bytes, body: list[bytes], size: int) -> int:
        """Ask; returns the id to cancel by. `size` is that of the parts of `body` together."""
        call_id = self._next_id = (self._next_id + 1) & 0xFFFFFFFF
        self.pending[call_id] = call
        out = self._out
        if not out:
            self._loop.call_soon(self._flush)
        out.append(_HEAD.pack(len(head) + size, call_id, 0, len(head), kind) + head)
        out += body
        self._out_size += size
        return call_id

    def tell(self, kind: int, body: bytes) -> None:
        """Say what needs no answer."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(_HEAD.pack(len(body), 0, 0, 0, kind) + body)
        self._out_size += len(body)

    def cancel(self, call_id: int) -> None:
        """Nobody waits for this answer any more; when it comes, it is dropped."""
        if self.pending.pop(call_id, None) or self.streams.pop(call_id, None):
            if not self._out:
                self._loop.call_soon(self._flush)
            self._out.append(_HEAD.pack(0, call_id, 0, 0, frames.CANCEL))
            if not self._wanted:
                self._loop.call_soon(self.close_when_idle)

    def _flush(self) -> None:
        out, size = self._out, self._out_size
        self._out, self._out_size = [], 0
        if self._transport is None or not out:
            return
        if size < _JOIN_BELOW:
            self._transport.write(b"".join(out))
        else:
            self._transport.writelines(out)

    # -- answers

    def data_received(self, data: bytes) -> None:
        now = perf_counter()
        if self._missing:
            data = self._more_of_large(data, now)
        if self._rest:
            data = self._rest + data
        offset, end = 0, len(data)
        unpack, head_size, pending = _HEAD.unpack_from, _HEAD_SIZE, self.pending
        while end - offset >= head_size:
            length, call_id, status, head_length, kind = unpack(data, offset)
            start = offset + head_size
            stop = start + length
            if stop > end:
                if head_length > length or length > self.largest:
                    return self._broken()
                if length > _JOIN_BELOW:
                    self._large = [data[offset:]]
                    self._missing = stop - end
                    offset = end
                break
            body = start + head_length
            call = pending.pop(call_id, None)
            if call is None:
                self._take_more(call_id, kind, status, data[start:body], data[body:stop], now)
            elif not call.answered(kind, status, data[start:body], data[body:stop], now):
                self.streams[call_id] = call
            offset = stop
        self._rest = data[offset:] if offset else data
        if not self._wanted:
            self.close_when_idle()

    def _take_more(
        self, call_id: int, kind: int, status: int, head: bytes, body: bytes, now: float
    ) -> None:
        """A frame for a call whose answer has begun, or for one that was cancelled."""
        call = self.streams.get(call_id)
        if call is None:
            self.noticed(kind, body)
        elif call.answered(kind, status, head, body, now):
            self.streams.pop(call_id, None)

    def noticed(self, kind: int, body: bytes) -> None:
        """A frame that nobody waits for, such as the answer to a call that was cancelled."""

    def _more_of_large(self, data: bytes, now: float) -> bytes:
        """Add to the large frame; returns what comes after it."""
        if len(data) < self._missing:
            self._large.append(data)
            self._missing -= len(data)
            return b""
        self._large.append(data[: self._missing])
        rest = data[self._missing :]
        whole, self._large, self._missing = b"".join(self._large), [], 0
        _, call_id, status, head_length, kind = _HEAD.unpack_from(whole)
        body = _HEAD_SIZE + head_length
        call = self.pending.pop(call_id, None)
        if call is None:
            self._take_more(call_id, kind, status, whole[_HEAD_SIZE:body], whole[body:], now)
        elif not call.answered(kind, status, whole[_HEAD_SIZE:body], whole[body:], now):
            self.streams[call_id] = call
        return rest

    def _broken(self) -> None:
        log.error("instance %s does not speak frames; its connection is dropped", self.instance_id)
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float) -> None:
        """Let go of calls that have waited for longer than the timeout."""
        for calls in (self.pending, self.streams):
            late = []
            for call_id, call in calls.items():
                if now - call.sent >= self.timeout_s:
                    late.append((call_id, call))
                elif calls is self.pending:
                    break
            for call_id, call in late:
                self.cancel(call_id)
                call.overdue(self)


def _widen(sock: socket.socket) -> None:
    """Let a large body leave in few pieces; each piece costs both sides a turn of their loops."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)
