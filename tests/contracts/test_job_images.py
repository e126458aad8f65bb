"""Jobs of the user's own images, by real agents: unpacked from a registry, or run by podman."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.instances import PROGRAM, ContainerSpec, PulledImage, StoredBlob
from argosy.ground.jobs import PROCESSING, Channel, Upload
from tests.support import python_image
from tests.support.instances import World, until, world
from tests.support.jobs import MODEL_KEY, done, job_of, launched, ran, said, unpacked
from tests.support.oci_images import digest
from tests.support.podman import Podman, podman

PYTHON = f"/{python_image.HOME}/bin/python3"
TRAIN = """
import json, os, signal, socket, sys
def leave(*_):
    open("/opt/ml/model/stopped", "w").write("s")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
data = open("/opt/ml/input/data/train/a").read()
given = json.load(open("/opt/ml/input/config/hyperparameters.json"))
print(sys.argv[1:], data, given, socket.gethostname(), os.environ["TRAINING_JOB_NAME"], flush=True)
open("/opt/ml/model/weights", "w").write(data)
if given.get("wait"):
    signal.pause()
"""
HERE = (Channel(name="train", uri="s3://in/"),)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    if why_not := probe():
        pytest.skip(why_not)
    with world(tmp_path / "data", sandbox="require") as made:
        made.store.put("in/a", b"1,2")
        yield made


def registered(here: World, code: str) -> ContainerSpec:
    """An image of the registry whose ENTRYPOINT is Python with this code."""
    made = python_image.image(Entrypoint=[PYTHON, "-c", code], Cmd=["from", "image"])

    def stored(data: bytes) -> StoredBlob:
        uri = here.store.put(f"blobs/{digest(data)}", data)
        return {"uri": uri, "digest": digest(data), "size": len(data)}

    name = digest(made.manifest).partition(":")[2]
    pulled: PulledImage = {
        "digest": name,
        "resolved": "mine",
        "config": stored(made.config),
        "layers": [stored(one) for one in made.layers],
    }
    return ContainerSpec(
        name="algo-1",
        image="mine",
        runtime=PROGRAM,
        image_folder=str(here.data_dir.images / name),
        pulled=pulled,
    )


def test_an_image_of_the_registry_trains_on_a_system_of_its_own(here: World) -> None:
    name = launched(
        here, job_of(hyperparameters={"k": "v"}, channels=HERE), registered(here, TRAIN)
    )

    outcome = done(here, name)

    assert outcome.failure == "", said(here, name)
    assert "['train'] 1,2 {'k': 'v'} algo-1 job" in said(here, name)
    assert unpacked(here, MODEL_KEY) == {"weights": b"1,2"}


def test_an_image_of_the_registry_processes_with_its_own_command_in_its_own_places(
    here: World,
) -> None:
    code = "import sys; open('/results/r', 'w').write(open('/data/a').read() + str(sys.argv[1:]))"
    job = job_of(
        kind=PROCESSING,
        channels=(Channel(name="a", uri="s3://in/a", local_path="/data"),),
        uploads=(Upload(local_path="/results", uri="s3://out/results/"),),
    )

    outcome = ran(here, job, registered(here, code))

    assert outcome.failure == ""
    assert here.store.objects["out/results/r"] == b"1,2['from', 'image']"


@pytest.fixture(scope="module")
def engine() -> Iterator[Podman]:
    with podman(python_image.image()) as running:
        if running.why_not:
            pytest.skip(running.why_not)
        yield running


def of_engine(engine: Podman) -> ContainerSpec:
    return ContainerSpec(
        name="algo-1", image="localhost/server:1", runtime=PROGRAM, engine=str(engine.socket)
    )


def test_podman_runs_a_job_and_nothing_of_it_is_left(here: World, engine: Podman) -> None:
    job = job_of(
        entrypoint=(PYTHON, "-c", TRAIN),
        hyperparameters={"k": "v"},
        channels=HERE,
        arguments=("x",),
    )

    name = launched(here, job, of_engine(engine))
    outcome = done(here, name)

    assert outcome.failure == "", said(here, name)
    assert "['x'] 1,2 {'k': 'v'} algo-1 job" in said(here, name)
    assert unpacked(here, MODEL_KEY) == {"weights": b"1,2"}
    until(lambda: engine.containers() == [])


def test_a_container_that_is_stopped_may_finish(here: World, engine: Podman) -> None:
    job = job_of(entrypoint=(PYTHON, "-c", TRAIN), hyperparameters={"wait": "1"}, channels=HERE)
    name = launched(here, job, of_engine(engine))
    until(lambda: "1,2" in said(here, name))

    here.run(here.backend.stop(name))
    outcome = done(here, name)

    assert (outcome.stopped, outcome.exit_code) == (True, 0)
    assert unpacked(here, MODEL_KEY) == {"weights": b"1,2", "stopped": b"s"}
    until(lambda: engine.containers() == [])


def test_a_container_that_fails_tells_its_status(here: World, engine: Podman) -> None:
    job = job_of(entrypoint=(PYTHON, "-c", "print('oh no'); raise SystemExit(5)"))

    outcome = ran(here, job, replace(of_engine(engine)))

    assert outcome.exit_code == 5
    assert "oh no" in outcome.failure
