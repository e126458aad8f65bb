"""The MLflow runtime: any archive with an MLmodel file at its top, by way of its pyfunc flavour.

Requests are read and answered by the functions of MLflow's own scoring server, so what is taken
and how it is refused is what `mlflow models serve` does: CSV with a header, JSON with exactly one
of dataframe_split, dataframe_records, instances and inputs, Parquet, bodies of language models
unwrapped; Accept does not matter. A pyfunc model may do anything with its rows, so requests are
never merged. Installs nothing and downloads nothing: what the model's requirements ask for and
is not here is written to its log, and refused only where it cannot be imported.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from argosy.runtimes.answers import Answer, Body, Fault, content_head, failure
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.frames import decode_head
from argosy.runtimes.media import JSON

_PYFUNC = "python_function"
_FLAVOR_VARIABLE = "MLFLOW_DEPLOYMENT_FLAVOR_NAME"
# Nothing may be sent anywhere; git is asked for by MLflow's tracking, which has no part in this.
_QUIET = {"MLFLOW_DISABLE_TELEMETRY": "true", "GIT_PYTHON_REFRESH": "quiet"}
# What broken input raises inside MLflow's parsing where it is not translated.
_INPUT_ERRORS = (ValueError, TypeError, LookupError, AttributeError, OverflowError, RecursionError)


def prepare() -> None:
    """Import MLflow's pyfunc and its scoring functions."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    importlib.import_module("mlflow.pyfunc.scoring_server")


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    server = importlib.import_module("mlflow.pyfunc.scoring_server")
    os.environ["_MLFLOW_IS_IN_SERVING_ENVIRONMENT"] = "true"
    _check(place.model_dir)
    try:
        loaded = server.load_model_with_mlflow_config(str(place.model_dir))
    except ModuleNotFoundError as error:
        raise LoadError(_missing(error.name or str(error), place.model_dir)) from error
    except server.MlflowException as error:
        raise LoadError(f"MLflow cannot load the model: {_first_line(error)}") from error
    return Pyfunc(server, loaded)


def _check(model_dir: Path) -> None:
    """Raises LoadError when MLflow would not know what to do with the archive."""
    flavor = os.environ.get(_FLAVOR_VARIABLE, "").strip() or _PYFUNC
    if flavor != _PYFUNC:
        raise LoadError(
            f"{_FLAVOR_VARIABLE} is {flavor}; only {_PYFUNC} is served: leave it out, or deploy"
            f" with --flavor {_PYFUNC}"
        )
    if not (model_dir / "MLmodel").is_file():
        names = ", ".join(item.name for item in sorted(model_dir.iterdir())[:10]) or "nothing"
        raise LoadError(
            "the archive has no file MLmodel at its top: pack the content of the model's folder,"
            f" not the folder; it holds {names}"
        )
    flavors = _read(model_dir).flavors
    if _PYFUNC not in flavors:
        raise LoadError(
            f"the model has the flavours {', '.join(flavors) or 'none'} and not {_PYFUNC}, the one"
            " that is served: log it with a flavour that adds python_function"
        )


def _read(model_dir: Path) -> Any:
    """The MLmodel file; raises LoadError when it is not one."""
    model = importlib.import_module("mlflow.models").Model
    try:
        return model.load(str(model_dir / "MLmodel"))
    except Exception as error:
        raise LoadError(f"MLmodel cannot be read: {_first_line(error)}") from error


def _missing(module: str, model_dir: Path) -> str:
    listed = ""
    if (model_dir / "requirements.txt").is_file():
        listed = ", as the requirements.txt of the model says"
    return (
        f"the model needs the Python module {module!r}, which is not here: install it beside"
        f" Argosy{listed}"
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]


class Pyfunc:
    """A `Model` around a pyfunc, asked through MLflow's scoring functions."""

    def __init__(self, server: Any, loaded: Any) -> None:
        self._server = server
        self._model = _Watched(loaded)
        self._schema = loaded.metadata.get_input_schema()

    def form(self, head: bytes) -> Hashable:
        return None

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        """Part of `Model`, not asked for as `form` is None; answers as to requests without head."""
        return [self.answer(b"", body) for body in bodies]

    def answer(self, head: bytes, body: Body) -> Answer:
        """What the scoring server answers; where it would break off, 400 blames the body."""
        self._model.asked = False
        try:
            return self._invoke(decode_head(head).get("content-type", "").strip() or JSON, body)
        except _INPUT_ERRORS as error:
            if self._model.asked:
                return failure(error)
            return failure(Fault(400, f"the body cannot be read: {_first_line(error)}"))
        except (Exception, SystemExit) as error:
            return failure(error)

    def _invoke(self, content_type: str, body: Body) -> Answer:
        try:
            text, status, media = self._server.invocations(
                bytes(body), content_type, self._model, self._schema
            )
        except self._server.MlflowException as error:
            status = error.get_http_status_code()
            if self._model.asked:  # what broke in the model belongs into its log as well
                print(error.json_kwargs.get("stack_trace") or error, file=sys.stderr)  # noqa: T201
            return Answer(status, content_head(JSON), error.serialize_as_json().encode())
        return Answer(status, content_head(media), text.encode())


class _Watched:
    """The model as `invocations` sees it; notes whether its turn had come when things broke."""

    def __init__(self, loaded: Any) -> None:
        self._loaded = loaded
        self.metadata = loaded.metadata
        self.asked = False

    def predict(self, data: Any, params: Any = None) -> Any:
        """MLflow looks for `params` in this signature."""
        self.asked = True
        return self._loaded.predict(data, params=params)
