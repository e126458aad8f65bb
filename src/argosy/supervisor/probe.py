"""Asks whether a part of the platform answers HTTP; knows nothing else of HTTP."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_PATIENCE_S = 0.2
_HEALTH = b"GET /_argosy/health HTTP/1.1\r\nHost: argosy\r\nConnection: close\r\n\r\n"


def port_healthy(host: str, port: int, tls: "ssl.SSLContext | None" = None) -> bool:
    """True when GET /_argosy/health is answered 200 on a TCP port."""
    try:
        with socket.create_connection((reachable(host), port), _PATIENCE_S) as plain:
            if tls is None:
                return _status(plain) == b"200"
            with tls.wrap_socket(plain) as wrapped:
                return _status(wrapped) == b"200"
    except OSError:
        return False


def socket_healthy(path: Path) -> bool:
    """True when GET /_argosy/health is answered 200 on a Unix socket."""
    return _unix_status(path) == b"200"


def socket_answers(path: Path) -> bool:
    """True when a Unix socket answers HTTP at all."""
    return bool(_unix_status(path))


def port_answers(port: int) -> bool:
    """True when a port on loopback answers HTTP at all."""
    try:
        with socket.create_connection(("127.0.0.1", port), _PATIENCE_S) as plain:
            return bool(_status(plain))
    except OSError:
        return False


def _unix_status(path: Path) -> bytes:
    with socket.socket(socket.AF_UNIX) as plain:
        plain.settimeout(_PATIENCE_S)
        try:
            plain.connect(str(path))
            return _status(plain)
        except OSError:
            return b""


def _status(connection: socket.socket) -> bytes:
    """The status code of the answer, b"" when there is none."""
    connection.sendall(_HEALTH)
    first = connection.recv(64).split(b" ", 2)
    return first[1] if len(first) > 1 and first[0].startswith(b"HTTP/") else b""


def reachable(host: str) -> str:
    """An address to connect to, for one to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
