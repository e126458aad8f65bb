"""The control process's socket: private, in the place of a stale one, closed by SIGTERM."""

import http.client
import json
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

SERVE = """
import asyncio
import sys
from pathlib import Path
from argosy.api.app import App
from argosy.api.listening import listen
from argosy.ground.clock import SystemClock
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.records import Records
from tests.support.apps import dispatch

folder = Path(sys.argv[1])
records = Records(open_database(folder / "a.db"))
asyncio.run(listen(App(dispatch(records, Settings(), SystemClock())), folder / "control.sock"))
"""


class UnixConnection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=5)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(5)
        self.sock.connect(str(self._path))


def health(path: Path) -> object:
    connection = UnixConnection(path)
    try:
        connection.request("GET", "/_argosy/health")
        return json.loads(connection.getresponse().read())
    finally:
        connection.close()


def wait_until_healthy(path: Path, process: subprocess.Popen[bytes]) -> object:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.poll() is None:
        try:
            return health(path)
        except OSError:
            time.sleep(0.02)
    pytest.fail("control did not come up")


def test_the_socket_is_private_and_closed_by_sigterm(tmp_path: Path) -> None:
    path = tmp_path / "control.sock"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(path))

    process = subprocess.Popen([sys.executable, "-c", SERVE, str(tmp_path)])
    try:
        assert wait_until_healthy(path, process) == health(path)
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
        idle = UnixConnection(path)
        idle.connect()
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        idle.close()
    finally:
        process.kill()
        process.wait()

    with pytest.raises(ConnectionRefusedError):
        health(path)
