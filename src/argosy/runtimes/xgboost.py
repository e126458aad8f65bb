"""The XGBoost runtime: Amazon's algorithm mode without a script, the script contract with one.

Without a script every regular file at the top of the archive is a model (JSON, UBJSON, the old
binary form, or a pickle, whatever its name); several are an ensemble. Unpickling runs whatever
the file says: this module belongs into a sandboxed worker only. Source:
reference/container-contract.md §4.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from argosy.runtimes import model_files, script, selection, sparse, versions
from argosy.runtimes.algorithm_mode import AlgorithmMode, Select
from argosy.runtimes.answers import Body, Fault
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.estimator import Estimator, EstimatorDefaults
from argosy.runtimes.media import media_type
from argosy.runtimes.numeric import Numeric
from argosy.runtimes.slim import put_off
from argosy.runtimes.tabular import Tabular

with put_off("pandas"):  # 70 MB; XGBoost knows frames by their names, and finds it when one comes
    import xgboost

_VOTE = ("multi:softmax", "binary:hinge")
_OLD = b"binf"
_VERSION = re.compile(
    rb'"version":\[(\d+),(\d+),(\d+)\]'  # JSON
    rb"|version\[#L.{8}i(.)i(.)i(.)",  # UBJSON
    re.DOTALL,
)


def prepare() -> None:
    """Nothing beyond what this module imports."""


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    found = script.find(place)
    if found is None:
        models = _models(place.model_dir)
        predictors = [predictor(model) for model in models]
        ensemble = Ensemble(predictors, votes=_objective(models[0]) in _VOTE)
        chosen = ensemble if len(models) > 1 else predictors[0]
        return Tabular(chosen, AlgorithmMode(_selection(models[0])))
    return script.load(found, place, _Defaults(found.name, place.model_dir))


# files


def _models(model_dir: Path) -> list[Any]:
    """Every model of the archive, or the first if the environment wants no ensemble."""
    files = model_files.visible(model_dir)
    if not files:
        raise model_files.none_found(model_dir, "xgboost-model, of any form and name")
    if os.environ.get("SAGEMAKER_INFERENCE_ENSEMBLE", "true") != "true":
        files = files[:1]
    models = []
    for path in files:
        try:
            models.append(read_file(path))
        except LoadError as error:
            beside = "; every file at the top of the archive is taken for a model"
            raise LoadError(f"{error}{beside if len(files) > 1 else ''}") from error
    return models


def read_file(path: Path) -> Any:
    """The Booster, or what was pickled, of a model file of any form; raises LoadError."""
    with path.open("rb") as file:
        start = file.read(4)
    if not start.startswith(b"{") and start != _OLD:
        return model_files.read_pickle(path)
    content = path.read_bytes()
    if start != _OLD and not content.rstrip().endswith(b"}"):  # XGBoost would read beyond it
        raise model_files.unreadable(path, ValueError("it is cut off"))
    versions.check_file(path.name, "XGBoost", written_by(content), xgboost.__version__)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the old form is old, which `versions` says
            return xgboost.Booster(model_file=bytearray(content))
    except (xgboost.core.XGBoostError, ValueError) as error:
        raise model_files.unreadable(path, error) from error


def written_by(content: bytes) -> str:
    """The version of XGBoost that wrote a model file, "" when the file does not say."""
    if content.startswith(_OLD):
        major, minor = (int.from_bytes(content[at : at + 4], "little") for at in (24, 28))
        return f"{major}.{minor}" if 0 < major < 10 else "0.90 or older"
    found = None
    for found in _VERSION.finditer(content):  # noqa: B007 - the last one is the file's own
        pass
    if found is None:
        return ""
    if found[1] is not None:
        return b".".join(found.group(1, 2, 3)).decode()
    return ".".join(str(octet[0]) for octet in found.group(4, 5, 6))


# predictors


def predictor(model: Any) -> Any:
    """A `Predictor` around a Booster, one of XGBoost's own estimators, or any other."""
    if isinstance(model, xgboost.Booster):
        errors = (xgboost.core.XGBoostError,)
        return Numeric(_predict_of(model), model.num_features(), model.feature_names, errors)
    if isinstance(model, xgboost.XGBModel):
        booster = model.get_booster()
        return Numeric(model.predict, booster.num_features(), booster.feature_names)
    return Estimator(model)


def _predict_of(booster: Any) -> Any:
    """`inplace_predict` saves a third of a row's time; linear models do not have it."""
    config = json.loads(booster.save_config())
    if config["learner"]["gradient_booster"]["name"] == "gblinear":
        return lambda rows: booster.predict(xgboost.DMatrix(rows), validate_features=False)
    return lambda rows: booster.inplace_predict(rows, validate_features=False)


class Ensemble:
    """A `Predictor` of several: the mean of what they predict, or what most of them predict."""

    def __init__(self, predictors: list[Any], *, votes: bool) -> None:
        self._predictors = predictors
        self._votes = votes
        self.row_wise = all(one.row_wise for one in predictors)
        self.names = predictors[0].names

    def predict(self, matrix: Any) -> Any:
        """Predictions for a matrix of numbers; raises Fault 400."""
        return self._joined([one.predict(matrix) for one in self._predictors])

    def predict_table(self, rows: Any) -> Any:
        """Predictions for what a decoder gave; raises Fault 400."""
        return self._joined([one.predict_table(rows) for one in self._predictors])

    def _joined(self, predictions: list[Any]) -> Any:
        if not self._votes:
            return np.mean(predictions, axis=0)
        return np.apply_along_axis(_most_frequent, 0, np.asarray(predictions))


def _most_frequent(votes: Any) -> Any:
    values, counts = np.unique(votes, return_counts=True)
    return values[counts.argmax()]


# what the environment selects


def _objective(model: Any) -> str:
    booster = model.get_booster() if isinstance(model, xgboost.XGBModel) else model
    if not isinstance(booster, xgboost.Booster):
        return ""
    return str(json.loads(booster.save_config())["learner"]["objective"]["name"])


def _selection(model: Any) -> Select | None:
    """How to answer SAGEMAKER_INFERENCE_OUTPUT; raises LoadError where nothing can."""
    keys = selection.asked(os.environ.get("SAGEMAKER_INFERENCE_OUTPUT", ""))
    if not keys:
        return None
    objective = _objective(model)
    if not (isinstance(model, xgboost.Booster) and selection.supports(objective)):
        raise LoadError(
            "SAGEMAKER_INFERENCE_OUTPUT needs a Booster with a common objective, and the model is"
            f" a {type(model).__name__} of {objective or 'none'}: leave the variable out"
        )
    params = json.loads(model.save_config())["learner"]["learner_model_param"]
    classes = int(params["num_class"])
    return lambda predictions: selection.select(predictions, keys, objective, classes)


# with a script


class Rows(xgboost.DMatrix):
    """What a script's predict_fn is given; keeps the rows for estimators that take no DMatrix."""

    def __init__(self, rows: Any) -> None:
        super().__init__(sparse.fit(rows, None) if sparse.is_sparse(rows) else rows)
        self.rows = rows


class _Defaults(EstimatorDefaults):
    """What the XGBoost container does where a script has no function of its own."""

    def __init__(self, script_name: str, model_dir: Path) -> None:
        super().__init__(script_name, model_dir, lambda folder: _models(folder)[0], predictor)
        self._dialect = AlgorithmMode()

    def input_fn(self, body: Body, content_type: str) -> Rows:
        """A DMatrix of the rows; raises Fault 400 or 415."""
        rows = self._dialect.decode(media_type(content_type), body).rows
        if isinstance(rows, list):
            raise Fault(400, "a script's DMatrix is made of lists of numbers, not of objects")
        try:
            return Rows(rows.reshape(1, -1) if rows.ndim == 1 else rows)
        except (ValueError, TypeError) as error:
            raise Fault(400, f"no DMatrix can be made of the rows: {error}") from None

    def predict_fn(self, data: Any, model: Any) -> Any:
        """model.predict of the DMatrix, or of whatever the script's input_fn gave."""
        if isinstance(data, Rows):
            return super().predict_fn(data.rows, model)
        if isinstance(data, xgboost.DMatrix) and isinstance(model, xgboost.Booster):
            return model.predict(data, validate_features=False)
        return super().predict_fn(data, model)
