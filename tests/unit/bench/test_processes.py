"""What the harness starts it also ends, all of it, and nothing else."""

import os
import sys
from pathlib import Path

import pytest
from bench.memory import proportional_mib, resident_mib
from bench.processes import Unavailable, running
from bench.steady import measure

# A parent that starts a child in a session of its own, the way Ray's daemons detach.
DETACHING = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"],
                         start_new_session=True)
print(child.pid, flush=True)
time.sleep(60)
"""

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    asked = 0
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        Handler.asked += 1
        self.send_response(500 if Handler.asked == 7 else 200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
    def log_message(self, *a): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_port, flush=True)
server.serve_forever()
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_detached_child_is_ended_with_its_server(tmp_path: Path) -> None:
    log = tmp_path / "log"

    with running([sys.executable, "-c", DETACHING], {}, log) as server:
        server.wait_until(lambda: log.read_text().endswith("\n"), 10)
        child = int(log.read_text())
        assert child in server.pids()
        assert alive(child)

    assert not alive(child)


def test_a_server_that_dies_is_reported_with_its_last_words(tmp_path: Path) -> None:
    dying = [sys.executable, "-c", "raise SystemExit('no port left')"]

    with (
        running(dying, {}, tmp_path / "log") as server,
        pytest.raises(Unavailable, match="exited with 1: no port left"),
    ):
        server.wait_until(lambda: False, 10)


def test_a_program_that_is_not_there_is_reported(tmp_path: Path) -> None:
    with (
        pytest.raises(Unavailable, match="cannot start /no/such"),
        running(["/no/such"], {}, tmp_path / "log"),
    ):
        pass


def test_memory_of_the_living_counts_and_of_the_gone_does_not() -> None:
    assert 1 < proportional_mib([os.getpid()]) <= resident_mib([os.getpid()]) * 1.5
    assert proportional_mib([2**22 + 1]) == 0


def test_a_constant_rate_is_kept_and_refusals_are_counted(tmp_path: Path) -> None:
    log = tmp_path / "log"
    request = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi"

    with running([sys.executable, "-c", SERVER], {}, log) as server:
        server.wait_until(lambda: log.read_text().endswith("\n"), 10)
        found = measure([request], ("127.0.0.1", int(log.read_text())), 100, 0.5, 4)

    assert found.offered_per_second == 100
    assert 60 < found.achieved_per_second < 105
    assert found.failed == 1
    assert 0 < found.p50_us <= found.p99_us
