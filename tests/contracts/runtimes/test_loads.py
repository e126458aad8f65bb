"""Loads that fail say why in one sentence."""

from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LinearRegression

from argosy.runtimes import frames
from tests.contracts.runtimes.kits import Scripted
from tests.support.worker_client import Worker


def failed_load(empty: Worker, folder: Path, environment: dict[str, str] | None = None) -> str:
    with empty.connect() as client:
        answer = client.load(folder, environment)
        assert answer["ok"] is False
        assert client.ping() == 503
        return str(answer["reason"])


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("def model_fn(model_dir:\n    pass\n", "inference.py has a syntax error in line 1"),
        ("import absent_module\n", "'absent_module'"),
        ("import sys\nsys.exit(4)\n", "sys.exit(4)"),
        (
            "def model_fn(d):\n    raise KeyError('lost')\n",
            "'lost' (inference.py, line 2, in model_fn)",
        ),
        ("def model_fn():\n    pass\n", "model_fn of the script takes 0 parameters"),
        (
            "def transform_fn(a, b, c, d):\n    pass\ndef input_fn(a, b):\n    pass\n",
            "transform_fn together with input_fn",
        ),
        ("x = 1\n", "no model_fn"),
    ],
)
def test_a_script_that_cannot_serve_fails_to_load_with_one_sentence(
    empty: Worker, tmp_path: Path, code: str, says: str
) -> None:
    folder = tmp_path / "model" / "code"
    folder.mkdir(parents=True)
    (folder / "inference.py").write_text(code)
    reason = failed_load(empty, folder.parent)
    assert says in reason
    assert "\n" not in reason
    assert "Traceback" in empty.log.read_text()


def test_a_program_that_is_nowhere_is_named(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path, {"SAGEMAKER_PROGRAM": "serve.py"})
    assert "SAGEMAKER_PROGRAM names serve.py" in reason
    with empty.connect() as client:
        client.load(tmp_path, {"SAGEMAKER_PROGRAM": ""})  # the worker is shared: leave no trace


def test_an_empty_archive_says_what_was_expected(empty: Worker, tmp_path: Path) -> None:
    reason = failed_load(empty, tmp_path)
    assert "no model file" in reason
    assert "nothing" in reason


def test_a_damaged_order_is_answered(empty: Worker) -> None:
    with empty.connect() as client:
        assert client.ask(frames.LOAD, b"{").json()["ok"] is False


def test_a_model_that_ends_the_process_while_loading_ends_the_worker(scripted: Scripted) -> None:
    with pytest.raises(ConnectionError):
        scripted.load("import os\nos._exit(9)\n")
    assert scripted.worker.wait() == 9


# scikit-learn in particular


class ExitsWhenUnpickled:
    def __reduce__(self) -> Any:
        return (exit, (5,))


def test_a_pickle_that_exits_fails_to_load(empty: Worker, tmp_path: Path) -> None:
    joblib.dump(ExitsWhenUnpickled(), tmp_path / "model.joblib")
    assert "sys.exit(5)" in failed_load(empty, tmp_path)


def test_several_model_files_are_listed(empty: Worker, tmp_path: Path) -> None:
    for name in ("a.pkl", "b.joblib"):
        joblib.dump(LinearRegression(), tmp_path / name)
    assert "several model files (a.pkl, b.joblib)" in failed_load(empty, tmp_path)


def test_a_pickle_of_an_absent_module_names_it(empty: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cabsent_module\nModel\n.")
    assert "needs the Python module 'absent_module'" in failed_load(empty, tmp_path)


def test_a_pickle_of_an_absent_class_says_where_to_put_it(empty: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"c__main__\nNotebookModel\n.")
    reason = failed_load(empty, tmp_path)
    assert "NotebookModel" in reason
    assert "code/" in reason


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"\x80\x05\x95\xff"])
def test_a_damaged_pickle_says_so(empty: Worker, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(content)
    assert "model.pkl could not be read as a model" in failed_load(empty, tmp_path)


def test_something_that_cannot_predict_is_named(empty: Worker, tmp_path: Path) -> None:
    joblib.dump({"weights": [1]}, tmp_path / "model.joblib")
    assert "holds a dict, which has no predict method" in failed_load(empty, tmp_path)
