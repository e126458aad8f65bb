"""Instances of many models for tests: models below a prefix of a small store, a real agent, and an
edge's part of the talk with it."""

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from sklearn.linear_model import LogisticRegression

from argosy.ground.instances import Instance, Phase
from argosy.runtimes import frames
from argosy.telemetry.logs import LogStreamMissing
from tests.support.endpoints import archive, model_archive
from tests.support.instances import World, world
from tests.support.worker_client import Reply, WorkerClient

CSV = "text/csv"
WEIGHT = """
def model_fn(folder):
    return bytearray(b"x") * ({mib} << 20)
def transform_fn(model, body, content_type, accept):
    return str(len(model)), "text/csv"
"""
OBEYS = """
import os, time
def model_fn(folder):
    return 1
def transform_fn(model, body, content_type, accept):
    exec(body)
    return "done", "text/csv"
"""


def labels(low: int, high: int) -> bytes:
    """A model that answers one of two labels."""
    return model_archive(LogisticRegression().fit([[0, 0], [1, 1]], [low, high]))


def obedient() -> bytes:
    """A model that executes what it is sent."""
    return archive({"code/inference.py": OBEYS.encode()})


def heavy(mib: int) -> bytes:
    return archive({"code/inference.py": WEIGHT.format(mib=mib).encode()})


class Edge:
    """An edge's part: asks the agent for models and goes where it is told."""

    def __init__(self, instance: Instance) -> None:
        self._agent = WorkerClient(instance.state.addresses[0].removeprefix("unix:"), 60)
        self.unloaded: list[str] = []
        self.figures: list[dict[str, Any]] = []

    def close(self) -> None:
        self._agent.close()

    def find(self, target: str) -> Reply:
        """The answer to a MODEL."""
        return self.await_found(self.ask(target))

    def ask(self, target: str) -> int:
        return self._agent.send(frames.MODEL, target.encode())

    def await_found(self, request_id: int) -> Reply:
        while (reply := self._agent.read()).request_id != request_id:
            self._notice(reply)
        return reply

    def _notice(self, reply: Reply) -> None:
        if reply.kind == frames.UNLOAD:
            self.unloaded.append(reply.json()["address"])
        elif reply.kind == frames.MODELS:
            self.figures.append(reply.json())

    def tell(self, kind: int, **body: Any) -> None:
        self._agent.send(kind, json.dumps(body).encode())

    def wait_for(self, what: Any) -> Any:
        """Take in what the agent says until `what()` is true."""
        while not (seen := what()):
            self._notice(self._agent.read())
        return seen

    def predict(self, target: str, body: str = "0,0\n1,1\n") -> str:
        """What the model answers, loaded if need be."""
        found = self.find(target)
        assert found.status == 200, found.body
        with WorkerClient(found.json()["address"].removeprefix("unix:")) as worker:
            reply = worker.predict(body.encode(), CSV, CSV)
        assert reply.status == 200, reply.body
        return reply.body.decode()


class Shelf:
    """Models below a prefix, and an instance that serves them."""

    def __init__(self, made: World) -> None:
        self.world = made
        self.instance: Instance

    def put(self, target: str, content: bytes) -> None:
        self.world.store.put(f"models/shelf/{target}", content)

    def serve(self, **changes: Any) -> None:
        spec = self.world.spec(model_data_url="s3://models/shelf/")
        container = replace(spec.container, multi_model=True, **changes)
        spec = replace(spec, containers=(container,))
        self.world.run(self.world.backend.launch(spec))
        self.instance = self.world.reach(spec.instance_id, Phase.IN_SERVICE, 60)

    @contextlib.contextmanager
    def edge(self) -> Iterator[Edge]:
        edge = Edge(self.instance)
        try:
            yield edge
        finally:
            edge.close()

    def log(self, words: str) -> list[str]:
        """The lines with these words; none while there is no log."""
        try:
            lines = self.world.lines(self.instance.spec.instance_id)
        except LogStreamMissing:
            return []
        return [line for line in lines if words in line]

    def pids(self) -> list[int]:
        """The processes of models."""
        zygote = self.instance.state.worker_pid
        children = Path(f"/proc/{zygote}/task/{zygote}/children").read_text().split()
        return [int(pid) for pid in children]


@contextlib.contextmanager
def shelf(root: Path, **settings: Any) -> Iterator[Shelf]:
    with world(root, spares=0, **settings) as made:
        yield Shelf(made)
