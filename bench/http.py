"""Whole HTTP requests as bytes, and one careful exchange to see that a server answers rightly."""

import http.client
import socket
from collections.abc import Mapping
from urllib.parse import urlsplit

_PATIENCE_S = 10.0


def post(url: str, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
    """A POST as it goes over the wire; Host and Content-Length are added when not given."""
    given = {name.lower() for name in headers}
    lines = [f"POST {path} HTTP/1.1"]
    if "host" not in given:
        lines.append(f"Host: {urlsplit(url).netloc}")
    lines += [f"{name}: {value}" for name, value in headers.items()]
    if "content-length" not in given:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def exchange(url: str, request: bytes) -> tuple[int, bytes]:
    """Send one whole request on a connection of its own; returns the status and the body.

    Raises OSError or http.client.HTTPException when there is no proper answer.
    """
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), _PATIENCE_S) as connection:
        connection.sendall(request)
        with http.client.HTTPResponse(connection, method="POST") as response:
            response.begin()
            return response.status, response.read()
