"""The processes of a crew as it sees them, and the errands that they are sent on.

Knows nothing of forks and of selectors: frames go out by a connection, frames that came are given
to `Mate.take`.
"""

from __future__ import annotations

import json
import socket
from itertools import count
from typing import Protocol

from argosy.runtimes import frames
from argosy.runtimes.connection import Connection, Frame

_ANSWERS = range(frames.RESPONSE, frames.LOADED + 1)
_OK = 200


class Errand(Protocol):
    """Something that a process was asked for."""

    def answered(self, frame: Frame) -> bool:
        """A frame of it came; True when it was the last one."""
        ...


class Mate:
    """One of the processes; `errands` is what it owes."""

    def __init__(self, pid: int, sock: socket.socket) -> None:
        self.pid = pid
        self.connection = Connection(sock, _ANSWERS)
        self.errands: dict[int, Errand] = {}
        self._numbers = count(1)

    def ask(self, kind: int, errand: Errand, head: bytes = b"", body: bytes = b"") -> int:
        """Returns the number by which the errand can be cancelled."""
        number = next(self._numbers) & 0xFFFFFFFF
        self.errands[number] = errand
        self.connection.send(frames.encode(kind, number, 0, head, body))
        return number

    def cancel(self, number: int) -> None:
        """Nobody waits any more. The process may be at it; until it answers a ping, it has that
        much more to do."""
        if self.errands.pop(number, None):
            self.connection.send(frames.encode(frames.CANCEL, number))
            self.ask(frames.PING, Nothing())

    def take(self, frame: Frame) -> None:
        errand = self.errands.get(frame.request_id)
        if errand is not None and errand.answered(frame):
            del self.errands[frame.request_id]


class Passing:
    """A request of an asker's."""

    def __init__(
        self, connection: Connection, request_id: int, open_here: dict[int, tuple[Mate, int]]
    ) -> None:
        self._connection = connection
        self._request_id = request_id
        self._open_here = open_here

    def answered(self, frame: Frame) -> bool:
        kind, _, head, body, status = frame
        self._connection.send(frames.encode(kind, self._request_id, status, head, bytes(body)))
        if kind == frames.PART:
            return False
        self._open_here.pop(self._request_id, None)
        return True


class Nothing:
    """What nobody waits for."""

    def answered(self, frame: Frame) -> bool:
        return True


class Everybody:
    """What every process was asked for, and is answered once."""

    def __init__(self, connection: Connection, request_id: int) -> None:
        self._connection = connection
        self._request_id = request_id
        self.missing = 0
        self.over = False

    def answered(self, frame: Frame) -> bool:
        self.missing -= 1
        if not self.over and (not self.missing or self.bad(frame)):
            self.over = True
            kind, _, head, body, status = frame
            self._connection.send(frames.encode(kind, self._request_id, status, head, bytes(body)))
        return True

    def bad(self, frame: Frame) -> bool:
        """Whether this answer is the answer of all, whatever others say."""
        raise AssertionError


class Pinging(Everybody):
    """Well are all of them, or none."""

    def bad(self, frame: Frame) -> bool:
        return frame.status != _OK


class Loading(Everybody):
    """Loaded is the model when all of them have it."""

    def bad(self, frame: Frame) -> bool:
        return json.loads(frame.body).get("ok") is not True
