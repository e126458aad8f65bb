"""An open-loop load generator: sends at a constant rate whether or not answers come.

`python -m bench.steady FILE HOST PORT RATE SECONDS CONNECTIONS` prints a `Steady` as JSON. Each
request has a moment at which it is due, and its latency counts from that moment, not from when it
could be sent: a stalled server cannot hide behind the requests it kept from being sent
(coordinated omission). So the generator's own lateness is in the figures too; it is told apart as
`late_p99_us` (how late requests went out though a connection was free).

wrk cannot do this, hence a loop over epoll here, bare enough to be no bottleneck: one send and
one receive a request, on connections that stay open. It knows answers with Content-Length only.
"""

import collections
import ctypes
import gc
import json
import os
import select
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.figures import percentile
from bench.place import ROOT
from bench.processes import Unavailable
from bench.wrk import read_requests, write_requests

_TICK_S = 0.0002
_GRACE_S = 2.0
_CLOCK_MONOTONIC = 1


@dataclass(frozen=True, kw_only=True)
class Steady:
    """What came of a constant load. Latencies count from when a request was due."""

    offered_per_second: float
    achieved_per_second: float
    p50_us: float
    p99_us: float
    late_p99_us: float
    generator_cpu: float
    """Share of one core that the generator used."""
    failed: int
    """Answers other than 2xx, and requests that were not answered within two more seconds."""


def run(
    url: str, requests: Sequence[bytes], *, rate: float, seconds: float, connections: int = 64
) -> Steady:
    """Load `url` from a process of its own. Raises Unavailable when that fails."""
    place = urlsplit(url)
    with tempfile.NamedTemporaryFile(prefix="bench-requests-") as file:
        write_requests(Path(file.name), requests)
        arguments = [file.name, place.hostname, place.port, rate, seconds, connections]
        done = subprocess.run(
            [sys.executable, "-m", "bench.steady", *(str(a) for a in arguments)],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=seconds + 30,
            check=False,
        )
    if done.returncode:
        raise Unavailable(f"the load generator failed: {done.stderr.strip()[-200:]}")
    return Steady(**json.loads(done.stdout))


class _Connection:
    """One open connection; at most one request is on its way."""

    __slots__ = ("due", "received", "socket")

    def __init__(self, host: str, port: int) -> None:
        self.socket = socket.create_connection((host, port), 10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = b""
        self.due = 0.0


class Generator:
    """Sends `total` requests in turn at a constant rate and keeps when each was answered."""

    def __init__(
        self, requests: list[bytes], address: tuple[str, int], rate: float, connections: int
    ) -> None:
        self._requests = requests
        self._rate = rate
        self._poll = select.epoll()
        self._timer = _timer(_TICK_S)
        self._poll.register(self._timer, select.EPOLLIN)
        self._connections = {c.socket.fileno(): c for c in self._connect(address, connections)}
        self._free = collections.deque(self._connections.values())
        self._sent = 0
        self.latencies: list[float] = []
        self.lateness: list[float] = []
        self.bad = 0

    def _connect(self, address: tuple[str, int], count: int) -> list[_Connection]:
        connections = [_Connection(*address) for _ in range(count)]
        for connection in connections:
            self._poll.register(connection.socket, select.EPOLLIN)
        return connections

    def run(self, total: int) -> float:
        """Send `total` requests; returns the seconds until the last answer."""
        start = time.perf_counter() + 0.01
        give_up = start + total / self._rate + _GRACE_S
        while len(self.latencies) + self.bad < total:
            if self._send_due(start, total) > give_up:
                break
            for descriptor, _ in self._poll.poll(0.1):
                if descriptor == self._timer:
                    os.read(self._timer, 8)
                else:
                    self._receive(self._connections[descriptor])
        return time.perf_counter() - start

    def close(self) -> None:
        for connection in self._connections.values():
            connection.socket.close()
        self._poll.close()
        os.close(self._timer)

    def _send_due(self, start: float, total: int) -> float:
        """Send what is due, as far as connections are free; returns the time."""
        now = time.perf_counter()
        due_by_now = min(total, int((now - start) * self._rate) + 1) if now >= start else 0
        held_up = due_by_now - self._sent > len(self._free)
        while self._sent < due_by_now and self._free:
            connection = self._free.popleft()
            connection.due = start + self._sent / self._rate
            connection.socket.sendall(self._requests[self._sent % len(self._requests)])
            self._sent += 1
            if not held_up:
                self.lateness.append(now - connection.due)
        return now

    def _receive(self, connection: _Connection) -> None:
        data = connection.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed a connection")
        if connection.received:
            data = connection.received + data
        if not complete(data):
            connection.received = data
            return
        if data.startswith(b"HTTP/1.1 2"):
            self.latencies.append(time.perf_counter() - connection.due)
        else:
            self.bad += 1
        connection.received = b""
        self._free.append(connection)


def complete(answer: bytes) -> bool:
    """Whether a whole answer is there. Raises ValueError when it has no Content-Length."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    at = answer.lower().find(b"\r\ncontent-length:", 0, end)
    if at < 0:
        raise ValueError("an answer without Content-Length")
    line_end = answer.find(b"\r\n", at + 2)
    return len(answer) >= end + 4 + int(answer[at + 17 : line_end])


def _timer(interval: float) -> int:
    """A descriptor that is readable every `interval` seconds (timerfd; in `os` from Python 3.13).

    epoll's own timeout counts whole milliseconds, too coarse to send at an even pace.
    """

    class TimeSpec(ctypes.Structure):
        _fields_ = (("seconds", ctypes.c_long), ("nanoseconds", ctypes.c_long))

    class TimerSpec(ctypes.Structure):
        _fields_ = (("interval", TimeSpec), ("first", TimeSpec))

    libc = ctypes.CDLL(None, use_errno=True)
    descriptor: int = libc.timerfd_create(_CLOCK_MONOTONIC, 0)
    every = TimeSpec(0, int(interval * 1e9))
    spec = TimerSpec(every, every)
    if descriptor < 0 or libc.timerfd_settime(descriptor, 0, ctypes.byref(spec), None):
        raise OSError(ctypes.get_errno(), "no timer")
    return descriptor


def measure(
    requests: list[bytes], address: tuple[str, int], rate: float, seconds: float, connections: int
) -> Steady:
    """Load an address for some seconds, in this process."""
    total = max(1, round(rate * seconds))
    generator = Generator(requests, address, rate, connections)
    try:
        cpu = time.process_time()
        took = generator.run(total)
        cpu = time.process_time() - cpu
    finally:
        generator.close()
    answered = len(generator.latencies)
    # What was never answered is as late as the run is long: it may not improve the p99.
    lost = total - answered
    latencies = sorted([*generator.latencies, *[took] * lost])
    return Steady(
        offered_per_second=rate,
        achieved_per_second=answered / took,
        p50_us=percentile(latencies, 50) * 1e6,
        p99_us=percentile(latencies, 99) * 1e6,
        late_p99_us=percentile(sorted(generator.lateness) or [0.0], 99) * 1e6,
        generator_cpu=cpu / took,
        failed=lost,
    )


if __name__ == "__main__":
    gc.disable()  # a collection would be a pause of the generator's own making
    _file, _host, _port, _rate, _seconds, _connections = sys.argv[1:]
    print(
        json.dumps(
            asdict(
                measure(
                    read_requests(Path(_file)),
                    (_host, int(_port)),
                    float(_rate),
                    float(_seconds),
                    int(_connections),
                )
            )
        )
    )
