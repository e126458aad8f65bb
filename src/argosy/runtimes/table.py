"""The runtimes there are: one line each. Modules are imported only in the worker that uses them."""

from __future__ import annotations

import importlib
from typing import cast

from argosy.runtimes.base import LoadError, Model, Place, Runtime

MODULES = {
    "sklearn": "argosy.runtimes.scikit_learn",
    "xgboost": "argosy.runtimes.xgboost",
    "lightgbm": "argosy.runtimes.lightgbm",
    "catboost": "argosy.runtimes.catboost",
    "pytorch": "argosy.runtimes.pytorch",
    "tensorflow": "argosy.runtimes.tensorflow",
    "onnx": "argosy.runtimes.onnx",
    "huggingface": "argosy.runtimes.huggingface",
    "mlflow": "argosy.runtimes.mlflow",
}
"""Names as in `argosy.runtimes.images`; each is also the extra that installs what it needs."""


def find(name: str) -> Runtime:
    """The runtime of that name, its framework imported; raises KeyError when there is none.

    A runtime whose framework is not installed loads nothing, and says what to install.
    """
    module = MODULES[name]
    try:
        runtime = cast(Runtime, importlib.import_module(module))
        runtime.prepare()
    except ModuleNotFoundError as error:
        if error.name is None or error.name.startswith("argosy"):
            raise
        return _Missing(name, error.name)
    return runtime


class _Missing:
    """Stands in for a runtime that cannot be imported."""

    def __init__(self, name: str, module: str) -> None:
        self.why_not = (
            f"the {name} runtime needs the Python module {module!r}, which is not installed: run"
            f" pip install 'argosy[{name}]', or name it in code/requirements.txt of the archive"
        )

    def prepare(self) -> None:
        """Nothing can be."""

    def load(self, place: Place) -> Model:
        """Raises LoadError."""
        raise LoadError(self.why_not)
