"""Each runtime as one of many models: its libraries must bear being imported before a fork."""

import json
from pathlib import Path

import pytest

from tests.contracts.runtimes.kits import KITS, as_json
from tests.support.endpoints import archive
from tests.support.shelves import shelf
from tests.support.worker_client import WorkerClient

JSON = "application/json"


@pytest.mark.parametrize("runtime", sorted(set(KITS) - {"sklearn"}))
def test_models_of_every_runtime_are_served_from_forks(runtime: str, tmp_path: Path) -> None:
    kit = KITS[runtime]()
    (tmp_path / "model").mkdir()
    kit.save(tmp_path / "model")
    packed = archive({one.name: one.read_bytes() for one in (tmp_path / "model").iterdir()})
    with shelf(tmp_path / "data") as few:
        for name in ("a", "b"):
            few.put(f"{name}.tar.gz", packed)
        few.serve(runtime=runtime)
        with few.edge() as edge:
            for target in ("a.tar.gz", "b.tar.gz", "a.tar.gz"):
                found = edge.find(target)
                assert found.status == 200, found.body
                address = found.json()["address"].removeprefix("unix:")
                with WorkerClient(address, 30) as worker:
                    reply = worker.predict(as_json(kit.rows[:5]), JSON, JSON)
                assert reply.status == 200, reply.body
                told = json.loads(reply.body)
                assert told == kit.json(list(kit.predictions[:5]))
