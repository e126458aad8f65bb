"""MLflow models are served as MLflow's own scoring server serves them."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sklearn.datasets import load_iris

from tests.support import mlflow_models
from tests.support.worker_client import Worker, WorkerClient, running_worker

JSON, CSV = "application/json", "text/csv"
FRAME = load_iris(as_frame=True).data.iloc[::30]
EXPECTED = mlflow_models.classifier().predict(FRAME).tolist()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("mlflow")
    mlflow_models.write(folder)
    with (folder / "iris" / "requirements.txt").open("a") as file:
        file.write("\nabsent-package==1.0\n")
    return folder


@contextmanager
def serving(models: Path, name: str, folder: Path) -> Iterator[tuple[Worker, WorkerClient]]:
    with running_worker(folder, "mlflow") as worker, worker.connect(180) as client:
        assert client.load(models / name) == {"ok": True}
        yield worker, client


@pytest.fixture(scope="module")
def iris(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with serving(models, "iris", tmp_path_factory.mktemp("iris")) as (worker, _):
        yield worker


@pytest.fixture
def client(iris: Worker) -> Iterator[WorkerClient]:
    with iris.connect(180) as client:
        yield client


def split() -> dict[str, Any]:
    return json.loads(FRAME.to_json(orient="split"))


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (CSV, FRAME.to_csv(index=False)),
        ("text/csv; charset=UTF-8", FRAME.to_csv(index=False)),
        (JSON, json.dumps({"dataframe_split": split()})),
        (JSON, json.dumps({"dataframe_records": FRAME.to_dict("records")})),
        (JSON, json.dumps({"instances": FRAME.to_dict("records")})),
        (JSON, json.dumps({"inputs": FRAME.to_dict("list")})),
        ("", json.dumps({"inputs": FRAME.to_dict("list")})),
    ],
)
def test_every_form_of_the_scoring_protocol_gives_the_local_predictions(
    client: WorkerClient, content_type: str, body: str
) -> None:
    reply = client.predict(body.encode(), content_type)
    assert reply.status == 200
    assert reply.head["content-type"] == JSON
    assert reply.json() == {"predictions": EXPECTED}


@pytest.mark.parametrize(
    ("content_type", "body", "status", "says"),
    [
        (JSON, b'{"rows": [[1]]}', 400, "exactly one of the input fields"),
        (JSON, b'{"inputs": [[1]], "instances": [[1]]}', 400, "exactly one of the input fields"),
        (JSON, b"[[1, 2, 3, 4]]", 400, "Received a list"),
        (JSON, b"{", 400, "valid JSON"),
        (JSON, b"\xff", 400, "valid JSON"),
        (JSON, b"", 400, "valid JSON"),
        (JSON, b"[" * 100_000, 400, "cannot be read"),
        (JSON, b'{"dataframe_records": [{"a": 1.0}]}', 400, "missing inputs"),
        (CSV, b"", 400, "Failed to parse"),
        (CSV, b"a,b\n1,2\n", 400, "missing inputs"),
        ("application/x-npy", b"x", 415, "only supports"),
        ("text/csv; charset=latin-1", b"a\n1\n", 415, "UTF-8"),
        ("application/json; format=pandas-split", b"{}", 415, "Unrecognized content type"),
    ],
)
def test_a_bad_request_is_refused_as_mlflow_refuses_it(
    client: WorkerClient, content_type: str, body: bytes, status: int, says: str
) -> None:
    reply = client.predict(body, content_type)
    assert reply.status == status
    assert says in reply.body.decode()
    assert client.ping() == 200


def test_requirements_that_are_not_met_are_in_the_log(iris: Worker) -> None:
    assert "absent-package" in iris.log.read_text()


def test_params_reach_a_pyfunc(models: Path, tmp_path: Path) -> None:
    body = {"dataframe_split": split(), "params": {"scale": 2.0}}
    with serving(models, "echo", tmp_path) as (_, client):
        predictions = client.predict(json.dumps(body).encode(), JSON).json()["predictions"]
    name = FRAME.columns[0]
    assert [row[name] for row in predictions] == (FRAME[name] * 2).tolist()
    assert predictions[0]["kind"] == "DataFrame"


def test_a_language_models_body_goes_in_and_out_unwrapped(models: Path, tmp_path: Path) -> None:
    body = {"messages": [{"role": "user", "content": "hello"}]}
    with serving(models, "chat", tmp_path) as (_, client):
        assert client.predict(json.dumps(body).encode(), JSON).json() == {"said": "HELLO"}


def test_a_model_that_raises_is_a_400_with_its_traceback_in_answer_and_log(
    models: Path, tmp_path: Path
) -> None:
    with serving(models, "broken", tmp_path) as (worker, client):
        reply = client.predict(b'{"inputs": [1]}', JSON)
        assert reply.status == 400
        assert reply.json()["error_code"] == "BAD_REQUEST"
        assert "lost inside" in reply.json()["stack_trace"]
        assert "lost inside" in worker.log.read_text()
        assert client.ping() == 200


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    with running_worker(tmp_path_factory.mktemp("empty"), "mlflow") as worker:
        yield worker


FLAVOURS = "flavors:\n  python_function:\n    loader_module: absent_module\n"


@pytest.mark.parametrize(
    ("mlmodel", "environment", "says"),
    [
        ("", {}, "no file MLmodel at its top"),
        ("flavors: {}\n", {}, "not python_function"),
        ("flavors:\n  sklearn: {}\n", {}, "the model has the flavours sklearn"),
        ("a: [\n", {}, "MLmodel cannot be read"),
        (FLAVOURS, {}, "needs the Python module 'absent_module'"),
        (FLAVOURS, {"MLFLOW_DEPLOYMENT_FLAVOR_NAME": "mleap"}, "only python_function is served"),
    ],
)
def test_an_archive_that_mlflow_cannot_serve_fails_to_load_with_one_sentence(
    empty: Worker, tmp_path: Path, mlmodel: str, environment: dict[str, str], says: str
) -> None:
    if mlmodel:
        (tmp_path / "MLmodel").write_text(mlmodel)
    environment = {"MLFLOW_DEPLOYMENT_FLAVOR_NAME": "", **environment}
    with empty.connect(180) as client:
        answer = client.load(tmp_path, environment)
    assert answer["ok"] is False
    assert says in answer["reason"]
    assert "\n" not in answer["reason"]


def test_a_model_that_is_damaged_fails_to_load(models: Path, empty: Worker, tmp_path: Path) -> None:
    folder = tmp_path / "model"
    shutil.copytree(models / "iris", folder)
    (folder / "model.skops").write_bytes(b"no zip file")
    with empty.connect(180) as client:
        answer = client.load(folder, {"MLFLOW_DEPLOYMENT_FLAVOR_NAME": "python_function"})
    assert answer["ok"] is False
    assert "zip" in answer["reason"]
