"""SageMaker's Python SDKs build pipelines, run them, and see what became of their steps."""

import json
from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import ROWS, classifier
from tests.support.training import LOGISTIC, iris_csv
from tests.support.transforms import csv

pytestmark = pytest.mark.timeout(INSTALL_S + 600)

MODEL = classifier(2.0)
SCORES = """
import boto3

def handler(event, context):
    job = boto3.client("sagemaker").describe_training_job(TrainingJobName=event["job"])
    return {"accuracy": job["FinalMetricDataList"][0]["Value"]}
"""
EVALUATES = """
import json, pathlib, tarfile
import joblib, numpy as np

base = pathlib.Path("/opt/ml/processing")
with tarfile.open(base / "model" / "model.tar.gz") as packed:
    packed.extractall("model", filter="data")
model = joblib.load("model/model.joblib")
rows = np.loadtxt(base / "data" / "iris.csv", delimiter=",")
value = model.score(rows[:, 1:], rows[:, 0])
told = {"multiclass_classification_metrics": {"accuracy": {"value": value}}}
(base / "evaluation" / "evaluation.json").write_text(json.dumps(told))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    (tmp_path / "rows.csv").write_bytes(csv(ROWS))
    (tmp_path / "iris.csv").write_bytes(iris_csv())
    (tmp_path / "score.py").write_text(SCORES)
    (tmp_path / "evaluate.py").write_text(EVALUATES)
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(LOGISTIC)
    return tmp_path


def test_a_pipeline_trains_decides_registers_and_transforms(sdk2: Client, folder: Path) -> None:
    told = sdk2.run("sdk2_pipelines.py", folder)

    assert told["good"]["status"] == "Succeeded", told["good"]
    assert {status for status, _, _ in told["good"]["steps"].values()} == {"Succeeded"}
    assert {"Train", "Score", "Evaluate", "Choose", "Predict"} <= told["good"]["steps"].keys()
    assert told["packages"] == ["PendingManualApproval"]
    assert [float(label) for label in told["transformed"]] == MODEL.predict(ROWS).tolist()
    assert told["bad"]["status"] == "Failed"
    assert told["bad"]["reason"] == "accuracy is below 0.999"
    assert told["bad"]["steps"]["Train"][1], "the second run trains anew"


def test_sdk_3_tunes_in_a_pipeline_and_alone(sdk3: Client, folder: Path) -> None:
    told = sdk3.run("sdk3_pipelines.py", folder)

    assert told["good"]["status"] == "Succeeded", told["good"]
    assert {"Tune", "Train", "Choose", "Keep", "Make", "Predict"} == told["good"]["steps"].keys()
    assert told["packages"] == ["Approved"]
    assert "scikit-learn" in told["image"], "a model is made of the package by its ARN"
    assert told["bad"]["reason"] == "accuracy is below 0.999"
    assert told["bad"]["steps"]["Train"][1], "what was asked before is not done again"
    assert told["executions"] == 2
    assert len(told["trials"]) == 2
    assert told["best"].startswith("sdk3-tuner-")
