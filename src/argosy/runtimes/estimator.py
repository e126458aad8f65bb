"""Anything with `predict`, as scikit-learn has it: the predictor around it, and what a script with
a `model_fn` alone is given by default.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.runtimes import script, sparse
from argosy.runtimes.answers import Fault
from argosy.runtimes.base import LoadError
from argosy.runtimes.decoders import as_array


class Estimator:
    """A `Predictor` (see `argosy.runtimes.tabular`) around anything with `predict`."""

    def __init__(self, estimator: Any) -> None:
        if not callable(getattr(estimator, "predict", None)):
            raise LoadError(
                f"the model file holds a {type(estimator).__name__}, which has no predict method"
            )
        warnings.filterwarnings("ignore", message="X does not have valid feature names")
        self._estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        self.names: list[str] | None = None if names is None else [str(name) for name in names]
        self._width: int | None = getattr(estimator, "n_features_in_", None)
        self._by_name = self.names is not None and _picks_columns(estimator)
        self.known = _is_scikit_learn(estimator)
        self.row_wise = self.known and not self._by_name
        self.predict = self._predict_frame if self._by_name else estimator.predict

    def predict_table(self, rows: Any) -> Any:
        """Predictions for what a decoder gave; raises Fault 400 when the columns are wrong."""
        if isinstance(rows, list):
            return self._estimator.predict(self._from_records(rows))
        if sparse.is_sparse(rows):
            return self._predict_sparse(rows)
        if getattr(rows, "ndim", 2) == 1 and self._width is not None:
            rows = rows.reshape(1, -1)
        return self.predict(rows)

    def _predict_sparse(self, rows: Any) -> Any:
        rows = sparse.fit(rows, self._width)
        try:
            return self._estimator.predict(rows)
        except TypeError:  # many estimators take no sparse rows
            return self.predict(sparse.dense(rows))

    def _predict_frame(self, matrix: Any) -> Any:
        """A pipeline that takes columns by name gets a frame, when pandas is there to make one."""
        names = self.names or []
        if not _has_pandas() or getattr(matrix, "shape", ())[1:] != (len(names),):
            return self._estimator.predict(matrix)
        return self._estimator.predict(_frame(matrix.tolist(), names))

    def _from_records(self, rows: list[dict[str, Any]]) -> Any:
        names = self.names or list(rows[0])
        values = picked(rows, names)
        if _has_pandas():
            return _frame(values, names)
        if self.names is None or self._by_name:
            raise Fault(
                400,
                "rows given as objects need pandas for this model, which is not installed beside"
                " Argosy: install it, or send rows as lists",
            )
        return as_array(values)


def picked(rows: list[dict[str, Any]], names: list[str]) -> list[list[Any]]:
    """The values of rows given as objects, in the order of `names`; raises Fault 400."""
    for index, row in enumerate(rows):
        missing = [name for name in names if name not in row]
        if missing:
            raise Fault(400, f"row {index} lacks the column(s) {', '.join(missing)}")
    return [[row[name] for name in names] for row in rows]


def _is_scikit_learn(estimator: Any) -> bool:
    """Whether it is one of theirs; without importing scikit-learn for what cannot be."""
    base = sys.modules.get("sklearn.base")
    return base is not None and isinstance(estimator, base.BaseEstimator)


def _picks_columns(estimator: Any) -> bool:
    """Whether a ColumnTransformer is anywhere in it."""
    parts = [estimator]
    get_params = getattr(estimator, "get_params", None)
    if callable(get_params):
        parts += get_params(deep=True).values()
    return any(type(part).__name__ == "ColumnTransformer" for part in parts)


def _frame(values: list[Any], names: list[str]) -> Any:
    return importlib.import_module("pandas").DataFrame(values, columns=names)


def _has_pandas() -> bool:
    return importlib.util.find_spec("pandas") is not None


class EstimatorDefaults(script.Defaults):
    """What the scikit-learn container does where a script has no function of its own."""

    def __init__(
        self,
        script_name: str,
        model_dir: Path,
        read_model: Callable[[Path], Any],
        predictor: Callable[[Any], Any] = Estimator,
    ) -> None:
        """`read_model` gives the object in an archive's only model file, or raises LoadError;
        `predictor` makes a `Predictor` of what model_fn gave."""
        self._script_name = script_name
        self._model_dir = model_dir
        self._read_model = read_model
        self._make_predictor = predictor
        self._predictor: Any = None

    def model_fn(self, model_dir: str) -> Any:
        """Beyond SageMaker, where model_fn is obligatory: a file that can be recognised."""
        try:
            return self._read_model(self._model_dir)
        except LoadError as error:
            raise LoadError(f"{self._script_name} has no model_fn, and {error}") from None

    def predict_fn(self, data: Any, model: Any) -> Any:
        """model.predict of the rows; one row may come without its outer list."""
        if not hasattr(model, "predict"):
            raise TypeError(
                f"model_fn gave a {type(model).__name__}, which has no predict method:"
                f" add a predict_fn to {self._script_name}"
            )
        if self._predictor is None:
            self._predictor = self._make_predictor(model)
        try:
            return self._predictor.predict_table(data)
        except (ValueError, TypeError) as error:
            if not self._predictor.known or isinstance(error, AttributeError):
                raise  # a class of the user's own, or a model that was never fitted
            raise Fault(400, str(error)) from error
