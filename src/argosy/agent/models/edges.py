"""The edges connected to an instance of many models: their orders come in, answers go out.

Never waits for an edge: what one does not take now is sent later. Knows nothing of models.
"""

import contextlib
import json
import os
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from argosy.agent.watch import Watch
from argosy.runtimes import frames
from argosy.runtimes.connection import Closed, Connection, Frame

_BACKLOG = 64

Taken = Callable[["Edge", Frame], None]


class Edge:
    """One connected edge."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def answer(self, request_id: int, status: int, body: dict[str, Any]) -> None:
        """Answer a MODEL."""
        self._send(frames.RESPONSE, request_id, status, body)

    def tell(self, kind: int, body: dict[str, Any]) -> None:
        """Say what was not asked for."""
        self._send(kind, 0, 0, body)

    def _send(self, kind: int, request_id: int, status: int, body: dict[str, Any]) -> None:
        if self.connection.open:
            data = json.dumps(body).encode()
            self.connection.send(frames.encode(kind, request_id, status, b"", data))


class Edges:
    """Listens on the instance's public address."""

    def __init__(
        self, watch: Watch, path: Path, taken: Taken, left: Callable[[Edge], None]
    ) -> None:
        """taken: an edge sent this frame; left: it is gone. Raises OSError."""
        self._watch = watch
        self._path = path
        self._taken = taken
        self._left = left
        self._all: list[Edge] = []
        path.unlink(missing_ok=True)
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(os.fspath(path))
        path.chmod(0o600)
        self._listener.listen(_BACKLOG)
        self._listener.setblocking(False)
        watch.add(self._listener.fileno(), self._accept)

    @property
    def connected(self) -> list[Edge]:
        """Oldest first."""
        return list(self._all)

    def tell(self, kind: int, body: dict[str, Any]) -> None:
        """Say it to all of them."""
        for edge in self._all:
            edge.tell(kind, body)

    def flush(self) -> None:
        """Send what is to be sent, as far as they take it."""
        for edge in list(self._all):
            if edge.connection.has_output:
                try:
                    edge.connection.flush()
                except Closed:
                    self._drop(edge)

    def accept_no_more(self) -> None:
        """Who is connected stays so. Idempotent."""
        if self._listener.fileno() >= 0:
            self._watch.remove(self._listener.fileno())
            self._listener.close()
            self._path.unlink(missing_ok=True)

    def close(self) -> None:
        """Idempotent."""
        self.accept_no_more()
        for edge in list(self._all):
            self._drop(edge)

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self._listener.accept()
                edge = Edge(Connection(sock))
                self._all.append(edge)
                self._watch.add(sock.fileno(), partial(self._receive, edge))

    def _receive(self, edge: Edge) -> None:
        try:
            received = edge.connection.receive()
        except Closed:
            self._drop(edge)
            return
        for frame in received:
            self._taken(edge, frame)

    def _drop(self, edge: Edge) -> None:
        if edge in self._all:
            self._all.remove(edge)
            self._watch.remove(edge.connection.sock.fileno())
            edge.connection.close()
            self._left(edge)
