"""Instances of the process backend in tests: real agents, real workers, a small store."""

import asyncio
import contextlib
import os
import pickle
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from sklearn.linear_model import LogisticRegression

from argosy.compute.agents import stop_all
from argosy.compute.process import ProcessBackend
from argosy.ground.files import read_json
from argosy.ground.instances import ContainerSpec, Instance, InstanceSpec, Phase
from argosy.ground.paths import DataDir
from argosy.ground.processes import ProcessId
from argosy.ground.settings import Settings
from argosy.runtimes import frames
from argosy.telemetry.logs import LogReader
from tests.support.endpoints import archive, model_archive
from tests.support.tiny_store import TinyStore, tiny_store

ACCOUNT, REGION, GROUP = "000000000000", "us-east-1", "/aws/sagemaker/Endpoints/e"
T = TypeVar("T")

MODEL = LogisticRegression().fit([[0, 0], [1, 1]], [3, 7])
GOOD = model_archive(MODEL)

EVAL = """
import os, socket, time
def model_fn(model_dir):
    print("loaded from", model_dir)
    return 1
def transform_fn(model, body, content_type, accept):
    return str(eval(body)), "text/csv"
"""
LOOKING = archive({"code/inference.py": EVAL.encode()})
"""A model that evaluates what it is sent: lets a test look around where models run."""


class Exec:
    """A pickle that runs code when it is loaded."""

    def __init__(self, code: str) -> None:
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, (self.code, {})


def hostile(code: str) -> bytes:
    """An archive whose pickle runs this code."""
    return archive({"model.pkl": pickle.dumps(Exec(code))})


def until(look: Callable[[], T], seconds: float = 60.0) -> T:
    """What `look` gives as soon as it is true."""
    deadline = time.monotonic() + seconds
    while not (seen := look()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)
    return seen


class World:
    """A data folder, a store, and a backend that works on them."""

    def __init__(self, root: Path, store: TinyStore, runner: asyncio.Runner, **given: Any) -> None:
        self.data_dir = DataDir.at(root)
        self.store = store
        self._runner = runner
        self._given = given
        self._count = 0
        self.backend = self.another_backend()

    def another_backend(self, **given: Any) -> ProcessBackend:
        """A backend like the first one, or with other settings, that knows nothing of it."""
        return ProcessBackend(Settings(**{"spares": 1, **self._given, **given}), self.data_dir)

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def spec(self, archive: bytes | None = None, **changes: Any) -> InstanceSpec:
        """A spec whose model is this archive; `environment` goes into the container."""
        self._count += 1
        name = f"i-{self._count}"
        uri = self.store.put(f"models/{name}.tar.gz", archive) if archive is not None else ""
        container = ContainerSpec(
            name="primary",
            image="image",
            runtime="sklearn",
            environment=changes.pop("environment", {}),
            model_data_url=changes.pop("model_data_url", uri),
        )
        spec = InstanceSpec(
            instance_id=name,
            account=ACCOUNT,
            region=REGION,
            zone="us-east-1a",
            owner="endpoint/e",
            deployment="d-1",
            variant="AllTraffic",
            containers=(container,),
            log_group=GROUP,
            log_stream=f"AllTraffic/{name}",
            store=self.store.access,
            created=time.time(),
        )
        return replace(spec, **changes)

    def launch(self, archive: bytes | None = None, **changes: Any) -> str:
        spec = self.spec(archive, **changes)
        self.run(self.backend.launch(spec))
        return spec.instance_id

    def served(self, archive: bytes, **changes: Any) -> Instance:
        """A launched instance that is in service."""
        return self.reach(self.launch(archive, **changes), Phase.IN_SERVICE)

    def failed(self, archive: bytes | None, **changes: Any) -> str:
        """The reason of an instance that cannot come up."""
        return self.reach(self.launch(archive, **changes), Phase.FAILED).state.reason

    def find(self, instance_id: str) -> Instance | None:
        listed = self.run(self.backend.list())
        return next((i for i in listed if i.spec.instance_id == instance_id), None)

    def reach(self, instance_id: str, phase: Phase, seconds: float = 60.0) -> Instance:
        """The instance once it is in the phase; fails at once when it can never be."""
        last: list[Instance | None] = []

        def look() -> Instance | None:
            last[:] = [self.find(instance_id)]
            found = last[0]
            if found is not None and found.state.phase is phase:
                return found
            assert found is None or found.alive or phase is Phase.GONE, found.state
            return None

        try:
            return until(look, seconds)
        except AssertionError as error:
            raise AssertionError(f"{instance_id} is {last}, not {phase}") from error

    def lines(self, instance_id: str) -> list[str]:
        """The instance's log."""
        reader = LogReader(self.data_dir.logs, ACCOUNT, REGION)
        events, _, _ = reader.read(GROUP, f"AllTraffic/{instance_id}", None)
        return [event.message for event in events]

    def spares(self) -> list[Path]:
        """The folders of spares whose agent lives."""
        return [p.parent for p in self.data_dir.instances.glob("s-*/spare.json") if _lives(p)]

    def ready_spare(self) -> Path:
        """The folder of a spare whose worker waits."""

        def look() -> Path | None:
            ready = [s for s in self.spares() if (read_json(s / "spare.json") or {}).get("ready")]
            return ready[0] if ready else None

        return until(look)


def _lives(spare: Path) -> bool:
    return agent_in(spare.parent).alive


def agent_in(folder: Path) -> ProcessId:
    noted = read_json(folder / "agent.json") or {"pid": 0, "start_ticks": 0}
    return ProcessId(noted["pid"], noted["start_ticks"])


@contextlib.contextmanager
def world(root: Path, **settings: Any) -> Iterator[World]:
    """A world below the folder; every process in it is ended at the end."""
    data_dir = DataDir.at(root)
    data_dir.create()
    with tiny_store(data_dir.store_socket) as store, asyncio.Runner() as runner:
        try:
            yield World(root, store, runner, **settings)
        finally:
            stop_all(data_dir, patience_s=0.5)


def connect(instance: Instance) -> socket.socket:
    """A connection to the instance's worker, as an edge has one."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(20)
    connection.connect(instance.state.addresses[0].removeprefix("unix:"))
    return connection


def ask(connection: socket.socket, body: str) -> None:
    """Send an invocation with a CSV body."""
    head = frames.encode_head({"content-type": "text/csv", "accept": "text/csv"})
    connection.sendall(frames.encode(frames.REQUEST, 1, 0, head, body.encode()))


def answer(connection: socket.socket) -> tuple[int, str]:
    """The status and body of the next answer."""
    length, _, status, head, _ = frames.HEAD.unpack(_exactly(connection, frames.HEAD_SIZE))
    return status, _exactly(connection, length)[head:].decode()


def invoke(instance: Instance, body: str) -> str:
    """The body of a good answer."""
    with connect(instance) as connection:
        ask(connection, body)
        status, text = answer(connection)
    assert status == 200, text
    return text.strip()


def _exactly(connection: socket.socket, size: int) -> bytes:
    data = b""
    while len(data) < size:
        piece = connection.recv(size - len(data))
        assert piece, "the worker closed the connection"
        data += piece
    return data


def is_running(pid: int) -> bool:
    return ProcessId.of(pid).alive


def processes_naming(text: str) -> list[int]:
    """Pids of all processes with this text in their command line, this one left out."""
    found = []
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            command = Path(f"/proc/{name}/cmdline").read_bytes()
            if text.encode() in command and int(name) != os.getpid():
                found.append(int(name))
    return found
