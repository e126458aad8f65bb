"""The scikit-learn runtime: joblib, pickle and skops files, with or without a script.

With a script (SageMaker's contract, `argosy.runtimes.script`) requests go to it one by one. An
archive without one serves its only model file, and requests that wait together are merged.
Unpickling runs whatever the file says: this module belongs into a sandboxed worker only.
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from argosy.runtimes import model_files, script
from argosy.runtimes.base import Model, Place
from argosy.runtimes.estimator import Estimator, EstimatorDefaults
from argosy.runtimes.slim import put_off
from argosy.runtimes.tabular import Tabular

# `import sklearn.linear_model` alone takes 120 MB (scipy.stats comes with any estimator); trees,
# forests, pipelines and column transformers add 6 MB more and cover most models. skops (16 MB),
# pandas and the rest are imported when a file needs them.
_WARM = (
    "joblib",
    "sklearn.linear_model",
    "sklearn.ensemble",
    "sklearn.pipeline",
    "sklearn.compose",
)

_SUFFIXES = (*model_files.PICKLES, ".skops")
_PREFERRED = tuple("model" + suffix for suffix in _SUFFIXES)


def prepare() -> None:
    """Import what most models need.

    scikit-learn imports pandas whenever it is installed: 45 MB and a third of the time, for models
    that mostly never see a frame.
    """
    with put_off("pandas"):
        for module in _WARM:
            importlib.import_module(module)


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    found = script.find(place)
    if found is None:
        return Tabular(Estimator(_model(place.model_dir)))
    return script.load(found, place, EstimatorDefaults(found.name, place.model_dir, _model))


def _model(model_dir: Path) -> Any:
    path = model_files.only(model_dir, _SUFFIXES, _PREFERRED)
    return _read_skops(path) if path.suffix == ".skops" else model_files.read_pickle(path)


def _read_skops(path: Path) -> Any:
    import skops.io

    try:
        # The file is the user's own and read inside the sandbox, where a pickle could do anything.
        return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))
    except Exception as error:
        raise model_files.unreadable(path, error) from error
