"""Clients that send whole requests on connections that stay open, and look at every answer.

For loads where the answer matters more than the generator's speed: a few hundred requests a second.
"""

import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.figures import percentile
from bench.processes import Unavailable

_PATIENCE_S = 60.0

Right = Callable[[int, int, bytes], bool]
"""(number of the request, status, body) → whether that is the right answer."""


@dataclass(frozen=True, kw_only=True)
class Called:
    """What came of many calls; times in microseconds."""

    requests: int
    failed: int
    """Answered with another status than 200, or not at all."""
    wrong: int
    p50_us: float
    p99_us: float


class Caller:
    """Calls a server with requests that are known by their numbers."""

    def __init__(self, url: str, requests: Sequence[bytes], right: Right) -> None:
        self._place = urlsplit(url)
        self._requests = requests
        self._right = right

    def must(self, number: int) -> float:
        """Seconds until the right answer is there. Raises Unavailable when another one is."""
        with self._connect() as connection:
            began = time.perf_counter()
            status, body = self._ask(connection, number)
            took = time.perf_counter() - began
        if not self._right(number, status, body):
            raise Unavailable(f"request {number} is answered wrongly: {status} {body[:120]!r}")
        return took

    def spread(self, callers: int, seconds: float, order: Callable[[int], Iterator[int]]) -> Called:
        """That many callers at once, each sending what its `order` says, one after another."""
        notes: list[list[tuple[float, int, bool]]] = [[] for _ in range(callers)]
        end = time.monotonic() + seconds
        threads = [
            threading.Thread(target=self._go, args=(order(n), end, notes[n]), daemon=True)
            for n in range(callers)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(seconds + 2 * _PATIENCE_S)
        return _called([one for part in notes for one in part])

    def _go(self, numbers: Iterator[int], end: float, notes: list[tuple[float, int, bool]]) -> None:
        connection = self._connect()
        while time.monotonic() < end:
            number, began = next(numbers), time.perf_counter()
            try:
                status, body = self._ask(connection, number)
            except (OSError, http.client.HTTPException):
                status, body = 0, b""
                connection.close()
                connection = self._connect()
            took = time.perf_counter() - began
            notes.append((took, status, self._right(number, status, body)))
        connection.close()

    def _connect(self) -> socket.socket:
        place = (str(self._place.hostname), int(self._place.port or 80))
        connection = socket.create_connection(place, _PATIENCE_S)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def _ask(self, connection: socket.socket, number: int) -> tuple[int, bytes]:
        connection.sendall(self._requests[number])
        with http.client.HTTPResponse(connection, method="POST") as response:
            response.begin()
            return response.status, response.read()


def _called(notes: Sequence[tuple[float, int, bool]]) -> Called:
    times = sorted(took * 1e6 for took, _, _ in notes)
    if not times:
        raise Unavailable("nothing was called")
    return Called(
        requests=len(notes),
        failed=sum(status != 200 for _, status, _ in notes),
        wrong=sum(status == 200 and not right for _, status, right in notes),
        p50_us=percentile(times, 50),
        p99_us=percentile(times, 99),
    )
