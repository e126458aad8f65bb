"""Runs wrk, the closed-loop load generator, and reads what it says.

Closed loop: a connection sends its next request when it has the answer to the last one.
"""

import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.place import BENCH
from bench.processes import Unavailable


@dataclass(frozen=True, kw_only=True)
class Load:
    """What came of one run of wrk."""

    connections: int
    seconds: float
    requests: int
    p50_us: float
    p99_us: float
    failed: int
    """Answers of status 400 and up, and connections that broke or timed out."""

    @property
    def per_second(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0


def run(
    url: str, requests: Sequence[bytes], *, connections: int, seconds: float, threads: int = 1
) -> Load:
    """Load `url` (scheme, host, port) with whole HTTP requests, in turn.

    Raises Unavailable when wrk is missing or dies.
    """
    with tempfile.NamedTemporaryFile(prefix="bench-requests-") as file:
        write_requests(Path(file.name), requests)
        command = [
            *(
                "wrk",
                "-t",
                str(threads),
                "-c",
                str(connections),
                "-d",
                f"{max(1, round(seconds))}s",
            ),
            *("--timeout", "10s", "-s", str(BENCH / "wrk.lua"), url, "--", file.name),
        ]
        output = _output_of(command, seconds + 30)
    return parse(output, connections)


def write_requests(path: Path, requests: Sequence[bytes]) -> None:
    """Write whole HTTP requests the way wrk.lua and bench.steady read them."""
    path.write_bytes(b"".join(b"%d\n" % len(request) + request for request in requests))


def read_requests(path: Path) -> list[bytes]:
    """What `write_requests` wrote."""
    requests = []
    with path.open("rb") as file:
        while line := file.readline():
            requests.append(file.read(int(line)))
    return requests


def parse(output: str, connections: int) -> Load:
    """The figures in wrk's output. Raises Unavailable when there are none."""
    for line in output.splitlines():
        if line.startswith("RESULT "):
            said = json.loads(line.removeprefix("RESULT "))
            return Load(
                connections=connections,
                seconds=said["microseconds"] / 1e6,
                requests=said["requests"],
                p50_us=said["p50_us"],
                p99_us=said["p99_us"],
                failed=said["bad_status"] + said["broken"],
            )
    raise Unavailable(f"wrk said nothing: {output.strip()[-200:]}")


def _output_of(command: list[str], timeout: float) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError:
        raise Unavailable("wrk is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"wrk did not end within {timeout:.0f} s") from None
    if done.returncode:
        raise Unavailable(f"wrk failed: {(done.stderr or done.stdout).strip()[-200:]}")
    return done.stdout
