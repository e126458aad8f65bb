"""SageMaker's Python SDK 2 tunes hyperparameters by training jobs that really run."""

import json
from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import ROWS
from tests.support.training import LOGISTIC, iris_csv

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(INSTALL_S + 600)


def test_a_tuner_finds_the_best_trial_and_deploys_it(
    sdk2: Client, platform: Platform, tmp_path: Path
) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    (tmp_path / "iris.csv").write_bytes(iris_csv())
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(LOGISTIC)

    told = sdk2.run("sdk2_tuning.py", tmp_path)

    assert told["described"] == "Completed"
    assert len(told["trials"]) == 3
    assert told["attached"] == told["best"]
    job = platform.client("sagemaker").describe_training_job(TrainingJobName=told["best"])
    assert job["FinalMetricDataList"][0]["Value"] == pytest.approx(max(told["trials"]), abs=1e-6)
    assert len(told["predicted"]) == len(ROWS)
    assert told["grid"] == "6", "deeper trees fit better what they were trained on"
