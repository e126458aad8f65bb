"""The SageMaker Python SDK 3 against a real platform: scripts as its users write them."""

import json
from pathlib import Path

import pytest
from tests.support.clients import INSTALL_S, Client
from tests.support.endpoints import IMAGE, ROWS, classifier, model_archive
from tests.support.transforms import csv

pytestmark = pytest.mark.timeout(INSTALL_S + 360)

MODEL = classifier()
EXPECTED = MODEL.predict(ROWS).tolist()
SCRIPT = """
import joblib

def model_fn(folder):
    return joblib.load(folder + "/model.joblib")

def predict_fn(rows, model):
    return model.predict(rows) * 10
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What a data scientist has: rows to predict, a packed model and a script."""
    (tmp_path / "rows.json").write_text(json.dumps(ROWS.tolist()))
    (tmp_path / "model.tar.gz").write_bytes(model_archive(MODEL))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "serve.py").write_text(SCRIPT)
    return tmp_path


def test_resources_are_created_called_listed_rescaled_and_deleted(
    sdk3: Client, folder: Path
) -> None:
    told = sdk3.run("sdk3_resources.py", folder, IMAGE)

    assert told["json"] == told["after"] == EXPECTED
    assert told["arn"].endswith(":endpoint/sdk3-resources")
    assert told["models"] == told["endpoints"] == ["sdk3-resources"]
    assert told["count"] == 2
    assert "Could not find model" in told["gone"]


def test_the_model_builder_deploys_model_data_with_a_script(sdk3: Client, folder: Path) -> None:
    told = sdk3.run("sdk3_builder.py", folder)

    assert told["json"] == [10 * label for label in EXPECTED]


def test_a_transform_job_is_a_resource_that_is_waited_for(sdk3: Client, folder: Path) -> None:
    (folder / "rows.csv").write_bytes(csv(ROWS))

    told = sdk3.run("sdk3_transform.py", folder, IMAGE)

    assert told["status"] == "Completed"
    assert told["listed"] == ["sdk3-transform"]
    assert "Completed" in told["refused"]
    assert [int(label) for label in told["answers"]] == EXPECTED
