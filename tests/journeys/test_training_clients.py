"""SageMaker's Python SDKs train: estimators of version 2, ModelTrainer of version 3."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import xgboost
from sklearn.datasets import load_iris
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import ROWS, classifier
from tests.support.training import LOGISTIC, iris_csv, lines, unpacked
from tests.support.transforms import csv

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(INSTALL_S + 600)

MODEL = classifier(2.0)
NET = """
import argparse, os
import numpy as np, torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int)
given = parser.parse_args()
folder = os.environ["SM_CHANNEL_TRAINING"]
rows = torch.tensor(np.loadtxt(folder + "/iris.csv", delimiter=","), dtype=torch.float32)
torch.manual_seed(0)
net = torch.nn.Linear(4, 3)
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for epoch in range(given.epochs):
    loss = torch.nn.functional.cross_entropy(net(rows[:, 1:]), rows[:, 0].long())
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
torch.save(net.state_dict(), os.environ["SM_MODEL_DIR"] + "/net.pth")
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a data scientist has: labelled rows, rows to predict, and scripts."""
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    (tmp_path / "rows.csv").write_bytes(csv(ROWS))
    (tmp_path / "iris.csv").write_bytes(iris_csv())
    source = tmp_path / "source"
    source.mkdir()
    (source / "train.py").write_text(LOGISTIC)
    (source / "fail.py").write_text("raise ValueError('no column 3')\n")
    (source / "net.py").write_text(NET)
    return tmp_path


def test_an_estimator_is_fitted_attached_to_deployed_and_transforms(
    sdk2: Client, folder: Path
) -> None:
    told = sdk2.run("sdk2_training.py", folder)

    expected = MODEL.predict(ROWS).tolist()
    assert told["model"].endswith(f"/{told['name']}/output/model.tar.gz")
    assert "accuracy=" in told["printed"]
    assert "Training seconds:" in told["printed"]
    assert told["hyperparameters"]["strength"] == "2.0"
    labels = load_iris().target
    assert told["metrics"] == pytest.approx(MODEL.score(ROWS, labels), abs=0.001)
    assert told["predicted"] == expected
    assert [float(label) for label in told["transformed"]] == expected
    assert "no column 3" in told["failure"]


def test_the_built_in_xgboost_and_a_pytorch_script_train_as_they_would_locally(
    sdk2: Client, platform: Platform, folder: Path
) -> None:
    told = sdk2.run("sdk2_training_frameworks.py", folder)

    rows, labels = load_iris(return_X_y=True)
    params = {"objective": "multi:softmax", "num_class": 3, "nthread": 1}
    data = xgboost.DMatrix(rows, label=labels)
    measured: dict[str, dict[str, list[float]]] = {}
    watched = [(data, "train")]
    local = xgboost.train(params, data, 5, evals=watched, evals_result=measured, verbose_eval=False)
    booster = xgboost.Booster()
    files = unpacked(platform, told["boosted"])
    booster.load_model(bytearray(files["xgboost-model"]))
    matrix = xgboost.DMatrix(ROWS)
    assert np.array_equal(booster.predict(matrix), local.predict(matrix))
    loss = measured["train"]["mlogloss"][-1]
    assert told["metrics"] == {"train:mlogloss": pytest.approx(loss, abs=1e-4)}
    (folder / "net.pth").write_bytes(unpacked(platform, told["net"])["net.pth"])
    state = torch.load(folder / "net.pth", weights_only=True)
    assert state["weight"].shape == (3, 4)


def test_the_model_trainer_runs_a_script(sdk3: Client, platform: Platform, folder: Path) -> None:
    told = sdk3.run("sdk3_training.py", folder)

    assert told["status"] == "Completed"
    assert told["name"] in told["listed"]
    assert any(line.startswith("accuracy=") for line in lines(platform, told["name"]))
    assert "model.joblib" in unpacked(platform, told["model"])
