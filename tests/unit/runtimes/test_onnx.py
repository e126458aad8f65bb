"""The ONNX runtime without a worker around it."""

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx.parser
import pandas as pd
import pytest
from skl2onnx import to_onnx
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from argosy.runtimes import onnx as runtime
from argosy.runtimes.answers import Answer
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.frames import encode_head
from argosy.runtimes.onnx_inputs import feed
from argosy.runtimes.tensor_types import Spec

JSON = encode_head({"content-type": "application/json"})
CSV = encode_head({"content-type": "text/csv", "accept": "text/csv"})
NPY = encode_head({"content-type": "application/x-npy"})

ADDED = "(float[batch, 2] x, int64[batch, 1] times) => (float[batch, 2] y, float[batch, 2] sum)"
ADDING = "{ many = Cast<to = 1>(times) y = Mul(x, many) sum = Add(x, y) }"
COUNTING = "{ s = Shape(x) zero = Constant<value = int64[1] {0}>() n = Gather(s, zero)"
COUNTING += " y = Expand(n, n) }"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY", "ARGOSY_DEVICE"):
        monkeypatch.delenv(name, raising=False)


def written(graph: str) -> bytes:
    header = '<ir_version: 10, opset_import: ["" : 21]> g '
    return bytes(onnx.parser.parse_model(header + graph).SerializeToString())


def load(folder: Path) -> Model:
    return runtime.load(Place(folder, folder.parent))


def served(folder: Path, content: bytes) -> Model:
    (folder / "model.onnx").write_bytes(content)
    return load(folder)


def said(answer: Answer) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


def asked(model: Model, value: Any) -> Any:
    answer = model.answer(JSON, json.dumps(value).encode())
    assert answer.status == 200, answer.body
    return said(answer)


# outputs


def test_a_classifier_answers_labels_and_its_probabilities_when_asked(tmp_path: Path) -> None:
    rows, labels = load_iris(return_X_y=True)
    names = np.array(["setosa", "versicolor", "virginica"])[labels]
    local = LogisticRegression(max_iter=500).fit(rows, names)
    model = served(tmp_path, to_onnx(local, rows[:1].astype(np.float32)).SerializeToString())

    assert asked(model, rows.tolist()) == local.predict(rows).tolist()
    every = asked(model, {"instances": rows[:2].tolist(), "outputs": "all"})["predictions"]
    one = asked(model, {"inputs": rows[:2].tolist(), "outputs": ["output_probability"]})
    assert every["output_label"] == ["setosa", "setosa"]
    assert list(one) == ["output_probability"]
    wanted = local.predict_proba(rows[:1])[0]
    assert np.allclose(list(one["output_probability"][0].values()), wanted, atol=1e-6)


def test_an_output_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    answer = served(tmp_path, written(ADDED + ADDING)).answer(
        JSON, b'{"inputs": {"x": [[1, 2]], "times": [3]}, "outputs": ["z"]}'
    )
    assert answer.status == 400
    assert "its outputs are y, sum" in said(answer)["error-message"]


# inputs


def test_inputs_are_given_by_name(tmp_path: Path) -> None:
    model = served(tmp_path, written(ADDED + ADDING))
    body = {"inputs": {"x": [[1, 2], [3, 4]], "times": [10, 20]}}
    assert asked(model, body) == [[10.0, 20.0], [60.0, 80.0]]
    assert asked(model, body | {"outputs": ["sum"]}) == {"sum": [[11.0, 22.0], [63.0, 84.0]]}
    assert asked(model, {"instances": [{"x": [1, 2], "times": 10}]}) == {
        "predictions": [[10.0, 20.0]]
    }


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({"inputs": {"x": [[1, 2]]}}, "check times"),
        ({"inputs": {"x": [[1, 2]], "times": [1], "w": [1]}}, "check w"),
        ({"inputs": {"x": [[1, 2]], "times": [0.5]}}, "takes whole numbers (int64); 0.5"),
        ({"inputs": {"x": [[1, 2]], "times": ["a"]}}, "times takes numbers"),
        ({"inputs": {"x": [[1, 2]], "times": [None]}}, "nan is not one"),
        ({"inputs": {"x": [[1, 2]], "times": [2**60 + 1]}}, "too large for JSON"),
        ({"inputs": {"x": [[1, 2, 3]], "times": [1]}}, "x has shape (1, 3); the model takes (any"),
        ({"inputs": {"x": [[1, 2]], "times": [1]}, "outputs": 5}, "list of the names"),
        ([[1, 2, 3]], '{"inputs": {"x": …, "times": …}}'),
        ({"instances": [{"x": [1, 2]}]}, "row 0 lacks the input(s) times"),
    ],
)
def test_inputs_that_do_not_fit_are_a_400_that_says_why(
    tmp_path: Path, body: Any, says: str
) -> None:
    answer = served(tmp_path, written(ADDED + ADDING)).answer(JSON, json.dumps(body).encode())
    assert answer.status == 400
    assert says in said(answer)["error-message"]


def test_a_pipeline_with_one_input_per_column_takes_rows_of_any_kind(tmp_path: Path) -> None:
    frame = pd.DataFrame({"size": [1.0, 2.0, 3.0, 4.0], "kind": ["x", "y", "x", "y"]})
    columns = ColumnTransformer(
        [("number", StandardScaler(), ["size"]), ("word", OneHotEncoder(), ["kind"])]
    )
    local = make_pipeline(columns, LogisticRegression()).fit(frame, [0, 1, 0, 1])
    columns_as_sent = frame[:1].astype({"size": "float32", "kind": object})
    model = served(tmp_path, to_onnx(local, columns_as_sent).SerializeToString())

    assert asked(model, frame.to_numpy().tolist()) == [0, 1, 0, 1]
    assert asked(model, {"inputs": frame.to_dict("records")}) == [0, 1, 0, 1]
    assert asked(model, {"inputs": frame.to_dict("list")}) == [0, 1, 0, 1]
    text = frame.to_csv(index=False, header=False).encode()
    assert model.answer(CSV, text).body == b"0\n1\n0\n1\n"
    assert model.answer(JSON, b"[[1, 2]]").status == 400


def test_columns_that_a_body_names_go_to_the_inputs_of_their_names() -> None:
    specs = [Spec("a", "tensor(float)", (None, 1)), Spec("b", "tensor(int64)", (None, 1))]
    rows = np.array([[1.0, 0.5], [2.0, 1.5]])
    a, b = feed(specs, rows, ("b", "a"))
    assert (a.tolist(), b.tolist()) == ([[0.5], [1.5]], [[1], [2]])


def test_arrays_of_any_rank_are_taken_and_a_lone_item_too(tmp_path: Path) -> None:
    graph = "(float[batch, 2, 2, 1] x) => (float[batch] y)"
    graph += "{ axes = Constant<value = int64[3] {1, 2, 3}>() "
    graph += "y = ReduceSum<keepdims = 0>(x, axes) }"
    model = served(tmp_path, written(graph))
    images = np.arange(8, dtype=np.uint8).reshape(2, 2, 2, 1)
    stream = io.BytesIO()
    np.save(stream, images)
    assert said(model.answer(NPY, stream.getvalue())) == [6.0, 22.0]
    assert asked(model, images[0].tolist()) == [6.0]


# joining


@pytest.mark.parametrize(
    ("shapes", "said_by_environment", "joined"),
    [
        ("(float[batch, 1] x) => (int64[batch] y)", "", True),
        ("(float[1, 1] x) => (int64[n] y)", "", False),
        ("(float[seq_len, 1] x) => (int64[seq_len] y)", "", False),
        ("(float[seq_len, 1] x) => (int64[seq_len] y)", "1", True),
        ("(float[batch, 1] x) => (int64[batch] y)", "0", False),
    ],
)
def test_requests_are_joined_when_the_first_axis_is_open(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shapes: str,
    said_by_environment: str,
    joined: bool,
) -> None:
    monkeypatch.setenv("ARGOSY_ROW_WISE", said_by_environment)
    model = served(tmp_path, written(shapes + COUNTING))
    answers = model.answer_all(model.form(JSON), [b"[[1]]", b"[[2]]", b"[[", b"[[3]]"])
    assert [answer.status for answer in answers] == [200, 200, 400, 200]
    assert said(answers[0]) == [3 if joined else 1]


# files


@pytest.mark.parametrize("content", [b"", b"no model", b"\x08\x0a"])
def test_a_damaged_file_says_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(LoadError, match=r"model\.onnx could not be read as a model"):
        served(tmp_path, content)


def test_a_gpu_that_is_not_there_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ARGOSY_DEVICE", "cuda")
    with pytest.raises(LoadError, match="needs onnxruntime-gpu"):
        served(tmp_path, written(ADDED + ADDING))


def test_a_script_without_predict_fn_takes_named_inputs_too(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "inference.py").write_text("def output_fn(y, accept):\n    return str(y)")
    model = served(tmp_path, written(ADDED + ADDING))
    answer = model.answer(JSON, b'{"inputs": {"x": [[1, 2]], "times": [3]}}')
    assert answer.body == b"[[3. 6.]]"
