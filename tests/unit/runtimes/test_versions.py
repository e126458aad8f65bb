"""Versions that differ are named once in the log, and again where a load fails."""

import json
import warnings
from pathlib import Path

import joblib
import pytest
import sklearn
from sklearn.exceptions import InconsistentVersionWarning
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from argosy.runtimes import loading, scikit_learn, versions, xgboost
from argosy.runtimes.base import Runtime

HERE = sklearn.__version__
AWS = "683313688378.dkr.ecr.us-east-1.amazonaws.com"

pytestmark = pytest.mark.filterwarnings(
    "default::argosy.runtimes.versions.VersionWarning",
    "default::sklearn.exceptions.InconsistentVersionWarning",
)


def load(runtime: Runtime, folder: Path, image: str = "") -> str:
    """Have it load a folder; why it did not, or ""."""
    order = {"model_dir": str(folder), "base_dir": str(folder.parent), "image": image}
    _, answer = loading.load(runtime, json.dumps(order).encode())
    return str(answer.get("reason", ""))


def old_pipeline(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A pipeline that says it was written by scikit-learn 1.2.2."""
    model = make_pipeline(StandardScaler(), LinearRegression()).fit([[1.0], [2.0]], [1.0, 2.0])
    with monkeypatch.context() as context:
        context.setattr("sklearn.base.__version__", "1.2.2")
        joblib.dump(model, folder / "model.joblib")
    return folder / "model.joblib"


def test_a_file_of_another_version_is_named_in_one_line_of_the_log(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old_pipeline(tmp_path, monkeypatch)
    assert load(scikit_learn, tmp_path) == ""
    assert capsys.readouterr().err.splitlines() == [
        f"WARNING: the model file was written by scikit-learn 1.2.2, and {HERE} is here to read it"
    ]


def test_a_file_of_another_version_that_does_not_load_says_so_in_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = old_pipeline(tmp_path, monkeypatch)
    path.write_bytes(path.read_bytes().replace(b"LinearRegression", b"LinearDepression"))
    reason = load(scikit_learn, tmp_path)
    assert "LinearDepression" in reason
    assert reason.endswith(f"written by scikit-learn 1.2.2, and {HERE} is here to read it")


def test_an_image_of_another_version_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sentence = (
        f"the image's name asks for scikit-learn 1.2, and {HERE} is here: the image itself is not"
        " used"
    )
    reason = load(scikit_learn, tmp_path, f"{AWS}/sagemaker-scikit-learn:1.2-1-cpu-py3")
    assert reason.endswith(sentence)
    assert f"WARNING: {sentence}\n" in capsys.readouterr().err


@pytest.mark.parametrize(
    "tag", ["", ":latest", f":{HERE}", f":{HERE.rpartition('.')[0]}-1-cpu-py3"]
)
def test_an_image_of_this_version_or_none_is_no_matter(tmp_path: Path, tag: str) -> None:
    assert "image" not in load(scikit_learn, tmp_path, f"{AWS}/sagemaker-scikit-learn{tag}")


def test_an_xgboost_model_of_another_version_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "xgboost-model").write_bytes(b'{"learner":{},"version":[1,7,6]}')
    reason = load(xgboost, tmp_path)
    assert "xgboost-model could not be read as a model" in reason
    assert "xgboost-model was written by XGBoost 1.7.6, and" in reason
    assert capsys.readouterr().err.startswith("WARNING: xgboost-model was written by XGBoost 1.7.6")


def test_other_warnings_go_their_way(recwarn: pytest.WarningsRecorder) -> None:
    with versions.watched() as sentences:
        warnings.warn("mind the gap", UserWarning, stacklevel=1)
        warnings.warn(
            InconsistentVersionWarning(
                estimator_name="A", current_sklearn_version="2", original_sklearn_version="1"
            ),
            stacklevel=1,
        )
    assert [str(warning.message) for warning in recwarn] == ["mind the gap"]
    assert len(sentences) == 1
