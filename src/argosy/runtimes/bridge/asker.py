"""One connection of an edge or agent: frames in, frames out; what they mean is the bridge's.

Frames of one turn of the loop leave in one write. An asker that does not take its answers has its
streams held; one that has too much unanswered is not read from.
"""

from __future__ import annotations

import asyncio
from typing import Protocol, cast

from argosy.runtimes import frames
from argosy.runtimes.bridge.calls import Invocation

_JOIN_BELOW = 1 << 16
_MOST_UNSENT = 4 << 20
_MOST_HELD = 64 << 20  # bytes of unanswered requests from which on nothing more is read
_HEAD = frames.HEAD
_HEAD_SIZE = frames.HEAD_SIZE


class Host(Protocol):
    """Who is asked: the bridge, or one of its container's many models."""

    def connected(self, asker: Asker) -> None:
        """It can ask from now on."""
        ...

    def disconnected(self, asker: Asker) -> None:
        """It is gone."""
        ...

    def invoke(
        self,
        asker: Asker,
        request_id: int,
        streams: bool,
        head: bytes,
        body: bytes | memoryview,
    ) -> None:
        """A REQUEST, or a STREAM."""
        ...

    def cancel(self, call: Invocation) -> None:
        """Nobody waits for its answer any more."""
        ...

    def control(self, asker: Asker, kind: int, request_id: int, body: bytes) -> None:
        """Any other frame."""
        ...

    def perhaps_dead(self, call: Invocation, text: bytes) -> None:
        """A call failed before its answer began, which may be because the program ended."""
        ...


class _Large:
    """A frame that is received into its place: no byte of it is copied again."""

    def __init__(self, kind: int, request_id: int, head_length: int, length: int) -> None:
        self.kind = kind
        self.request_id = request_id
        self.head_length = head_length
        self.missing = length
        """Bytes that did not come yet."""
        self._content = bytearray()
        self._filled = 0

    def begin(self) -> None:
        """Set memory aside."""
        self._content = bytearray(self.missing)

    def fill(self, data: bytes) -> bytes:
        """Take what belongs to it; returns the rest."""
        count = min(len(data), self.missing)
        end = self._filled + count
        self._content[self._filled : end] = data if count == len(data) else data[:count]
        self._filled = end
        self.missing -= count
        return data[count:]

    @property
    def head(self) -> bytes:
        return bytes(self._content[: self.head_length])

    @property
    def body(self) -> memoryview:
        return memoryview(self._content)[self.head_length :]


class Asker(asyncio.Protocol):
    """`calls` is what we owe this side, by request id."""

    def __init__(self, bridge: Host) -> None:
        self._bridge = bridge
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self.calls: dict[int, Invocation] = {}
        self.full = False
        """The other side does not take what we send."""
        self._held = 0
        self._paused = False
        self._rest = b""
        self._large: _Large | None = None
        """A large frame that is not whole yet."""
        self._out: list[bytes] = []

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._transport.set_write_buffer_limits(high=_MOST_UNSENT)
        self._bridge.connected(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._out = []
        calls, self.calls = self.calls, {}
        for call in calls.values():
            self._bridge.cancel(call)
        self._bridge.disconnected(self)

    def close(self) -> None:
        """Break the connection."""
        if self._transport is not None:
            self._transport.abort()

    # in

    def data_received(self, data: bytes) -> None:
        large = self._large
        if large is not None:
            data = large.fill(data)
            if large.missing:
                return
            self._large = None
            self._take(large.kind, large.request_id, large.head, large.body)
        elif self._rest:
            data = self._rest + data
        self._rest = self._split(data)

    def _split(self, data: bytes) -> bytes:
        """Take every whole frame; returns what is left."""
        offset, end = 0, len(data)
        while end - offset >= _HEAD_SIZE:
            length, request_id, _, head_length, kind = _HEAD.unpack_from(data, offset)
            start = offset + _HEAD_SIZE
            stop = start + length
            if stop > end:
                large = _Large(kind, request_id, head_length, length)
                return self._incomplete(data[offset:], large)
            body = start + head_length
            self._take(kind, request_id, data[start:body], data[body:stop])
            offset = stop
        return data[offset:] if offset else data

    def _incomplete(self, data: bytes, large: _Large) -> bytes:
        """The beginning of a frame: what of it has to be kept."""
        known = frames.REQUEST <= large.kind <= frames.DRAIN
        if not known or large.missing > frames.MAX_FRAME or large.head_length > large.missing:
            self.close()
            return b""
        if large.missing < _JOIN_BELOW:
            return data
        large.begin()
        large.fill(data[_HEAD_SIZE:])
        self._large = large
        return b""

    def _take(self, kind: int, request_id: int, head: bytes, body: bytes | memoryview) -> None:
        if kind in (frames.REQUEST, frames.STREAM):
            self._bridge.invoke(self, request_id, kind == frames.STREAM, head, body)
        elif kind == frames.CANCEL:
            call = self.calls.pop(request_id, None)
            if call is not None:
                self._let_go(call)
                self._bridge.cancel(call)
        else:
            self._bridge.control(self, kind, request_id, bytes(body))

    def owe(self, request_id: int, call: Invocation) -> None:
        """Remember a call until it is answered."""
        self.calls[request_id] = call
        self._held += call.size
        if self._held > _MOST_HELD and not self._paused and self._transport is not None:
            self._paused = True
            self._transport.pause_reading()

    def _let_go(self, call: Invocation) -> None:
        self._held -= call.size
        if self._paused and self._held <= _MOST_HELD and self._transport is not None:
            self._paused = False
            self._transport.resume_reading()

    # out

    def answered(
        self, request_id: int, call: Invocation, kind: int, status: int, head: bytes, body: bytes
    ) -> None:
        """The last frame of a call."""
        self.calls.pop(request_id, None)
        self._let_go(call)
        if len(body) < _JOIN_BELOW:
            self.send(frames.encode(kind, request_id, status, head, body))
        else:
            self.send(frames.prefix(kind, request_id, status, head, len(body)))
            self.send(body)

    def perhaps_dead(self, call: Invocation, text: bytes) -> None:
        """A call failed before its answer began, which may be because the program ended."""
        self._bridge.perhaps_dead(call, text)

    def send(self, frame: bytes) -> None:
        """Have it sent at the end of this turn of the loop."""
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(frame)

    def _flush(self) -> None:
        out, self._out = self._out, []
        if self._transport is None or not out:
            return
        if len(out) == 1:
            self._transport.write(out[0])
        else:
            self._transport.writelines(out)

    def pause_writing(self) -> None:
        self.full = True
        for call in self.calls.values():
            if call.begun and call.connection is not None:
                call.connection.hold()

    def resume_writing(self) -> None:
        self.full = False
        for call in self.calls.values():
            if call.begun and call.connection is not None:
                call.connection.release()
