"""code/inference.py of a TensorFlow model, with the handlers that SageMaker's container knows."""

import http.client
import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import dedent
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest

from tests.support import tensorflow_models
from tests.support.worker_client import WorkerClient, running_worker

JSON = "application/json"
SLOW = 180.0
ROWS = tensorflow_models.ROWS.tolist()[:3]

Models = tuple[Path, dict[str, Any]]

BOTH = """
    import json

    def input_handler(data, context):
        assert context.request_content_type == "text/plain", context
        assert context.model_version == "1"
        assert context.content_length == 15
        return json.dumps({"instances": [[float(x) for x in data.read().decode().split()]]})

    def output_handler(response, context):
        if response.status_code != 200:
            raise ValueError(response.content.decode())
        response.raise_for_status()
        row = response.json()["predictions"][0]
        assert response.text == response.content.decode()
        return ";".join(map(str, row)), "text/x-row"
"""

HANDLER = """
    import requests

    def handler(data, context):
        if context.request_content_type == "text/uri":
            return context.rest_uri, "text/plain"
        response = requests.post(context.rest_uri, data=data, timeout=60)
        return response.content, context.accept_header
"""


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.getbasetemp() / "tensorflow-models"
    return folder, tensorflow_models.write(folder)


@contextmanager
def serving(archive: Path, code: str, folder: Path) -> Iterator[WorkerClient]:
    """A worker that serves a copy of the archive with that inference.py."""
    model_dir = folder / "ml" / "model"
    shutil.copytree(archive, model_dir)
    (model_dir / "code").mkdir()
    (model_dir / "code" / "inference.py").write_text(dedent(code))
    with running_worker(folder, "tensorflow") as worker, worker.connect(SLOW) as client:
        assert client.load(model_dir) == {"ok": True}
        yield client


def test_input_and_output_handlers_stand_around_the_predict_call_even_of_a_keras_file(
    models: Models, tmp_path: Path
) -> None:
    with serving(models[0] / "h5", BOTH, tmp_path) as client:
        first = "tfs-model-version=1"
        body = " ".join(map(str, np.float32(ROWS[0]))).encode()
        reply = client.predict(body, "text/plain", custom_attributes=first)
        broken = client.predict(b"5.1 3.5 1.4 0.2 ".strip()[:-2] + b"2 ", "text/plain")

    assert (reply.status, reply.head["content-type"]) == (200, "text/x-row")
    row = [float(value) for value in reply.body.decode().split(";")]
    assert np.allclose(row, models[1]["2"][0], atol=1e-5)
    assert broken.status == 500
    assert "error" in broken.json()


def test_a_handler_reaches_the_models_at_rest_uri_and_nobody_without_its_secret_does(
    models: Models, tmp_path: Path
) -> None:
    with serving(models[0] / "saved", HANDLER, tmp_path) as client:
        reply = client.predict(json.dumps({"instances": ROWS}).encode(), JSON, JSON)
        refused = client.predict(b'{"instances": [[1]]}', JSON, JSON)
        uri = urlsplit(client.predict(b"", "text/uri").body.decode())
        connection = http.client.HTTPConnection(uri.netloc, timeout=60)
        connection.request("GET", uri.path.partition(":")[0])
        status = json.loads(connection.getresponse().read())
        connection.request("GET", "/v1/models/iris")
        stranger = connection.getresponse()
        stranger.read()
        connection.close()

    assert np.allclose(reply.json()["predictions"], models[1]["2"][:3], atol=1e-5)
    assert "shape" in refused.json()["error"]
    assert [one["version"] for one in status["model_version_status"]] == ["2", "1"]
    assert uri.hostname == "127.0.0.1"
    assert stranger.status == 404
