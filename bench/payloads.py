"""Cuts a file into payloads of whole lines and posts them one after another, as batch transform
does with a container: one connection, one payload at a time.
"""

import http.client
from collections.abc import Iterator
from typing import IO
from urllib.parse import urlsplit

from bench.processes import Unavailable

PAYLOAD = 6 * 1024 * 1024
_PATIENCE_S = 120.0


def payloads(source: IO[bytes], limit: int = PAYLOAD) -> Iterator[bytes]:
    """Runs of whole lines, each as long as `limit` allows.

    Raises Unavailable for a line that is longer than that.
    """
    rest = b""
    while True:
        data = rest + source.read(limit - len(rest))
        if not data:
            return
        end = data.rfind(b"\n") + 1 if len(data) == limit else len(data)
        if not end:
            raise Unavailable(f"a line is longer than {limit} bytes")
        yield data[:end]
        rest = data[end:]


def post_all(url: str, path: str, source: IO[bytes], output: IO[bytes]) -> int:
    """Post every payload as CSV and write the answers in their order; returns how many there were.

    Raises Unavailable when one is not answered with 200.
    """
    place = urlsplit(url)
    connection = http.client.HTTPConnection(str(place.hostname), place.port, timeout=_PATIENCE_S)
    count = 0
    try:
        for body in payloads(source):
            headers = {"Content-Type": "text/csv", "Accept": "text/csv"}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            content = answer.read()
            if answer.status != 200:
                raise Unavailable(f"payload {count}: {answer.status} {content[:120]!r}")
            output.write(content)
            count += 1
    finally:
        connection.close()
    return count
