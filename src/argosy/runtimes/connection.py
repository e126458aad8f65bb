"""One connection of the worker: bytes in, frames out of them; frames in, bytes out.

Non-blocking on both sides. Knows nothing of what frames mean.
"""

from __future__ import annotations

import socket
from typing import NamedTuple

from argosy.runtimes import frames
from argosy.runtimes.answers import Body

_CHUNK = 1 << 17
_JOIN_BELOW = 1 << 16
_FULL = 8 << 20  # bytes not yet taken by the other side from which on nothing is read from it


class Closed(Exception):
    """The other side is gone, or does not speak frames."""


class Frame(NamedTuple):
    """One frame as it came."""

    kind: int
    request_id: int
    head: bytes
    body: Body
    status: int = 0


_ASKED = range(frames.REQUEST, frames.DRAIN + 1)


class _Large:
    """A frame that is being received straight into its place."""

    def __init__(
        self, kind: int, request_id: int, status: int, head_length: int, length: int
    ) -> None:
        self.kind = kind
        self.request_id = request_id
        self.status = status
        self.head = bytearray(head_length)
        self.body = bytearray(length - head_length)
        self._filled = 0

    def take(self, data: memoryview) -> None:
        """Bytes that had come before it was known how many there will be."""
        head = min(len(data), len(self.head))
        self.head[:head] = data[:head]
        self.body[: len(data) - head] = data[head:]
        self._filled = len(data)

    def receive(self, sock: socket.socket) -> None:
        """Receive all that is missing. Raises BlockingIOError until then, Closed, OSError."""
        missing = len(self.head) + len(self.body) - self._filled
        while missing:
            position = self._filled - len(self.head)
            target = memoryview(self.head)[self._filled :]
            if position >= 0:
                target = memoryview(self.body)[position:]
            count = sock.recv_into(target)
            if not count:
                raise Closed
            self._filled += count
            missing -= count


class Connection:
    """A stream socket that carries frames."""

    def __init__(self, sock: socket.socket, kinds: range = _ASKED) -> None:
        """kinds: what the other side may send."""
        sock.setblocking(False)
        self._kinds = kinds
        self.sock = sock
        self.open = True
        self._rest = b""
        self._large: _Large | None = None
        self._out: list[bytes] = []
        self._unsent = memoryview(b"")

    @property
    def full(self) -> bool:
        """Too much is waiting to be sent: stop asking this side for more work."""
        return len(self._unsent) > _FULL

    @property
    def unsent(self) -> int:
        """Bytes that wait for the other side."""
        return len(self._unsent) + sum(map(len, self._out))

    @property
    def has_output(self) -> bool:
        return bool(self._out) or len(self._unsent) > 0

    def receive(self) -> list[Frame]:
        """The frames that have become whole; raises Closed."""
        try:
            if self._large is not None:
                return self._receive_large(self._large)
            data = self.sock.recv(_CHUNK)
        except BlockingIOError:
            return []
        except OSError as error:
            raise Closed from error
        if not data:
            raise Closed
        return self._split(self._rest + data if self._rest else data)

    def _receive_large(self, large: _Large) -> list[Frame]:
        large.receive(self.sock)
        self._large = None
        head = bytes(large.head)
        return [Frame(large.kind, large.request_id, head, large.body, large.status)]

    def _split(self, data: bytes) -> list[Frame]:
        found = []
        unpack, size = frames.HEAD.unpack_from, frames.HEAD_SIZE
        position, end = 0, len(data)
        while end - position >= size:
            length, request_id, status, head_length, kind = unpack(data, position)
            if length > frames.MAX_FRAME or head_length > length:
                raise Closed
            start = position + size
            stop = start + length
            if stop > end:
                if length > _CHUNK:
                    if kind not in self._kinds:  # before memory is set aside
                        raise Closed
                    self._large = _Large(kind, request_id, status, head_length, length)
                    self._large.take(memoryview(data)[start:])
                    position = end
                break
            body = start + head_length
            found.append(Frame(kind, request_id, data[start:body], data[body:stop], status))
            position = stop
        self._rest = data[position:]
        return found

    def send(self, frame: bytes) -> None:
        """Have it sent at the next `flush`."""
        self._out.append(frame)

    def flush(self) -> None:
        """Send as much as the other side takes now; raises Closed."""
        try:
            while self.has_output:
                if not len(self._unsent):
                    self._unsent = memoryview(self._next())
                # Only what was taken is let go of: it may be that nothing is.
                self._unsent = self._unsent[self.sock.send(self._unsent) :]
        except BlockingIOError:
            return
        except OSError as error:
            raise Closed from error

    def _next(self) -> bytes:
        """What is sent next: small frames together, a large body as it is."""
        large = (place for place, one in enumerate(self._out) if len(one) >= _JOIN_BELOW)
        count = next(large, len(self._out)) or 1
        together = self._out[0] if count == 1 else b"".join(self._out[:count])
        del self._out[:count]
        return together

    def close(self) -> None:
        self.open = False
        self._out.clear()
        self.sock.close()
