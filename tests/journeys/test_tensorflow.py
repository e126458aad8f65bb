"""A TensorFlow model behind an endpoint, with a script that calls it over loopback."""

import io
import json
import tarfile
from pathlib import Path

import numpy as np
import pytest
from tests.support import tensorflow_models
from tests.support.endpoints import create_config, put_archive, settled

from argosy.testing import Platform

IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/tensorflow-inference:2.16-cpu"
ROWS = tensorflow_models.ROWS[::30].tolist()

SCRIPT = """
import requests

def handler(data, context):
    response = requests.post(context.rest_uri, data=data.read(), timeout=60)
    return response.content, context.accept_header
"""


def packed(models: Path, script: str) -> bytes:
    """SavedModels and a script as model.tar.gz."""
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        tar.add(models, ".")
        member = tarfile.TarInfo("code/inference.py")
        member.size = len(script.encode())
        tar.addfile(member, io.BytesIO(script.encode()))
    return archive.getvalue()


def test_a_script_reaches_its_model_inside_the_sandbox_without_a_network(
    platform: Platform, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.getbasetemp() / "tensorflow-models"
    expected = tensorflow_models.write(folder)
    url = put_archive(platform, "tensorflow", packed(folder / "saved", SCRIPT))
    platform.client("sagemaker").create_model(
        ModelName="tensorflow",
        PrimaryContainer={
            "Image": IMAGE,
            "ModelDataUrl": url,
            "Environment": {"TFS_DEFAULT_MODEL_NAME": "iris"},
        },
        EnableNetworkIsolation=True,
    )
    create_config(platform, "tensorflow", AllTraffic=("tensorflow", 1, 1.0))
    platform.client("sagemaker").create_endpoint(
        EndpointName="tensorflow", EndpointConfigName="tensorflow"
    )
    described = settled(platform, "tensorflow", 240)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="tensorflow",
        ContentType="application/json",
        CustomAttributes="tfs-model-version=1",
        Body=json.dumps({"instances": ROWS}),
    )

    predictions = json.loads(answer["Body"].read())["predictions"]
    assert np.allclose(predictions, expected["1"][::30], atol=1e-5)
