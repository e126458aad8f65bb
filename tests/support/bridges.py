"""A bridge with a program behind it, outside a sandbox, for tests."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from argosy.runtimes import frames
from tests.support.worker_client import WorkerClient

PROGRAMS = Path(__file__).parent / "programs"
MOST = 1 << 20
"""Limit on an answer, bytes."""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class Bridge:
    """A bridge process; `load` has it start the program."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        self.socket = folder / "bridge.sock"
        self._log = folder / "bridge.log"
        self.port = free_port()
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "argosy.runtimes.bridge"),
                    *("--socket", str(self.socket), *arguments),
                ],
                stdout=log,
                stderr=log,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            )

    @property
    def log(self) -> str:
        return self._log.read_text()

    def connect(self, timeout: float = 60.0) -> WorkerClient:
        deadline = time.monotonic() + timeout
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the bridge did not start: {self.log}")
            time.sleep(0.005)
        return WorkerClient(self.socket, timeout)

    def load(
        self, client: WorkerClient, *, folder: Path = PROGRAMS, **order: Any
    ) -> dict[str, Any]:
        """LOAD; `environment` is added to what every program needs. The LOADED body."""
        environment = {
            "PATH": f"{folder}:{Path(sys.executable).parent}:{os.environ['PATH']}",
            "SAGEMAKER_BIND_TO_PORT": str(self.port),
            "PYTHONUNBUFFERED": "1",
            **order.pop("environment", {}),
        }
        body = {"folder": str(folder), "max_answer": MOST, "startup_s": 60.0, **order}
        asked = json.dumps({**body, "environment": environment}).encode()
        answer: dict[str, Any] = client.ask(frames.LOAD, asked).json()
        return answer


@contextmanager
def bridge(folder: Path, *arguments: str) -> Iterator[Bridge]:
    """A bridge that is gone at the end, with its program."""
    made = Bridge(folder, *arguments)
    try:
        yield made
    finally:
        if made.process.poll() is None:
            made.process.terminate()
            try:
                made.process.wait(3)
            except subprocess.TimeoutExpired:
                made.process.kill()
        made.process.wait()
