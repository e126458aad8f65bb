"""One POST to a subscriber, bounded in time and size. Blocking: for a thread of its own.

Redirects are not followed, and of the answer only the status counts.
"""

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import unquote

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError
from urllib3.util import Url, make_headers, parse_url

LIMIT_S = 15.0
"""SNS waits fifteen seconds for an answer."""
_CONNECT_S = 5.0
_TOO_MANY = 429


@dataclass(frozen=True)
class Outcome:
    """What came of a delivery."""

    ok: bool
    final: bool = False
    """Trying again is of no use: the subscriber refuses it."""
    why: str = ""


def post(url: str, headers: Mapping[str, str], body: bytes) -> Outcome:
    """Deliver; nothing is raised."""
    try:
        status = _status(parse_url(url), headers, body)
    except (HTTPError, HTTPException, OSError, ValueError) as error:
        return Outcome(False, why=f"{type(error).__name__}: {error}"[:256])
    if 200 <= status < 300:
        return Outcome(True)
    again = status >= 500 or status == _TOO_MANY
    return Outcome(False, final=not again, why=f"it answered with status {status}")


def _status(url: Url, headers: Mapping[str, str], body: bytes) -> int:
    connection = _connection(url)
    auth = make_headers(basic_auth=unquote(url.auth)) if url.auth else {}
    try:
        connection.connect()
        with _cut_off(connection):
            connection.request(
                "POST", url.request_uri, body, {**headers, **auth}, preload_content=False
            )
            return int(connection.getresponse().status)
    finally:
        connection.close()


def _connection(url: Url) -> HTTPConnection:
    """Raises ValueError when the URL names no host."""
    if not url.host:
        raise ValueError("the URL names no host")
    if url.scheme == "https":
        context = ssl.create_default_context()
        return HTTPSConnection(url.host, url.port, timeout=_CONNECT_S, ssl_context=context)
    return HTTPConnection(url.host, url.port, timeout=_CONNECT_S)


@contextlib.contextmanager
def _cut_off(connection: HTTPConnection) -> Iterator[None]:
    """End the connection when its time is over, however slowly bytes still come."""
    sock = connection.sock
    sock.settimeout(LIMIT_S)

    def cut() -> None:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(LIMIT_S, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
