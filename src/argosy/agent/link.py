"""The agent's own connection to its worker (frames, see `argosy.runtimes.frames`)."""

import contextlib
import json
import os
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from argosy.agent.watch import Watch
from argosy.runtimes import frames

# The worker belongs to the user once the model is loaded; its answers to us are short.
_LONGEST_ANSWER = 1 << 20
_SEND_TIMEOUT_S = 5.0
_OK = 200


class Link:
    """Sends LOAD, PING and DRAIN; remembers what was answered."""

    def __init__(self, watch: Watch, connection: socket.socket) -> None:
        self._watch = watch
        self._connection = connection
        self._received = bytearray()
        self._next_id = 1
        self.closed = False
        self.loaded: dict[str, Any] | None = None
        """The body of LOADED, once it came."""
        self.pings_open = 0
        self.healthy = False
        """Whether the last PONG said 200."""
        watch.add(connection.fileno(), self._read)

    @classmethod
    def connect(cls, watch: Watch, path: Path) -> "Link | None":
        """A connection to the worker's socket; None while nobody listens there yet."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(_SEND_TIMEOUT_S)
        try:
            connection.connect(os.fspath(path))
        except OSError:
            connection.close()
            return None
        return cls(watch, connection)

    def load(
        self,
        model_dir: str,
        environment: dict[str, str],
        base_dir: str,
        more: Mapping[str, Any] | None = None,
    ) -> None:
        """Have the worker load its model; `more` are further members of the order."""
        body = {
            "model_dir": model_dir,
            "environment": environment,
            "base_dir": base_dir,
            **(more or {}),
        }
        self._send(frames.LOAD, json.dumps(body).encode())

    def ping(self) -> None:
        """Ask whether it is well; `pings_open` falls when it answers."""
        self.pings_open += 1
        self._send(frames.PING)

    def drain(self) -> None:
        """Have the worker exit as soon as nobody else is connected."""
        self._send(frames.DRAIN)

    def close(self) -> None:
        """Idempotent."""
        if not self.closed:
            self.closed = True
            self._watch.remove(self._connection.fileno())
            self._connection.close()

    def _send(self, kind: int, body: bytes = b"") -> None:
        request_id = self._next_id
        self._next_id += 1
        if not self.closed:
            with contextlib.suppress(OSError):  # a dead worker is noticed by its exit
                self._connection.sendall(frames.encode(kind, request_id, body=body))

    def _read(self) -> None:
        try:
            data = self._connection.recv(64 * 1024)
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._received += data
        while self._take_frame():
            pass

    def _take_frame(self) -> bool:
        if len(self._received) < frames.HEAD_SIZE:
            return False
        length, _, status, head, kind = frames.HEAD.unpack_from(self._received)
        if length > _LONGEST_ANSWER:
            self.close()
            return False
        end = frames.HEAD_SIZE + length
        if len(self._received) < end:
            return False
        body = bytes(self._received[frames.HEAD_SIZE + head : end])
        del self._received[:end]
        self._answered(kind, status, body)
        return True

    def _answered(self, kind: int, status: int, body: bytes) -> None:
        if kind == frames.PONG:
            self.pings_open = max(0, self.pings_open - 1)
            self.healthy = status == _OK
        elif kind == frames.LOADED and self.loaded is None:
            try:
                answer = json.loads(body)
            except ValueError:
                answer = None
            self.loaded = answer if isinstance(answer, dict) else {}
