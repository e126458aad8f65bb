"""XGBoost's algorithm mode from its configuration files to its model."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xgboost

from argosy.runtimes.training.settings import Settings
from argosy.runtimes.training.xgboost_job import train

ROWS = np.random.default_rng(7).random((60, 3))


@pytest.fixture(autouse=True)
def handler() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """/opt/ml of a job with data, whose checkpoints are kept."""
    for name in ("input/config", "input/data/train", "model", "output", "checkpoints"):
        (tmp_path / name).mkdir(parents=True)
    table = np.column_stack([ROWS.sum(axis=1) > 1.5, ROWS])
    np.savetxt(tmp_path / "input/data/train/rows.csv", table, delimiter=",", fmt="%.5f")
    files: dict[str, Any] = {
        "resourceconfig": {"current_host": "algo-1", "hosts": ["algo-1"]},
        "inputdataconfig": {"train": {"TrainingInputMode": "File", "ContentType": "text/csv"}},
        "checkpointconfig": {"LocalPath": "/opt/ml/checkpoints"},
    }
    for name, content in files.items():
        (tmp_path / f"input/config/{name}.json").write_text(json.dumps(content))
    return tmp_path


def run(base: Path, **hyperparameters: str) -> str:
    """Why it failed; "" when it did not."""
    given = {"objective": "binary:logistic", "num_round": "7", **hyperparameters}
    (base / "input/config/hyperparameters.json").write_text(json.dumps(given))
    told: list[str] = []
    status = train(Settings.read(base), lambda _, text: told.append(text))
    assert bool(status) == bool(told)
    return "".join(told)


def model(base: Path) -> xgboost.Booster:
    booster = xgboost.Booster()
    booster.load_model(bytearray((base / "model/xgboost-model").read_bytes()))
    return booster


def test_an_interrupted_job_goes_on_where_it_was(
    base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(base, num_round="3") == ""  # and was ended then
    assert run(base) == ""
    assert "checkpoint of round 2" in capsys.readouterr().out
    kept = sorted(path.name for path in (base / "checkpoints").iterdir())
    assert kept == [f"xgboost-checkpoint.{number}" for number in range(2, 7)]
    resumed = model(base)
    assert resumed.num_boosted_rounds() == 7
    for path in (base / "checkpoints").iterdir():
        path.unlink()
    assert run(base) == ""
    matrix = xgboost.DMatrix(ROWS)
    np.testing.assert_allclose(resumed.predict(matrix), model(base).predict(matrix), rtol=1e-5)


def test_a_checkpoint_that_is_none_is_passed_over(base: Path) -> None:
    (base / "checkpoints/xgboost-checkpoint.5").write_bytes(b"cut of")
    (base / "checkpoints/xgboost-checkpoint.x").write_bytes(b"")
    assert run(base, num_round="2") == ""
    assert model(base).num_boosted_rounds() == 2


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"max_depth": "deep"}, "XGBoostError: Invalid Parameter format for max_depth"),
        ({"objective": "none"}, "XGBoostError: Unknown objective function: `none`"),
        ({"num_round": "0"}, "ClientError: the hyperparameter num_round"),
    ],
)
def test_why_a_hyperparameter_is_wrong_is_said_in_xgboosts_words(
    base: Path, given: dict[str, str], why: str
) -> None:
    assert run(base, **given).startswith(why)


def test_data_that_cannot_be_read_is_said_to_be_so(base: Path) -> None:
    (base / "input/data/train/more.csv").write_text("label,a,b,c\n1,2,3,4\n")
    assert run(base).startswith(
        "ClientError: the data of the channel train cannot be read: a label"
    )
