"""The LightGBM runtime: text models, joblib and pickle files, with or without a script.

A Booster answers what `Booster.predict` gives (probabilities for classes); a pickled estimator
answers its own `predict`. Requests that wait together are merged. Unpickling runs whatever the
file says: this module belongs into a sandboxed worker only.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import lightgbm

from argosy.runtimes import model_files, script, versions
from argosy.runtimes.base import Model, Place
from argosy.runtimes.estimator import Estimator, EstimatorDefaults
from argosy.runtimes.numeric import Numeric
from argosy.runtimes.tabular import Tabular

_TEXTS = (".txt", ".lgb", ".lgbm", ".model")
_SUFFIXES = (*_TEXTS, *model_files.PICKLES)
_PREFERRED = tuple("model" + suffix for suffix in _SUFFIXES)


class _Silent:
    """LightGBM writes every error to stdout before it raises it; raised is enough."""

    def info(self, message: str) -> None:
        """Not for the log."""

    def warning(self, message: str) -> None:
        """Not for the log."""


def prepare() -> None:
    """Import what estimators need beside LightGBM."""
    lightgbm.register_logger(_Silent())


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
    return read_text(path) if path.suffix in _TEXTS else model_files.read_pickle(path)


def read_text(path: Path) -> Any:
    """The Booster of a text model; raises LoadError."""
    try:
        text = path.read_text()
        versions.check_format(path.name, "LightGBM", written_by(text), lightgbm.__version__)
        return lightgbm.Booster(model_str=text)
    except (lightgbm.basic.LightGBMError, ValueError) as error:
        raise model_files.unreadable(path, error) from error


def written_by(text: str) -> str:
    """The major version of LightGBM that a text model is of; "" when it does not say."""
    found = re.match(r"tree\r?\nversion=v(\d+)", text)
    return found[1] if found else ""


def predictor(model: Any) -> Any:
    """A `Predictor` around a Booster, one of LightGBM's own estimators, or any other."""
    errors = (lightgbm.basic.LightGBMError,)
    if isinstance(model, lightgbm.Booster):
        return Numeric(model.predict, model.num_feature(), model.feature_name(), errors)
    if isinstance(model, lightgbm.LGBMModel):
        booster = model.booster_
        return Numeric(model.predict, booster.num_feature(), booster.feature_name(), errors)
    return Estimator(model)
