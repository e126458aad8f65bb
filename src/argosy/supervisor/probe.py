"""Asks parts of the platform by HTTP how they are; knows nothing else of HTTP."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import ssl

_PATIENCE_S = 0.2
_HEALTH = "GET /_argosy/health HTTP/1.1"

Address = Path | tuple[str, int]
"""A Unix socket, or a host and a port."""


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
    return _asked(path, _HEALTH) == b"200"


def port_answers(port: int) -> bool:
    """True when a port on loopback answers HTTP at all."""
    return bool(_asked(("127.0.0.1", port), _HEALTH))


def exists(where: Address, path: str) -> bool:
    """True when a GET of the path is answered 200."""
    return _asked(where, f"GET {path} HTTP/1.1") == b"200"


def make(where: Address, path: str) -> bool:
    """PUT one byte to the path; True when it was taken."""
    return _asked(where, f"PUT {path} HTTP/1.1", b"1").startswith(b"2")


def _asked(where: Address, line: str, body: bytes = b"") -> bytes:
    """The status of the answer to a request, b"" when there is none."""
    family = socket.AF_UNIX if isinstance(where, Path) else socket.AF_INET
    with socket.socket(family) as plain:
        plain.settimeout(_PATIENCE_S)
        try:
            plain.connect(str(where) if isinstance(where, Path) else where)
            return _status(plain, line, body)
        except OSError:
            return b""


def _status(connection: socket.socket, line: str = _HEALTH, body: bytes = b"") -> bytes:
    """The status code of the answer, b"" when there is none."""
    lines = (line, "Host: argosy", "Connection: close", f"Content-Length: {len(body)}", "", "")
    connection.sendall("\r\n".join(lines).encode() + body)
    first = connection.recv(64).split(b" ", 2)
    return first[1] if len(first) > 1 and first[0].startswith(b"HTTP/") else b""


def reachable(host: str) -> str:
    """An address to connect to, for one to listen on."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)
