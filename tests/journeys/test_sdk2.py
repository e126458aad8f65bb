"""The SageMaker Python SDK 2 against a real platform: scripts as its users write them."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xgboost
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import ROWS, archive, classifier, fleet, model_archive

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(INSTALL_S + 360)

MODEL = classifier()
SCRIPT = """
import os
import joblib
from labels import label

def model_fn(model_dir):
    return joblib.load(os.path.join(model_dir, "model.joblib"))

def predict_fn(rows, model):
    return label(model.predict(rows))
"""
LABELS = "def label(classes):\n    return classes * 10\n"
LOADS = """
import joblib
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
"""
SCALES = f"""{LOADS}
def predict_fn(rows, model):
    return model.transform(rows)
"""

BOOSTS = """
import os
import xgboost

def model_fn(model_dir):
    booster = xgboost.Booster()
    booster.load_model(os.path.join(model_dir, "xgboost-model"))
    return booster
"""

NET = """
import torch
from net import Net

def model_fn(model_dir):
    net = Net()
    net.load_state_dict(torch.load(model_dir + "/net.pth", weights_only=True))
    return net.eval()
"""
NET_MODULE = """
from torch import nn

class Net(nn.Sequential):
    def __init__(self):
        super().__init__(nn.Linear(4, 3))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a data scientist has: rows to predict and a packed model."""
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    pack(tmp_path, "model", MODEL)
    return tmp_path


def pack(folder: Path, name: str, model: Any) -> None:
    (folder / f"{name}.tar.gz").write_bytes(model_archive(model))


def test_a_scikit_learn_model_with_a_script_is_deployed_called_updated_and_deleted(
    sdk2: Client, platform: Platform, folder: Path
) -> None:
    source = folder / "source"
    source.mkdir()
    (source / "serve.py").write_text(SCRIPT)
    (source / "labels.py").write_text(LABELS)

    told = sdk2.run("sdk2_sklearn.py", folder)

    expected = (MODEL.predict(ROWS) * 10).tolist()
    assert told["npy"] == told["json"] == told["csv"] == told["updated"] == expected
    assert told["count"] == 2
    assert told["left"] == []
    assert fleet(platform, told["endpoint"]) == []


def test_the_snippet_of_the_seed_deploys_a_model_by_its_image(sdk2: Client, folder: Path) -> None:
    told = sdk2.run("sdk2_seed.py", folder)

    assert told["image"].endswith("/sagemaker-scikit-learn:1.2-1-cpu-py3")
    assert told["csv"] == MODEL.predict(ROWS).tolist()


def test_the_snippet_of_the_seed_deploys_many_models_behind_one_endpoint(
    sdk2: Client, folder: Path
) -> None:
    told = sdk2.run("sdk2_seed_multi.py", folder)

    assert told["predicted"] == MODEL.predict(ROWS).tolist()


def test_a_pipeline_model_scales_and_classifies(sdk2: Client, folder: Path) -> None:
    scaler = StandardScaler().fit(ROWS)
    scaled = LogisticRegression(max_iter=1000).fit(scaler.transform(ROWS), load_iris().target)
    pack(folder, "scale", scaler)
    pack(folder, "classify", scaled)
    (folder / "scale.py").write_text(SCALES)
    (folder / "classify.py").write_text(LOADS)

    told = sdk2.run("sdk2_pipeline.py", folder)

    assert told["json"] == scaled.predict(scaler.transform(ROWS)).tolist()


def test_an_xgboost_model_is_served_with_a_script_and_as_the_built_in_algorithm(
    sdk2: Client, folder: Path
) -> None:
    rows, labels = load_iris(return_X_y=True)
    params = {"objective": "multi:softmax", "num_class": 3, "nthread": 1}
    booster = xgboost.train(params, xgboost.DMatrix(rows, label=labels), 5)
    packed = archive({"xgboost-model": bytes(booster.save_raw("ubj"))})
    (folder / "model.tar.gz").write_bytes(packed)
    (folder / "serve.py").write_text(BOOSTS)

    told = sdk2.run("sdk2_xgboost.py", folder)

    expected = booster.predict(xgboost.DMatrix(rows)).tolist()
    for form in ("libsvm", "csv"):
        assert np.array(told[form], dtype=float).ravel().tolist() == expected


def test_a_pytorch_model_is_packed_anew_with_its_script(sdk2: Client, folder: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Linear(4, 3))
    net[0].weight.data = torch.tensor(MODEL.coef_, dtype=torch.float32)
    net[0].bias.data = torch.tensor(MODEL.intercept_, dtype=torch.float32)
    saved = io.BytesIO()
    torch.save(net.state_dict(), saved)
    (folder / "model.tar.gz").write_bytes(archive({"net.pth": saved.getvalue()}))
    (folder / "source").mkdir()
    (folder / "source" / "inference.py").write_text(NET)
    (folder / "source" / "net.py").write_text(NET_MODULE)

    told = sdk2.run("sdk2_pytorch.py", folder)

    with torch.no_grad():
        expected = net(torch.tensor(ROWS, dtype=torch.float32)).numpy()
    assert np.allclose(told["npy"], expected, atol=1e-5)
    assert np.argmax(told["npy"], axis=1).tolist() == MODEL.predict(ROWS).tolist()
    assert told["environment"]["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"


def test_models_share_an_endpoint_as_inference_components(sdk2: Client, folder: Path) -> None:
    strong = classifier(0.001)
    pack(folder, "mild", MODEL)
    pack(folder, "strong", strong)

    told = sdk2.run("sdk2_components.py", folder)

    assert told["parts"] == ["mild", "strong"]
    assert told["mild"] == MODEL.predict(ROWS).tolist()
    assert told["strong"] == told["updated"] == strong.predict(ROWS).tolist()
    assert told["copies"] == 2


def test_a_multi_data_model_serves_what_was_added_before_and_after(
    sdk2: Client, folder: Path
) -> None:
    strong = classifier(0.001)
    pack(folder, "mild", MODEL)
    pack(folder, "strong", strong)
    (folder / "source").mkdir()
    (folder / "source" / "serve.py").write_text(SCRIPT)
    (folder / "source" / "labels.py").write_text(LABELS)

    told = sdk2.run("sdk2_multi.py", folder)

    assert told["listed"] == ["late/strong.tar.gz", "mild.tar.gz"]
    assert told["mild"] == (MODEL.predict(ROWS) * 10).tolist()
    assert told["strong"] == (strong.predict(ROWS) * 10).tolist()


def test_data_capture_is_configured_switched_off_and_changed(sdk2: Client, folder: Path) -> None:
    (folder / "serve.py").write_text(LOADS)

    told = sdk2.run("sdk2_capture.py", folder)

    states = [told[name] for name in ("deployed", "disabled", "updated", "enabled")]
    assert states == ["Started", "Stopped", "Started", "Started"]
    (first,) = told["first"]
    output = first["captureData"]["endpointOutput"]
    assert (output["encoding"], json.loads(output["data"])) == ("JSON", told["predicted"])
    given = first["captureData"]["endpointInput"]
    assert given["encoding"] == "CSV"
    sent = [[float(cell) for cell in line.split(",")] for line in given["data"].splitlines()]
    assert sent == ROWS.tolist()
    assert told["keys"][0].split("/")[5:7] == [told["name"], "AllTraffic"]
    (second,) = told["second"]
    assert second["eventMetadata"]["inferenceId"] == "three"
    assert set(second["captureData"]) == {"endpointInput"}
    assert second["captureData"]["endpointInput"]["encoding"] == "BASE64"
