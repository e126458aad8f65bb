"""TensorFlow models answer TF Serving's predict form, as SageMaker's container does."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from argosy.runtimes import frames
from tests.support import tensorflow_models
from tests.support.worker_client import Reply, Worker, WorkerClient, running_worker

JSON, CSV = "application/json", "text/csv"
JSONLINES, JSONS = "application/jsonlines", "application/jsons"
SLOW = 180.0  # seconds; TensorFlow's import on a busy machine
ROWS = tensorflow_models.ROWS.tolist()[::30]


class Models(NamedTuple):
    """Folders of archives, and the classifiers' probabilities for ROWS by version."""

    folder: Path
    expected: dict[str, list[list[float]]]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    folder = tmp_path_factory.getbasetemp() / "tensorflow-models"
    expected = tensorflow_models.write(folder)
    return Models(folder, {version: rows[::30] for version, rows in expected.items()})


@pytest.fixture(scope="module")
def loaded(models: Models, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker that serves iris in two versions, which is the default, and mixed."""
    folder = tmp_path_factory.mktemp("loaded")
    with running_worker(folder, "tensorflow") as worker:
        with worker.connect(SLOW) as client:
            environment = {"TFS_DEFAULT_MODEL_NAME": "iris"}
            assert client.load(models.folder / "saved", environment) == {"ok": True}
        yield worker


@pytest.fixture
def client(loaded: Worker) -> Iterator[WorkerClient]:
    with loaded.connect(SLOW) as client:
        yield client


def mixed(client: WorkerClient, body: dict[str, Any]) -> Reply:
    """A request to the model `mixed`."""
    return client.predict(json.dumps(body).encode(), JSON, custom_attributes="tfs-model-name=mixed")


def close(answered: Any, expected: Any) -> bool:
    return np.shape(answered) == np.shape(expected) and np.allclose(answered, expected, atol=1e-5)


def lines(rows: list[Any], separator: str = "\n") -> str:
    return separator.join(map(json.dumps, rows))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (JSON, json.dumps({"instances": ROWS})),
        (JSON, json.dumps({"instances": [{"flower": row} for row in ROWS]})),
        (JSON, json.dumps({"signature_name": "serving_default", "instances": ROWS})),
        ("", json.dumps(ROWS)),
        (JSON, json.dumps([{"flower": row} for row in ROWS])),
        (JSONLINES, lines(ROWS)),
        (JSONLINES, lines([{"flower": row} for row in ROWS])),
        (JSONS, lines(ROWS, "")),
        (CSV, "".join(",".join(map(str, row)) + "\r\n" for row in ROWS)),
    ],
)
def test_rows_in_every_form_give_the_local_predictions(
    models: Models, client: WorkerClient, content_type: str, body: str
) -> None:
    reply = client.predict(body.encode(), content_type)
    assert (reply.status, reply.head["content-type"]) == (200, JSON)
    assert close(reply.json()["predictions"], models.expected["2"])


def test_columns_are_answered_by_outputs(models: Models, client: WorkerClient) -> None:
    for inputs in (ROWS, {"flower": ROWS}):
        reply = client.predict(json.dumps({"inputs": inputs}).encode(), JSON)
        assert close(reply.json()["outputs"], models.expected["2"])


def test_one_value_is_one_instance(models: Models, client: WorkerClient) -> None:
    for body in (ROWS[0], {"flower": ROWS[0]}):
        reply = client.predict(json.dumps(body).encode(), JSON)
        assert close(reply.json()["predictions"], models.expected["2"][:1])


def test_json_lines_are_answered_where_they_are_accepted(client: WorkerClient) -> None:
    reply = client.predict(lines(ROWS).encode(), JSONLINES, JSONLINES)
    assert reply.head["content-type"] == JSONLINES
    assert b"\n" not in reply.body


def test_custom_attributes_choose_model_and_version(models: Models, client: WorkerClient) -> None:
    def ask(attributes: str) -> Reply:
        return client.predict(json.dumps(ROWS).encode(), JSON, custom_attributes=attributes)

    first = ask("tfs-model-name=iris,tfs-model-version=1,tfs-method=predict")
    assert close(first.json()["predictions"], models.expected["1"])
    assert close(ask("trace=1").json()["predictions"], models.expected["2"])
    for attributes, status, says in [
        ("tfs-model-name=rose", 404, "Servable not found"),
        ("tfs-model-version=9", 404, "Servable not found"),
        ("tfs-method=classify", 400, "only predict"),
    ]:
        refused = ask(attributes)
        assert refused.status == status
        assert says in refused.json()["error"]


@pytest.mark.parametrize(
    ("content_type", "body", "status", "says"),
    [
        (JSON, b"", 400, "empty"),
        (JSON, b"{", 400, "cannot be read"),
        (JSON, b"\xff", 400, "cannot be read"),
        (JSON, b"[" * 100_000, 400, "nested"),
        (JSON, b'{"instances": []}', 400, "one or more"),
        (JSON, b'{"instances": [[1,2,3]]}', 400, "shape [1, 3], not [any, 4]"),
        (JSON, b'{"instances": [[1,2,3,4],[1]]}', 400, "not of one shape"),
        (JSON, b'{"instances": [["a","b","c","d"]]}', 400, "float32"),
        (JSON, b'{"instances": [[1,2,3,null]]}', 400, "float32"),
        (JSON, b'{"instances": [{"petal": [1,2,3,4]}]}', 400, "the model's inputs are flower"),
        (JSON, b'{"instances": [[1,2,3,4]], "inputs": [[1,2,3,4]]}', 400, "exactly one"),
        (JSON, b'{"instances": [[1,2,3,4]], "signature_name": "x"}', 400, "not found"),
        (JSON, b'{"examples": []}', 400, "only predict"),
        (CSV, b"1,2,3,4\n1,2\n", 400, "differ"),
        (CSV, b"a,b,c,d\n", 400, "float32"),
        ("application/x-npy", b"x", 415, "Unsupported Media Type"),
    ],
)
def test_a_bad_request_is_refused_with_an_error_that_says_why(
    client: WorkerClient, content_type: str, body: bytes, status: int, says: str
) -> None:
    reply = client.predict(body, content_type)
    assert reply.status == status
    assert says in reply.json()["error"]
    assert client.ping() == 200


def test_requests_that_wait_together_each_get_their_own_rows_and_bad_ones_hurt_no_other(
    models: Models, client: WorkerClient
) -> None:
    bodies: list[Any] = [ROWS[: 1 + index % 3] for index in range(60)]
    bodies[7], bodies[20] = [[1.0]], {"inputs": ROWS[:2]}
    ids = client.send_many(
        [(frames.REQUEST, json.dumps(body).encode(), {"content_type": JSON}) for body in bodies]
    )
    replies = {reply.request_id: reply for reply in (client.read() for _ in ids)}
    for index, request_id in enumerate(ids):
        if index == 7:
            assert replies[request_id].status == 400
            continue
        answer = replies[request_id].json()
        rows = answer["outputs" if index == 20 else "predictions"]
        assert close(rows, models.expected["2"][: len(rows)])
        assert len(rows) == (2 if index == 20 else 1 + index % 3)


def test_named_inputs_of_any_type_and_several_outputs(client: WorkerClient) -> None:
    coded = base64.b64encode(b"\xff").decode()
    instances = [{"name": "Ada", "sizes": [1, 2]}, {"name": {"b64": coded}, "sizes": [3, 4]}]
    rows = mixed(client, {"instances": instances}).json()["predictions"]
    assert rows[0] == {
        "greeting": "hello Ada",
        "raw_bytes": {"b64": base64.b64encode(b"Ada").decode()},
        "total": 6,
    }
    assert rows[1]["raw_bytes"] == {"b64": coded}
    columns = {"name": ["Ada"], "sizes": [[1, 2]]}
    assert mixed(client, {"inputs": columns}).json()["outputs"]["total"] == [6]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"instances": [[1, 2]]}, "inputs name, sizes"),
        ({"instances": [{"name": "a", "sizes": [1.5, 2]}]}, "int32"),
        ({"instances": [{"name": "a", "sizes": [2**40, 2]}]}, "too large"),
        ({"instances": [{"name": 1, "sizes": [1, 2]}]}, "strings"),
        ({"instances": [{"name": {"b64": "?"}, "sizes": [1, 2]}]}, "strings"),
        ({"instances": [{"name": "a", "sizes": [1, 2]}, 5]}, "instance 1 is no object"),
        ({"signature_name": "mean", "instances": [1.0, 2.0]}, '"inputs"'),
        ({"signature_name": "positive", "instances": [-1.0]}, "only positive x"),
        ({"signature_name": 5, "instances": [1.0]}, "not found"),
    ],
)
def test_values_that_the_signature_does_not_take_are_a_400(
    client: WorkerClient, body: dict[str, Any], says: str
) -> None:
    reply = mixed(client, body)
    assert reply.status == 400
    assert says in reply.json()["error"]


def test_an_output_that_is_one_value_is_answered_to_columns(client: WorkerClient) -> None:
    body = {"signature_name": "mean", "inputs": {"x": [1.0, 2.0]}}
    assert mixed(client, body).json() == {"outputs": 1.5}


def test_a_keras_file_needs_nothing_else(models: Models, tmp_path: Path) -> None:
    with running_worker(tmp_path, "tensorflow") as worker, worker.connect(SLOW) as client:
        assert client.load(models.folder / "keras") == {"ok": True}
        reply = client.predict(json.dumps(ROWS).encode(), JSON)
    assert close(reply.json()["predictions"], models.expected["2"])


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with running_worker(tmp_path_factory.mktemp("empty"), "tensorflow") as worker:
        yield worker


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"model.joblib": b""}, "no SavedModel"),
        ({"a.keras": b"", "b.h5": b""}, "several model files"),
        ({"model.keras": b"no zip"}, "model.keras could not be read as a model"),
        ({"m/1/saved_model.pb": b"\xff\xff"}, "m/1 could not be read as a model"),
        ({"m/1/saved_model.pb": b"", "m/01/saved_model.pb": b""}, "both version 1 of m"),
        ({"code/inference.py": b"def model_fn(d): pass\n", "a.h5": b""}, "input_handler"),
        ({"code/inference.py": b"import absent_module\n", "a.h5": b""}, "'absent_module'"),
    ],
)
def test_an_archive_that_cannot_be_served_fails_to_load_with_one_sentence(
    empty: Worker, tmp_path: Path, files: dict[str, bytes], says: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)
    with empty.connect(SLOW) as client:
        answer = client.load(tmp_path)
    assert answer["ok"] is False
    assert says in answer["reason"]
    assert "\n" not in answer["reason"]


def test_a_default_model_that_is_not_there_fails_to_load(models: Models, empty: Worker) -> None:
    with empty.connect(SLOW) as client:
        answer = client.load(models.folder / "saved", {"TFS_DEFAULT_MODEL_NAME": "rose"})
        client.load(models.folder, {"TFS_DEFAULT_MODEL_NAME": ""})  # leave no trace
    assert "the archive; it has iris, mixed" in answer["reason"]
