"""The scikit-learn runtime without a worker around it."""

import json
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
import skops.io
from sklearn.datasets import load_diabetes, load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from argosy.runtimes import estimator, model_files, scikit_learn
from argosy.runtimes.answers import Answer
from argosy.runtimes.base import Model, Place
from argosy.runtimes.frames import encode_head

JSON = encode_head({"content-type": "application/json"})


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)


def served(folder: Path, model: Any) -> Model:
    joblib.dump(model, folder / "model.joblib")
    return scikit_learn.load(Place(folder, folder.parent))


def said(answer: Answer) -> Any:
    assert isinstance(answer.body, bytes)
    return json.loads(answer.body)


@pytest.mark.parametrize("name", ["model.joblib", "anything.pkl", "m.pickle", "model.skops"])
def test_one_model_file_of_any_kind_is_recognised(tmp_path: Path, name: str) -> None:
    rows, labels = load_iris(return_X_y=True)
    forest = RandomForestClassifier(5, random_state=0).fit(rows, labels)
    write = skops.io.dump if name.endswith("skops") else joblib.dump
    write(forest, tmp_path / name)
    (tmp_path / "README.md").write_text("about")
    model = scikit_learn.load(Place(tmp_path, tmp_path.parent))
    answer = model.answer(JSON, json.dumps(rows.tolist()).encode())
    assert said(answer) == forest.predict(rows).tolist()


def test_a_well_known_name_wins_over_others(tmp_path: Path) -> None:
    for name in ("scaler.pkl", "model.pkl"):
        (tmp_path / name).touch()
    assert model_files.only(tmp_path, (".pkl",), ("model.pkl",)).name == "model.pkl"


def test_regression_answers_are_the_local_floats(tmp_path: Path) -> None:
    rows, target = load_diabetes(return_X_y=True)
    local = LinearRegression().fit(rows, target)
    answer = served(tmp_path, local).answer(JSON, json.dumps(rows.tolist()).encode())
    assert said(answer) == local.predict(rows).tolist()


def test_a_list_of_texts_is_rows_for_a_text_model(tmp_path: Path) -> None:
    texts = ["good fine", "bad poor", "fine good", "poor bad"]
    local = make_pipeline(TfidfVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0])
    answer = served(tmp_path, local).answer(JSON, b'["good", "bad bad", "fine"]')
    assert said(answer) == [1, 0, 1]


def test_rows_of_categories_are_taken_as_text(tmp_path: Path) -> None:
    rows = np.array([["red", "s"], ["blue", "m"], ["red", "m"]], dtype=object)
    local = make_pipeline(OneHotEncoder(), LogisticRegression()).fit(rows, ["x", "y", "x"])
    model = served(tmp_path, local)
    assert said(model.answer(JSON, b'[["red", "s"], ["blue", "m"]]')) == ["x", "y"]
    assert said(model.answer(JSON, b'["blue", "m"]')) == ["y"]
    unknown = model.answer(JSON, b'[["green", "s"]]')
    assert unknown.status == 400
    assert "unknown categories" in said(unknown)["error-message"]


class Named(LinearRegression):
    """A model that was fitted on a data frame, as far as scikit-learn can tell."""


def named_model() -> Named:
    model = Named().fit(np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 1.0]]), np.array([10.0, 1.0, 21.0]))
    model.feature_names_in_ = np.array(["tens", "ones"], dtype=object)
    return model


def test_rows_by_column_name_are_put_into_the_models_order(tmp_path: Path) -> None:
    model = served(tmp_path, named_model())
    body = b'{"instances": [{"ones": 3, "tens": 2, "more": 9}, {"tens": 1, "ones": 1}]}'
    assert said(model.answer(JSON, body))["predictions"] == pytest.approx([23.0, 11.0])
    missing = model.answer(JSON, b'[{"tens": 1, "ones": 2}, {"tens": 1}]')
    assert missing.status == 400
    assert "row 1 lacks the column(s) ones" in said(missing)["error-message"]


def test_a_model_with_column_names_takes_plain_rows_without_complaint(tmp_path: Path) -> None:
    answer = served(tmp_path, named_model()).answer(JSON, b"[[2, 3]]")
    assert said(answer) == pytest.approx([23.0])


def test_rows_by_name_for_a_model_without_names_need_pandas(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(estimator, "_has_pandas", lambda: False)
    local = LinearRegression().fit([[1.0], [2.0]], [1.0, 2.0])
    answer = served(tmp_path, local).answer(JSON, b'[{"a": 1}]')
    assert answer.status == 400
    assert "pandas" in said(answer)["error-message"]


def test_a_models_own_bug_is_a_500_with_its_trace(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    local = LogisticRegression().fit([[1.0], [2.0]], [0, 1])
    del local.intercept_  # as if pickled by a version that named it otherwise
    answer = served(tmp_path, local).answer(JSON, b"[[1]]")
    assert answer.status == 500
    assert "stack-trace" in said(answer)
    assert "Traceback" in capsys.readouterr().err


def test_a_model_that_was_never_fitted_does_not_blame_the_client(tmp_path: Path) -> None:
    answer = served(tmp_path, LogisticRegression()).answer(JSON, b"[[1]]")
    assert answer.status == 500
    assert "not fitted yet" in said(answer)["error-message"]
