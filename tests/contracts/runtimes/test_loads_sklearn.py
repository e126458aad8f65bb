"""Files that are no scikit-learn model say so in one sentence."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import pytest
from sklearn.linear_model import LinearRegression

from tests.contracts.runtimes.kits import failed_load
from tests.support.worker_client import Worker, running_worker


@pytest.fixture(scope="module")
def sklearn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worker]:
    """A worker without a model; loads that fail leave it so."""
    with running_worker(tmp_path_factory.mktemp("sklearn"), "sklearn") as worker:
        yield worker


class ExitsWhenUnpickled:
    def __reduce__(self) -> Any:
        return (exit, (5,))


def test_a_pickle_that_exits_fails_to_load(sklearn: Worker, tmp_path: Path) -> None:
    joblib.dump(ExitsWhenUnpickled(), tmp_path / "model.joblib")
    assert "sys.exit(5)" in failed_load(sklearn, tmp_path)


def test_several_model_files_are_listed(sklearn: Worker, tmp_path: Path) -> None:
    for name in ("a.pkl", "b.joblib"):
        joblib.dump(LinearRegression(), tmp_path / name)
    assert "several model files (a.pkl, b.joblib)" in failed_load(sklearn, tmp_path)


def test_a_pickle_of_an_absent_module_names_it(sklearn: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"cabsent_module\nModel\n.")
    assert "needs the Python module 'absent_module'" in failed_load(sklearn, tmp_path)


def test_a_pickle_of_an_absent_class_says_where_to_put_it(sklearn: Worker, tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"c__main__\nNotebookModel\n.")
    reason = failed_load(sklearn, tmp_path)
    assert "NotebookModel" in reason
    assert "code/" in reason


@pytest.mark.parametrize("content", [b"", b"not a pickle", b"\x80\x05\x95\xff"])
def test_a_damaged_pickle_says_so(sklearn: Worker, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "model.pkl").write_bytes(content)
    assert "model.pkl could not be read as a model" in failed_load(sklearn, tmp_path)


def test_something_that_cannot_predict_is_named(sklearn: Worker, tmp_path: Path) -> None:
    joblib.dump({"weights": [1]}, tmp_path / "model.joblib")
    assert "holds a dict, which has no predict method" in failed_load(sklearn, tmp_path)
