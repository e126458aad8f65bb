"""Jobs of one host, by real agents: script mode, input, output, ends."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.agent.sandbox import probe
from argosy.ground.jobs import Channel
from tests.support.instances import World, world
from tests.support.jobs import MODEL_KEY, OUTPUT_KEY, done, job_of, said, script, trained, unpacked
from tests.support.jobs import launched as launch

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
    assert seen["SM_HPS"] == '{"rate": 0.5, "n": "3"}'
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
