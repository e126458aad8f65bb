"""Answers of the edge itself as bytes: heads, JSON, errors."""

import json
import secrets
from itertools import count
from typing import Any

from argosy.access.dialects import Dialect, render_error

REASONS = {
    200: "OK",
    202: "Accepted",
    204: "No Content",
    206: "Partial Content",
    304: "Not Modified",
    307: "Temporary Redirect",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    408: "Request Timeout",
    412: "Precondition Failed",
    413: "Content Too Large",
    424: "Failed Dependency",
    429: "Too Many Requests",
    500: "Internal Server Error",
    501: "Not Implemented",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
}

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class RequestIds:
    """Ids shaped like UUIDs: random for the process, then counted. Unique, cheap, not secret.

    An id is `prefix` and then `next_number()` in twelve hex digits.
    """

    def __init__(self) -> None:
        raw = secrets.token_hex(10)
        self.prefix = f"{raw[:8]}-{raw[8:12]}-4{raw[12:15]}-a{raw[15:18]}-".encode()
        self.next_number = count(int(raw[18:], 16) << 32).__next__

    def next(self) -> bytes:
        return b"%b%012x" % (self.prefix, self.next_number())


def head(status: int, headers: dict[str, str], length: int | None) -> bytes:
    """Status line and headers; `length` None leaves Content-Length out.

    Line breaks in values become spaces, so that no value can add a header.
    """
    lines = [f"HTTP/1.1 {status} {REASONS.get(status, 'Status')}"]
    lines += [f"{name}: {clean(value)}" for name, value in headers.items()]
    if length is not None:
        lines.append(f"Content-Length: {length}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace")


def clean(value: str) -> str:
    """The value on one line."""
    return value.replace("\r", " ").replace("\n", " ")


def error(
    dialect: Dialect,
    status: int,
    code: str,
    message: str,
    request_id: bytes,
    members: dict[str, Any] | None = None,
    *,
    close: bool = False,
    head_only: bool = False,
) -> bytes:
    """A complete error in the client's dialect; only its head in answer to HEAD."""
    headers, body = render_error(dialect, status, code, message, request_id.decode(), members)
    if close:
        headers["Connection"] = "close"
    start = head(status, headers, len(body))
    return start if head_only else start + body


def plain_json(status: int, value: Any, request_id: bytes, *, head_only: bool = False) -> bytes:
    """A complete answer with a JSON body; only its head in answer to HEAD."""
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id.decode()}
    body = json.dumps(value).encode()
    start = head(status, headers, len(body))
    return start if head_only else start + body
