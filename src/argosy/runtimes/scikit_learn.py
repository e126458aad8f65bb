"""The scikit-learn runtime: joblib, pickle and skops files, with or without a script.

With a script (SageMaker's contract, `argosy.runtimes.script`) requests go to it one by one. An
archive without one serves its only model file, and requests that wait together are merged.
Unpickling runs whatever the file says: this module belongs into a sandboxed worker only.
"""

from __future__ import annotations

import contextlib
import importlib
import importlib.util
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib

from argosy.runtimes import script
from argosy.runtimes.answers import Fault
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.decoders import as_array
from argosy.runtimes.tabular import Tabular

# `import sklearn.linear_model` alone takes 120 MB (scipy.stats comes with any estimator); trees,
# forests, pipelines and column transformers add 6 MB more and cover most models. skops (16 MB),
# pandas and the rest are imported when a file needs them.
_WARM = ("sklearn.linear_model", "sklearn.ensemble", "sklearn.pipeline", "sklearn.compose")

_PICKLES = (".joblib", ".pkl", ".pickle")
_SUFFIXES = (*_PICKLES, ".skops")
_PREFERRED = tuple("model" + suffix for suffix in _SUFFIXES)


def prepare() -> None:
    """Import what most models need."""
    with _put_off("pandas"):
        for module in _WARM:
            importlib.import_module(module)


@contextlib.contextmanager
def _put_off(name: str) -> Iterator[None]:
    """Have `import name` fail for a while.

    scikit-learn imports pandas whenever it is installed: 45 MB and a third of the time, for models
    that mostly never see a frame. It does without, and finds pandas when it is imported later.
    """
    if name in sys.modules:
        yield
        return
    sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[name]


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    warnings.filterwarnings("ignore", message="X does not have valid feature names")
    found = script.find(place)
    if found is None:
        estimator = read_file(model_file(place.model_dir))
        return Tabular(Estimator(estimator))
    return script.load(found, place, _Defaults(found.name, place.model_dir))


def model_file(model_dir: Path) -> Path:
    """The file that holds the model: a well-known name, or the only candidate.

    Raises LoadError when there is none, or several.
    """
    files = sorted(
        item for item in model_dir.iterdir() if item.is_file() and not item.name.startswith(".")
    )
    candidates = [item for item in files if item.suffix in _SUFFIXES]
    for name in _PREFERRED:
        if model_dir / name in candidates:
            return model_dir / name
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(item.name for item in candidates)
        raise LoadError(
            f"the archive has several model files ({names}): name one of them model.joblib,"
            " or add code/inference.py with a model_fn"
        )
    names = ", ".join(item.name for item in sorted(model_dir.iterdir())[:10]) or "nothing"
    raise LoadError(
        f"the archive has no model file (*{', *'.join(_SUFFIXES)}) at its top and no"
        f" code/inference.py; it holds {names}"
    )


def read_file(path: Path) -> Any:
    """The object in a model file; raises LoadError saying what is wrong with it."""
    try:
        return _read_skops(path) if path.suffix == ".skops" else joblib.load(path)
    except ModuleNotFoundError as error:
        raise LoadError(
            f"{path.name} needs the Python module {error.name!r}, which is not here: put it into"
            " code/ of the archive, or install it beside Argosy"
        ) from error
    except AttributeError as error:
        raise LoadError(
            f"{path.name} refers to code that is not here ({error}): put it into code/ of the"
            " archive and import it from there when the model is saved"
        ) from error
    except Exception as error:
        raise LoadError(
            f"{path.name} could not be read as a model: {type(error).__name__}: {error}"
        ) from error


def _read_skops(path: Path) -> Any:
    import skops.io

    # The file is the user's own and read inside the sandbox, where a pickle could do anything.
    return skops.io.load(path, trusted=skops.io.get_untrusted_types(file=path))


class Estimator:
    """A `Predictor` (see `argosy.runtimes.tabular`) around anything with `predict`."""

    def __init__(self, estimator: Any) -> None:
        if not callable(getattr(estimator, "predict", None)):
            raise LoadError(
                f"the model file holds a {type(estimator).__name__}, which has no predict method"
            )
        self._estimator = estimator
        names = getattr(estimator, "feature_names_in_", None)
        self._names: list[str] | None = None if names is None else [str(name) for name in names]
        self._tabular = hasattr(estimator, "n_features_in_")
        self._by_name = self._names is not None and _picks_columns(estimator)
        from sklearn.base import BaseEstimator

        self.known = isinstance(estimator, BaseEstimator)
        self.row_wise = self.known and not self._by_name
        self.predict = self._predict_frame if self._by_name else estimator.predict

    def predict_table(self, rows: Any) -> Any:
        """Predictions for what a decoder gave; raises Fault 400 when the columns are wrong."""
        if isinstance(rows, list):
            return self._estimator.predict(self._from_records(rows))
        if getattr(rows, "ndim", 2) == 1 and self._tabular:
            rows = rows.reshape(1, -1)
        return self.predict(rows)

    def _predict_frame(self, matrix: Any) -> Any:
        """A pipeline that takes columns by name gets a frame, when pandas is there to make one."""
        names = self._names or []
        if not _has_pandas() or getattr(matrix, "shape", ())[1:] != (len(names),):
            return self._estimator.predict(matrix)
        return self._estimator.predict(_frame(matrix.tolist(), names))

    def _from_records(self, rows: list[dict[str, Any]]) -> Any:
        names = self._names or list(rows[0])
        for index, row in enumerate(rows):
            missing = [name for name in names if name not in row]
            if missing:
                raise Fault(400, f"row {index} lacks the column(s) {', '.join(missing)}")
        values = [[row[name] for name in names] for row in rows]
        if _has_pandas():
            return _frame(values, names)
        if self._names is None or self._by_name:
            raise Fault(
                400,
                "rows given as objects need pandas for this model, which is not installed beside"
                " Argosy: install it, or send rows as lists",
            )
        return as_array(values)


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


class _Defaults(script.Defaults):
    """What the scikit-learn container does where a script has no function of its own."""

    def __init__(self, script_name: str, model_dir: Path) -> None:
        self._script_name = script_name
        self._model_dir = model_dir
        self._estimator: Estimator | None = None

    def model_fn(self, model_dir: str) -> Any:
        """Beyond SageMaker, where model_fn is obligatory: a file that can be recognised."""
        try:
            path = model_file(self._model_dir)
        except LoadError as error:
            raise LoadError(f"{self._script_name} has no model_fn, and {error}") from None
        return read_file(path)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """model.predict of the rows; one row may come without its outer list."""
        if not hasattr(model, "predict"):
            raise TypeError(
                f"model_fn gave a {type(model).__name__}, which has no predict method:"
                f" add a predict_fn to {self._script_name}"
            )
        if self._estimator is None:
            self._estimator = Estimator(model)
        try:
            return self._estimator.predict_table(data)
        except (ValueError, TypeError) as error:
            if not self._estimator.known or isinstance(error, AttributeError):
                raise  # a class of the user's own, or a model that was never fitted
            raise Fault(400, str(error)) from error
