"""Raw HTTP for tests: signed requests as bytes, and answers read from a socket."""

import hashlib
import socket
import time
from typing import NamedTuple

from argosy.access import sigv4
from argosy.access.canonical import Asked
from tests.support.stage import ENDPOINT, KEY_ID, REGION, SECRET


class Answer(NamedTuple):
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def signed(
    method: str,
    target: str,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    service: str = "sagemaker",
    payload_hash: str = "",
    secret: str = SECRET,
    key_id: str = KEY_ID,
    now: float | None = None,
) -> dict[str, str]:
    """The headers of a correctly signed request, names in lower case."""
    path, _, query = target.partition("?")
    given = {"host": "edge", **(headers or {})}
    added = sigv4.sign(
        Asked(method, path, query, given),
        payload_hash or hashlib.sha256(body).hexdigest(),
        key_id=key_id,
        secret=secret,
        region=REGION,
        service=service,
        now=time.time() if now is None else now,
    )
    return {**given, **added}


def wire(method: str, target: str, headers: dict[str, str], body: bytes = b"") -> bytes:
    """The request as bytes, with Content-Length."""
    sized = {**headers, "content-length": str(len(body))}
    lines = "".join(f"{name}: {value}\r\n" for name, value in sized.items())
    return f"{method} {target} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body


INVOKE = f"/endpoints/{ENDPOINT}/invocations"


def invocation(body: bytes, **headers: str) -> bytes:
    """A signed InvokeEndpoint as bytes."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return wire("POST", INVOKE, signed("POST", INVOKE, body, given), body)


class Reader:
    """Reads answers from a connection."""

    def __init__(self, connection: socket.socket) -> None:
        self._file = connection.makefile("rb")

    def answer(self, *, head_only: bool = False) -> Answer | None:
        """The next answer; None at the end of the connection."""
        line = self._file.readline()
        if not line:
            return None
        headers = {}
        while (header := self._file.readline()) not in (b"\r\n", b""):
            name, _, value = header.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        status = int(line.split()[1])
        body = b"" if head_only or status == 100 else self._body(headers)
        return Answer(status, headers, body)

    def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return self._file.read(int(headers.get("content-length", 0)))
        parts = []
        while size := int(self._file.readline(), 16):
            parts.append(self._file.read(size))
            self._file.readline()
        self._file.readline()
        return b"".join(parts)

    def read(self, size: int) -> bytes:
        """So many bytes, of whatever they are."""
        return self._file.read(size)

    def at_end(self) -> bool:
        """True when the server has closed and sends nothing more."""
        try:
            return self._file.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._file.close()
