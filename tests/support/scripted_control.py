"""A control that does what a script says, request by request: answers, or closes at some moment.

One thread owns all of its sockets, so that a closed one is closed at once: a thread that waits in
a read keeps what another closes.
"""

import http.client
import os
import select
import socket
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

_LOOK_EVERY_S = 0.02
_READ_S = 30.0


class Called(NamedTuple):
    """A request that was read to its end."""

    connection: int
    """Which of all connections it came on, counted from 0."""
    method: str
    path: str
    body: bytes


Act = Callable[["ScriptedControl", socket.socket], bool]
"""Deals with a request of which something has come; False: the connection is to be closed."""


class ScriptedControl:
    """Listens on a Unix socket; a request for which `script` has no act is answered."""

    def __init__(self, path: Path) -> None:
        self.called: list[Called] = []
        self.script: deque[Act] = deque()
        self.kept: list[socket.socket] = []
        """Connections of requests that `keep` has read."""
        self.accepted = 0
        self.ended = 0
        """Connections that the edge has closed."""
        self._path = path
        self._numbers: dict[socket.socket, int] = {}
        self._deaf = self._stopping = False
        self._orders: deque[tuple[Callable[[], Any], threading.Event]] = deque()
        self._listening = self._bound()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    # -- what a test does

    def restart(self) -> None:
        """Close everything, as a process does that dies; then listen again."""
        self._in_thread(self._hang_up_and_listen)

    def hang_up(self) -> None:
        """Close all connections."""
        self._in_thread(self._hang_up)

    def send_unasked(self, data: bytes) -> None:
        """Send something on every connection."""
        self._in_thread(lambda: [one.sendall(data) for one in self._numbers])

    def answer_kept(self) -> None:
        self._in_thread(lambda: [_send_answer(one, b"kept") for one in self.kept])

    def deafen(self) -> None:
        """Accept nobody: who connects waits in the line."""
        self._in_thread(lambda: setattr(self, "_deaf", True))

    def somebody_waits(self) -> bool:
        """Whether one who connected waits to be accepted."""
        return bool(select.select([self._listening], [], [], 0)[0])

    @property
    def open(self) -> int:
        """Connections that are open."""
        return len(self._numbers)

    def close(self) -> None:
        self._stopping = True
        self._thread.join()
        self._hang_up()
        self._listening.close()

    # -- the thread

    def _in_thread(self, order: Callable[[], Any]) -> None:
        done = threading.Event()
        self._orders.append((order, done))
        assert done.wait(_READ_S)

    def _run(self) -> None:
        while not self._stopping:
            watched = list(self._numbers) + ([] if self._deaf else [self._listening])
            for ready in select.select(watched, [], [], _LOOK_EVERY_S)[0]:
                if ready is self._listening:
                    self._accept()
                elif ready in self._numbers:
                    self._serve(ready)
            while self._orders:
                order, done = self._orders.popleft()
                order()
                done.set()

    def _accept(self) -> None:
        connection, _ = self._listening.accept()
        connection.settimeout(_READ_S)
        self._numbers[connection] = self.accepted
        self.accepted += 1

    def _serve(self, connection: socket.socket) -> None:
        try:
            if not connection.recv(1, socket.MSG_PEEK):
                self.ended += 1
                self._drop(connection)
                return
            act = self.script.popleft() if self.script else answer
            if not act(self, connection):
                self._drop(connection)
        except OSError:
            self.ended += 1
            self._drop(connection)

    def _drop(self, connection: socket.socket) -> None:
        del self._numbers[connection]
        connection.close()

    def _hang_up(self) -> None:
        for connection in list(self._numbers):
            self._drop(connection)

    def _hang_up_and_listen(self) -> None:
        self._listening.close()
        self._hang_up()
        self._listening, self._deaf = self._bound(), False

    def _bound(self) -> socket.socket:
        self._path.unlink(missing_ok=True)
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(os.fspath(self._path))
        listening.listen(64)
        return listening

    def read(self, connection: socket.socket) -> Called:
        """A request to its end; noted."""
        with connection.makefile("rb") as file:
            method, path, _ = file.readline().decode().split()
            headers = http.client.parse_headers(file)
            if headers.get("transfer-encoding") == "chunked":
                body = _chunks(file)
            else:
                body = file.read(int(headers.get("content-length", 0)))
        called = Called(self._numbers[connection], method, path, body)
        self.called.append(called)
        return called


def _chunks(file: Any) -> bytes:
    parts = []
    while size := int(file.readline(), 16):
        parts.append(file.read(size))
        file.readline()
    file.readline()
    return b"".join(parts)


def _send_answer(connection: socket.socket, body: bytes, more: str = "") -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n{more}\r\n"
    connection.sendall(head.encode() + body)


# -- acts


def answer(control: ScriptedControl, connection: socket.socket) -> bool:
    """What a control does whose life is quiet: the answer is the request's body."""
    _send_answer(connection, control.read(connection).body)
    return True


def answer_for_the_last_time(control: ScriptedControl, connection: socket.socket) -> bool:
    _send_answer(connection, control.read(connection).body, "Connection: close\r\n")
    return False


def close_unread(control: ScriptedControl, connection: socket.socket) -> bool:
    return False


def close_half_read(control: ScriptedControl, connection: socket.socket) -> bool:
    connection.recv(1000)
    return False


def close_read(control: ScriptedControl, connection: socket.socket) -> bool:
    """As a control that dies at work: it may have been done with it."""
    control.read(connection)
    return False


def answer_half_a_head(control: ScriptedControl, connection: socket.socket) -> bool:
    control.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nConte")
    return False


def answer_half_a_body(control: ScriptedControl, connection: socket.socket) -> bool:
    control.read(connection)
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
    return False


def answer_unread(control: ScriptedControl, connection: socket.socket) -> bool:
    """An answer to a request of which it has seen the beginning only; then it reads the rest."""
    connection.recv(1000)
    _send_answer(connection, b"early")
    while connection.recv(1 << 20):
        pass
    control.ended += 1
    return False


def keep(control: ScriptedControl, connection: socket.socket) -> bool:
    """Read it and say nothing."""
    control.read(connection)
    control.kept.append(connection)
    return True
