"""The porter's connection to control: lines of JSON both ways over `DataDir.work_socket`.

It connects again for as long as it takes. What must not be lost is reported under a key, and said
again on every new connection until control has acknowledged that key.
"""

import contextlib
import json
import logging
import os
import socket
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

log = logging.getLogger(__name__)

_CONNECT_EVERY_S = 0.05
_LONGEST_PAUSE_S = 0.5


class Link:
    """One thread runs `run`; `tell`, `report` and `acknowledged` are for any thread."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._connection: socket.socket | None = None
        self._unacknowledged: dict[str, dict[str, Any]] = {}
        self._closed = threading.Event()

    def run(
        self, hello: Callable[[], dict[str, Any]], told: Callable[[dict[str, Any]], None]
    ) -> None:
        """Be connected until `close`; `told` gets every message of control.

        Besides {"connected": true} as the first one of each connection, when control knows nothing
        yet that is not reported.
        """
        pause = _CONNECT_EVERY_S
        while not self._closed.is_set():
            connection = self._connect()
            if connection is None:
                self._closed.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE_S)
                continue
            pause = _CONNECT_EVERY_S
            with connection:
                self._introduce(connection, hello())
                told({"connected": True})
                self._listen(connection, told)

    def tell(self, message: dict[str, Any]) -> bool:
        """Say something that need not be said again; False when control is away."""
        with self._lock:
            connection = self._connection
        return connection is not None and self._send(connection, [message])

    def report(self, key: str, message: dict[str, Any]) -> None:
        """Say something until control has acknowledged `key`."""
        with self._lock:
            self._unacknowledged[key] = message
            connection = self._connection
        if connection is not None:
            self._send(connection, [message])

    def acknowledged(self, keys: Iterable[str]) -> None:
        """Control has noted these."""
        with self._lock:
            for key in keys:
                self._unacknowledged.pop(key, None)

    @property
    def owes(self) -> bool:
        """Whether something reported has not been acknowledged yet."""
        return bool(self._unacknowledged)

    def close(self) -> None:
        """End `run`. Idempotent."""
        self._closed.set()
        with self._lock:
            connection = self._connection
        if connection is not None:
            _shut(connection)

    def _connect(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(os.fspath(self._path))
        except OSError:
            connection.close()
            return None
        return connection

    def _introduce(self, connection: socket.socket, hello: dict[str, Any]) -> None:
        """Say who we are and what is still owed; what is reported from now on comes after that."""
        with self._lock:
            owed = list(self._unacknowledged.values())
            self._sending.acquire()
            self._connection = connection
        try:
            self._write(connection, [{"hello": hello}, *owed])
        finally:
            self._sending.release()

    def _listen(self, connection: socket.socket, told: Callable[[dict[str, Any]], None]) -> None:
        try:
            with contextlib.suppress(OSError), connection.makefile("rb") as lines:
                for line in lines:
                    if line.endswith(b"\n"):
                        told(json.loads(line))
        except Exception:
            log.exception("what control said could not be taken; connecting again")
            self._closed.wait(_LONGEST_PAUSE_S)
        finally:
            with self._lock:
                self._connection = None

    def _send(self, connection: socket.socket, messages: list[dict[str, Any]]) -> bool:
        with self._sending:
            return self._write(connection, messages)

    def _write(self, connection: socket.socket, messages: list[dict[str, Any]]) -> bool:
        try:
            connection.sendall(b"".join(_line(message) for message in messages))
        except OSError:
            _shut(connection)  # the listening thread sees it, and connects again
            return False
        return True


def _line(message: dict[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def _shut(connection: socket.socket) -> None:
    with contextlib.suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
