"""A small blocking client of a model worker's frames, and a worker to talk to, for tests."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from argosy.runtimes import frames


@dataclass(frozen=True)
class Reply:
    """One frame from the worker."""

    kind: int
    request_id: int
    status: int
    head: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class WorkerClient:
    """One connection. Raises ConnectionError when the worker is gone."""

    def __init__(self, path: str | os.PathLike[str], timeout: float = 60.0) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(timeout)
        try:
            self._socket.connect(os.fspath(path))
        except OSError:
            self._socket.close()
            raise
        self._reader = self._socket.makefile("rb")
        self._next_id = 0

    def __enter__(self) -> "WorkerClient":
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def send(self, kind: int, body: bytes = b"", **head: str) -> int:
        """Send one frame; returns its request id. Head names are given with underscores."""
        return self.send_many([(kind, body, head)])[0]

    def send_many(self, asked: Iterable[tuple[int, bytes, Mapping[str, str]]]) -> list[int]:
        """Send frames in one write, so that they wait together; returns their ids."""
        ids, data = [], []
        for kind, body, head in asked:
            self._next_id += 1
            fields = {name.replace("_", "-"): value for name, value in head.items()}
            data.append(
                frames.encode(
                    kind, self._next_id, 0, frames.encode_head(fields) if head else b"", body
                )
            )
            ids.append(self._next_id)
        self._socket.sendall(b"".join(data))
        return ids

    def send_bytes(self, data: bytes) -> None:
        """Send bytes that need not be frames."""
        self._socket.sendall(data)

    def read(self) -> Reply:
        """The next frame from the worker, whichever request it belongs to."""
        length, request_id, status, head_length, kind = frames.HEAD.unpack(
            self._exactly(frames.HEAD_SIZE)
        )
        payload = self._exactly(length)
        head = frames.decode_head(payload[:head_length])
        return Reply(kind, request_id, status, head, payload[head_length:])

    def ask(self, kind: int, body: bytes = b"", **head: str) -> Reply:
        """Send one frame and read one: they belong together when nothing else is open."""
        wanted = self.send(kind, body, **head)
        reply = self.read()
        assert reply.request_id == wanted
        return reply

    def predict(self, body: bytes, content_type: str = "", accept: str = "", **head: str) -> Reply:
        """One REQUEST and its RESPONSE."""
        named = {"content_type": content_type, "accept": accept}
        head = {**{name: value for name, value in named.items() if value}, **head}
        return self.ask(frames.REQUEST, body, **head)

    def stream(self, body: bytes, **head: str) -> Iterator[Reply]:
        """One STREAM and all its frames up to the last."""
        self.send(frames.STREAM, body, **head)
        while True:
            reply = self.read()
            yield reply
            if reply.kind != frames.PART:
                return

    def load(self, model_dir: Path, environment: Mapping[str, str] | None = None) -> dict[str, Any]:
        """LOAD a model that lies in `model_dir`, below its own /opt/ml; the LOADED body."""
        order = {
            "model_dir": str(model_dir),
            "base_dir": str(model_dir.parent),
            "environment": dict(environment or {}),
        }
        answer: dict[str, Any] = self.ask(frames.LOAD, json.dumps(order).encode()).json()
        return answer

    def ping(self) -> int:
        return self.ask(frames.PING).status

    def _exactly(self, count: int) -> bytes:
        data = self._reader.read(count)
        if data is None or len(data) < count:
            raise ConnectionError("the worker closed the connection")
        return data


class Worker:
    """A worker process without a sandbox."""

    def __init__(self, folder: Path, runtime: str = "sklearn") -> None:
        self.socket = folder / "worker.sock"
        self.log = folder / "worker.log"
        self._environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        options = ["--socket", str(self.socket), "--runtime", runtime]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "argosy.runtimes.worker", *options],
                stdout=log,
                stderr=log,
                env=self._environment,
            )

    def connect(self, timeout: float = 60.0) -> WorkerClient:
        """A connection, as soon as the worker is ready for LOAD."""
        deadline = time.monotonic() + timeout
        while not self.socket.exists():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not start: {self.log.read_text()}")
            time.sleep(0.005)
        return WorkerClient(self.socket, timeout)

    def wait(self, timeout: float = 60.0) -> int:
        """Its exit status, once it has ended."""
        return self.process.wait(timeout)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running_worker(folder: Path, runtime: str = "sklearn") -> Iterator[Worker]:
    """A worker that is gone at the end."""
    worker = Worker(folder, runtime)
    try:
        yield worker
    finally:
        worker.kill()
