"""SageMaker's script contract: a user's module whose handlers answer requests one by one.

The module is the file SAGEMAKER_PROGRAM names (inference.py by default) in the submit directory,
in code/ of the archive or in /opt/ml/code. What it does not define, the framework's `Defaults`
do. Source: reference/container-contract.md §4.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Hashable, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from argosy.runtimes import decoders, encoders
from argosy.runtimes.answers import Answer, Body, Fault, content_head, failure
from argosy.runtimes.base import LoadError, Place
from argosy.runtimes.context import Context
from argosy.runtimes.frames import decode_head
from argosy.runtimes.handlers import Handler, handlers_of
from argosy.runtimes.media import JSON, TEXTUAL, WRITABLE, choose, media_type

_DEFAULT_PROGRAM = "inference.py"


class Defaults:
    """What stands in for handlers the script lacks; frameworks give model_fn and predict_fn."""

    gpu_id: int | None = None
    """The GPU that the model is on, for the handlers' context."""

    def model_fn(self, model_dir: str) -> Any:
        """Raises LoadError: only a framework can load something without being told how."""
        raise LoadError("the script has no model_fn")

    def input_fn(self, body: Body, content_type: str) -> Any:
        """The decoded rows; raises Fault 400 or 415."""
        return decoders.decode(media_type(content_type), body).rows

    def predict_fn(self, data: Any, model: Any) -> Any:
        """The model called with the data."""
        return model(data)

    def output_fn(self, prediction: Any, accept: str) -> Any:
        """(body, content type) by the Accept header; raises Fault 406. Iterators stream."""
        if hasattr(prediction, "__next__"):
            return prediction
        media = choose(accept, JSON)
        if media is None:
            offered = ", ".join(WRITABLE)
            raise Fault(406, f"Accept {accept} is not supported; use one of {offered}")
        return encoders.encode(prediction, media), media

    def failure(self, error: BaseException) -> Answer:
        """The answer to a request during which the script or a default raised."""
        return failure(error)


def find(place: Place) -> Path | None:
    """The script's file, or None when there is no script.

    Raises LoadError when SAGEMAKER_PROGRAM names a file that is nowhere.
    """
    named = os.environ.get("SAGEMAKER_PROGRAM", "").strip()
    program = named or _DEFAULT_PROGRAM
    program = program if program.endswith(".py") else program + ".py"
    folders = [place.model_dir / "code", place.base_dir / "code"]
    submitted = os.environ.get("SAGEMAKER_SUBMIT_DIRECTORY", "").strip()
    if os.path.isabs(submitted):
        folders.insert(0, Path(submitted))
    for folder in folders:
        if (folder / program).is_file():
            return folder / program
    if named:
        places = ", ".join(dict.fromkeys(map(str, folders)))
        raise LoadError(f"SAGEMAKER_PROGRAM names {program}, which is not in {places}")
    return None


def load(path: Path, place: Place, defaults: Defaults) -> Script:
    """Import the script and load its model; raises what the user's code raises."""
    handlers = handlers_of(import_program(path))
    context = Context({}, str(place.model_dir), defaults.gpu_id)
    if "pre_model_fn" in handlers:
        handlers["pre_model_fn"](str(place.model_dir), context)
    if "model_fn" in handlers:
        model = handlers["model_fn"](str(place.model_dir), context)
    else:
        model = defaults.model_fn(str(place.model_dir))
    if "model_warmup_fn" in handlers:
        handlers["model_warmup_fn"](str(place.model_dir), model, context)
    return Script(handlers, model, str(place.model_dir), defaults)


def import_program(path: Path) -> ModuleType:
    """The file as a module under its own name, so that pickles of its classes find them."""
    folder = str(path.parent)
    if folder in sys.path:
        sys.path.remove(folder)
    sys.path.insert(0, folder)
    name = path.stem if path.stem not in sys.modules else f"user_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class Script:
    """A `Model` made of a script's handlers. Requests are never merged."""

    def __init__(
        self, handlers: dict[str, Handler], model: Any, model_dir: str, defaults: Defaults
    ) -> None:
        self._handlers = handlers
        self._model = model
        self._model_dir = model_dir
        self._defaults = defaults
        wanted = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", "").strip()
        self._default_accept = wanted or JSON

    def form(self, head: bytes) -> Hashable:
        return None

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        """Part of `Model`, not asked for as `form` is None; answers as to requests without head."""
        return [self.answer(b"", body) for body in bodies]

    def answer(self, head: bytes, body: Body) -> Answer:
        try:
            fields = decode_head(head)
            context = Context(fields, self._model_dir, self._defaults.gpu_id)
            accept = fields.get("accept", "").strip()
            if accept in ("", "*/*"):
                accept = self._default_accept
            content_type = fields.get("content-type", "").strip() or JSON
            return self._answer(self._run(body, content_type, accept, context), accept, context)
        except (Exception, SystemExit) as error:
            return self._defaults.failure(error)

    def _run(self, body: Body, content_type: str, accept: str, context: Context) -> Any:
        whole = self._handlers.get("transform_fn")
        if whole:
            return whole(self._model, _payload(body, content_type), content_type, accept, context)
        data = self._input(body, content_type, context)
        if "predict_fn" in self._handlers:
            prediction = self._handlers["predict_fn"](data, self._model, context)
        else:
            prediction = self._defaults.predict_fn(data, self._model)
        if "output_fn" in self._handlers:
            return self._handlers["output_fn"](prediction, accept, context)
        return self._defaults.output_fn(prediction, accept)

    def _input(self, body: Body, content_type: str, context: Context) -> Any:
        if "input_fn" not in self._handlers:
            return self._defaults.input_fn(body, content_type)
        return self._handlers["input_fn"](_payload(body, content_type), content_type, context)

    def _answer(self, result: Any, accept: str, context: Context) -> Answer:
        """What a handler returned, as an answer: a payload, or (payload, content type)."""
        content_type = ""
        if isinstance(result, tuple) and len(result) == 2 and isinstance(result[1], str):
            result, content_type = result
        if not isinstance(result, (bytes, str)) and not hasattr(result, "__next__"):
            result, content_type = self._encoded(result, content_type or accept)
        content_type = context.content_type or content_type or _single(accept)
        body = result.encode() if isinstance(result, str) else result
        return Answer(200, content_head(content_type, context.answered()), body)

    def _encoded(self, result: Any, accept: str) -> tuple[Any, str]:
        if result is None:
            return b"", ""
        if isinstance(result, (bytearray, memoryview)):
            return bytes(result), accept
        return self._defaults.output_fn(result, accept)  # type: ignore[no-any-return]


def _payload(body: Body, content_type: str) -> str | bytes:
    """The body as handlers expect it: text for JSON and CSV, else bytes."""
    if media_type(content_type) not in TEXTUAL:
        return bytes(body)
    try:
        return body.decode()
    except UnicodeDecodeError as error:
        raise Fault(400, f"the {content_type} body is not UTF-8: {error}") from None


def _single(accept: str) -> str:
    """The content type of an answer whose handler named none: what was asked for first."""
    return accept.partition(",")[0].partition(";")[0].strip() or JSON
