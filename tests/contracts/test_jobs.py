"""Jobs of one host, by real agents: script mode, input, output, ends."""

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.jobs import Channel
from tests.support.instances import World, world
from tests.support.jobs import (
    MODEL_KEY,
    OUTPUT_KEY,
    container_of,
    done,
    job_of,
    said,
    script,
    specs_of,
    trained,
    unpacked,
)
from tests.support.jobs import launched as launch
from tests.support.wheels import wheel

PLACES = [
    pytest.param(
        "require", id="sandboxed", marks=pytest.mark.skipif(bool(probe()), reason=str(probe()))
    ),
    pytest.param("off", id="plain"),
]
TRAIN = """
import argparse, json, os, pathlib, sys
parser = argparse.ArgumentParser()
parser.add_argument("--rate", type=float)
parser.add_argument("-n", type=int)
given = parser.parse_args()
names = sorted(os.listdir(os.environ["SM_CHANNEL_TRAIN"]))
print("rate", given.rate, "n", given.n, "files", names)
model = pathlib.Path(os.environ["SM_MODEL_DIR"])
(model / "sub").mkdir()
(model / "sub/weights").write_text("w")
(model / "environment.json").write_text(json.dumps(dict(os.environ)))
pathlib.Path(os.environ["SM_OUTPUT_DATA_DIR"], "scores.csv").write_text("1")
"""


@pytest.fixture(params=PLACES)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox=request.param) as made:
        yield made


def test_a_script_trains_with_its_channels_and_hyperparameters_and_leaves_its_model(
    here: World,
) -> None:
    here.store.put("in/train/a.csv", b"1")
    here.store.put("in/train/deep/b.csv", b"2")
    given = script(here, {"train.py": TRAIN}) | {"rate": "0.5", "n": '"3"'}
    job = job_of(hyperparameters=given, channels=(Channel(name="train", uri="s3://in/train/"),))

    name = launch(here, job)
    outcome = done(here, name)

    assert outcome.failure == ""
    assert outcome.exit_code == 0
    assert [one.uri for one in outcome.uploaded] == [f"s3://{MODEL_KEY}", f"s3://{OUTPUT_KEY}"]
    assert "rate 0.5 n 3 files ['a.csv', 'deep']" in said(here, name)
    model = unpacked(here, MODEL_KEY)
    assert model["sub/weights"] == b"w"
    seen = json.loads(model["environment.json"])
    assert seen["SM_HPS"] == '{"n":"3","rate":0.5}'
    assert (seen["SM_CURRENT_HOST"], seen["SM_CHANNELS"]) == ("algo-1", '["train"]')
    assert seen["TRAINING_JOB_NAME"] == "job"
    assert unpacked(here, OUTPUT_KEY) == {"scores.csv": b"1"}


def test_a_script_that_fails_tells_its_last_errors(here: World) -> None:
    outcome = trained(here, "import sys\nprint('hello')\nraise ValueError('the reason')")

    assert outcome.exit_code == 1
    assert outcome.failure.startswith("AlgorithmError: ExecuteUserScriptError:\nExitCode 1")
    assert "ValueError: the reason" in outcome.failure
    assert outcome.failure.endswith(", exit code: 1")
    assert MODEL_KEY not in here.store.objects


def test_what_an_algorithm_forked_away_ends_with_it(here: World) -> None:
    seconds = str(100_000 + os.getpid())
    code = (
        "import subprocess\n"
        f"subprocess.Popen(['sleep', '{seconds}'], start_new_session=True)\n"
        f"subprocess.Popen(['sh', '-c', 'sleep {seconds} & sleep 60'], start_new_session=True)\n"
    )

    outcome = trained(here, code)

    assert outcome.failure == ""
    left = [
        path for path in Path("/proc").glob("[0-9]*/cmdline") if seconds.encode() in _read(path)
    ]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_a_scripts_requirements_are_there_when_it_starts(here: World, tmp_path: Path) -> None:
    wheel(tmp_path / "wheels", "dovetail", "1.0", "JOINT = 'tight'")
    files = {"requirements.txt": "dovetail\n", "train.py": "import dovetail; print(dovetail.JOINT)"}
    backend = here.another_backend(wheels=str(tmp_path / "wheels"))
    spec = specs_of(here, job_of(hyperparameters=script(here, files)), container_of())[0]

    here.run(backend.launch(spec))

    assert done(here, spec.instance_id).failure == ""
    assert "tight" in said(here, spec.instance_id)


def test_requirements_that_cannot_be_had_are_the_reason(here: World, tmp_path: Path) -> None:
    (tmp_path / "wheels").mkdir()
    files = {"requirements.txt": "nowhere-to-be-found\n", "train.py": ""}
    backend = here.another_backend(wheels=str(tmp_path / "wheels"))
    spec = specs_of(here, job_of(hyperparameters=script(here, files)), container_of())[0]

    here.run(backend.launch(spec))
    outcome = done(here, spec.instance_id)

    assert outcome.failure.startswith("ClientError: The packages")
    assert "nowhere-to-be-found" in outcome.failure
