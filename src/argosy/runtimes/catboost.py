"""The CatBoost runtime: .cbm, JSON, joblib and pickle files, with or without a script.

A model file answers what CatBoostClassifier, CatBoostRegressor or CatBoostRanker would, by what it
was trained for. Requests that wait together are merged. Unpickling runs whatever the file
says: this module belongs into a sandboxed worker only.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import catboost
import numpy as np

from argosy.runtimes import model_files, script, sparse, versions
from argosy.runtimes.answers import Fault
from argosy.runtimes.base import Model, Place
from argosy.runtimes.estimator import Estimator, EstimatorDefaults, picked
from argosy.runtimes.numeric import Numeric
from argosy.runtimes.tabular import Tabular

_FORMATS = {".cbm": "cbm", ".json": "json"}
_SUFFIXES = (*_FORMATS, *model_files.PICKLES)
_PREFERRED = tuple("model" + suffix for suffix in _SUFFIXES)
_RELEASE = re.compile(r"CatBoost release (\d+(?:\.\d+)*)|tags/v(\d+(?:\.\d+)*)")


def prepare() -> None:
    """Nothing beyond what this module imports."""


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    found = script.find(place)
    if found is None:
        return Tabular(predictor(_model(place.model_dir)))
    return script.load(
        found, place, EstimatorDefaults(found.name, place.model_dir, _model, predictor)
    )


def _model(model_dir: Path) -> Any:
    path = model_files.only(model_dir, _SUFFIXES, _PREFERRED)
    kind = _FORMATS.get(path.suffix)
    return read_model(path, kind) if kind else model_files.read_pickle(path)


def read_model(path: Path, kind: str) -> Any:
    """The model of CatBoost's own file forms ("cbm", "json"); raises LoadError."""
    try:
        plain = catboost.CatBoost().load_model(str(path), format=kind)
        model = _typed(plain, path, kind)
    except (catboost.CatBoostError, ValueError, KeyError) as error:
        raise model_files.unreadable(path, error) from error
    versions.check_file(path.name, "CatBoost", written_by(plain), catboost.__version__)
    return model


def _typed(plain: Any, path: Path, kind: str) -> Any:
    """The model as the class that it was trained as, whose predict gives labels or exponents."""
    if len(plain.classes_):
        return catboost.CatBoostClassifier().load_model(str(path), format=kind)
    try:
        return catboost.CatBoostRegressor().load_model(str(path), format=kind)
    except catboost.CatBoostError:  # a ranker's loss; its predict is that of the plain class
        return plain


def written_by(model: Any) -> str:
    """The release of CatBoost that wrote a model; "" when it does not say."""
    found = _RELEASE.search(dict(model.get_metadata()).get("catboost_version_info", ""))
    return (found[1] or found[2]) if found else ""


def predictor(model: Any) -> Any:
    """A `Predictor` around a model of CatBoost's, or any other."""
    if not isinstance(model, catboost.CatBoost):
        return Estimator(model)
    predict = _predict_of(model)
    names = model.feature_names_
    errors = (catboost.CatBoostError,)
    categories = model.get_cat_feature_indices()
    if categories or model.get_text_feature_indices():
        return Mixed(predict, names, categories, errors)
    return Numeric(predict, len(names), names, errors, takes_sparse=False)


def _predict_of(model: Any) -> Callable[[Any], Any]:
    """CatBoost asks for every core unless told; labels come as a column of their own."""
    count = os.environ.get("OMP_NUM_THREADS", "")
    threads = int(count) if count.isdecimal() and int(count) > 0 else 1

    def predict(rows: Any) -> Any:
        predictions = np.asarray(model.predict(rows, thread_count=threads))
        return predictions.ravel() if predictions.shape[1:] == (1,) else predictions

    return predict


class Mixed:
    """A `Predictor` around a model with categories or texts among its columns."""

    known = True
    row_wise = True

    def __init__(
        self,
        predict: Callable[[Any], Any],
        names: list[str],
        categories: list[int],
        errors: tuple[type[Exception], ...],
    ) -> None:
        self._predict = predict
        self._categories = frozenset(categories)
        self._errors: tuple[type[Exception], ...] = (ValueError, TypeError, *errors)
        self.names = names

    def predict(self, matrix: Any) -> Any:
        """Predictions for a matrix; raises Fault 400."""
        return self.predict_table(matrix)

    def predict_table(self, rows: Any) -> Any:
        """Predictions for rows of numbers and text; raises Fault 400."""
        if not isinstance(rows, list):
            rows = (
                sparse.dense(sparse.fit(rows, len(self.names))) if sparse.is_sparse(rows) else rows
            )
            values = np.atleast_2d(rows).tolist()
        else:
            values = picked(rows, self.names)
        if len(values[0]) != len(self.names):
            raise Fault(
                400, f"the rows have {len(values[0])} features, the model takes {len(self.names)}"
            )
        try:
            return self._predict([self._row(row) for row in values])
        except self._errors as error:
            raise Fault(400, str(error).partition("\n")[0]) from error

    def _row(self, row: list[Any]) -> list[Any]:
        """Categories are text to CatBoost; it refuses 3.0, which is what JSON and CSV make of 3."""
        return [
            _category(value) if index in self._categories else value
            for index, value in enumerate(row)
        ]


def _category(value: Any) -> str:
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)
