"""Workers (real processes, no sandbox) for every runtime there is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contracts.runtimes.kits import KITS, Kit, Scripted
from tests.support.worker_client import Worker, WorkerClient, running_worker


@pytest.fixture(scope="module", params=sorted(KITS))
def kit(request: pytest.FixtureRequest) -> Kit:
    return KITS[request.param]()


@pytest.fixture(scope="module")
def model_dir(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An unpacked archive without a script."""
    folder = tmp_path_factory.mktemp("plain") / "model"
    folder.mkdir()
    kit.save(folder)
    return folder


@pytest.fixture(scope="module")
def loaded(kit: Kit, model_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that serves the kit's model."""
    with running_worker(tmp_path_factory.mktemp("run"), kit.runtime) as worker:
        with worker.connect() as client:
            assert client.load(model_dir) == {"ok": True}
        yield worker


@pytest.fixture(scope="module")
def empty(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker without a model; loads that fail leave it so."""
    with running_worker(tmp_path_factory.mktemp("empty"), kit.runtime) as worker:
        yield worker


@pytest.fixture
def client(loaded: Worker) -> Iterator[WorkerClient]:
    with loaded.connect() as client:
        yield client


@pytest.fixture
def script(tmp_path: Path) -> Iterator[Scripted]:
    """For what is the same with every framework, and so is looked at with one of them only."""
    kit = KITS["sklearn"]()
    with running_worker(tmp_path, kit.runtime) as worker:
        yield Scripted(worker, tmp_path / "ml", kit)


@pytest.fixture
def scripted(kit: Kit, tmp_path: Path) -> Iterator[Scripted]:
    with running_worker(tmp_path, kit.runtime) as worker:
        yield Scripted(worker, tmp_path / "ml", kit)
