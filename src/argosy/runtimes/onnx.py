"""The ONNX runtime: model.onnx, or the only .onnx file, run by onnxruntime, or a script.

A model of one input takes rows; one of several takes {"inputs": {name: …}}, or rows with a column
for each. What comes in is cast to the types the model declares, and refused where it does not
fit. The first output is the answer (of a classifier: the labels), others are given when asked for.

Requests are joined where the model leaves the first axis of its inputs and outputs open and calls
it nothing that means time; ARGOSY_ROW_WISE says otherwise.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import onnxruntime

from argosy.runtimes import arrays, devices, model_files, script
from argosy.runtimes.answers import Body, Fault
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.media import media_type
from argosy.runtimes.onnx_inputs import feed
from argosy.runtimes.tensor_types import Spec

_TIME = re.compile(r"seq|time|step|len|frame|token", re.IGNORECASE)
_MACHINES_FAULT = ("allocate", "out of memory", "cuda", "cudnn")
_ERRORS_ONLY = 3
_CUDA, _CPU = "CUDAExecutionProvider", "CPUExecutionProvider"


def prepare() -> None:
    """`import onnxruntime` is all that a model needs, and has been done."""


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    found = script.find(place)
    if found is None:
        return arrays.Arrays(Session(read_file(model_file(place.model_dir))))
    return script.load(found, place, _Defaults(found.name, place.model_dir))


def model_file(model_dir: Path) -> Path:
    """model.onnx, else the only .onnx; raises LoadError when there is no such file."""
    return model_files.only(model_dir, (".onnx",), ("model.onnx",))


def read_file(path: Path) -> Any:
    """An onnxruntime.InferenceSession; raises LoadError saying what is wrong with the file."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = devices.threads()
    options.inter_op_num_threads = 1
    options.log_severity_level = _ERRORS_ONLY
    providers = _providers(onnxruntime.get_available_providers())
    try:
        return onnxruntime.InferenceSession(str(path), options, providers=providers)
    except Exception as error:
        raise LoadError(f"{path.name} could not be read as a model: {_message(error)}") from error


def _providers(available: list[str]) -> list[Any]:
    """CUDA before the processor, when it is there and not declined; raises LoadError."""
    wanted = devices.wanted()
    if wanted == "cpu" or (not wanted and _CUDA not in available):
        return [_CPU]
    if _CUDA not in available:
        raise LoadError(f"ARGOSY_DEVICE is {wanted}, which needs onnxruntime-gpu beside Argosy")
    return [(_CUDA, {"device_id": devices.gpu(wanted or "cuda")}), _CPU]


class Session:
    """A `Network` (see `argosy.runtimes.arrays`) around an InferenceSession."""

    rank = 1

    def __init__(self, session: Any) -> None:
        self._session = session
        self._inputs = [Spec(one.name, one.type, tuple(one.shape)) for one in session.get_inputs()]
        outputs = [Spec(one.name, one.type, tuple(one.shape)) for one in session.get_outputs()]
        self._outputs = [one.name for one in outputs]
        self.row_wise = arrays.row_wise(all(map(_open, self._inputs + outputs)))

    def feed(self, asked: arrays.Asked, media: str) -> tuple[Any, ...]:
        return feed(self._inputs, asked.value, asked.names)

    def run(self, feed: tuple[Any, ...], outputs: tuple[str, ...]) -> Any:
        names = self._named(outputs)
        given = {spec.name: feed[place] for place, spec in enumerate(self._inputs)}
        try:
            results = self._session.run(names, given)
        except Exception as error:
            raise _fault(error) from error
        return {name: results[place] for place, name in enumerate(names)} if outputs else results[0]

    def _named(self, outputs: tuple[str, ...]) -> list[str]:
        if outputs == (arrays.ALL,):
            return self._outputs
        for name in outputs:
            if name not in self._outputs:
                known = ", ".join(self._outputs)
                raise Fault(400, f"the model has no output {name!r}; its outputs are {known}")
        return list(outputs) or self._outputs[:1]


def _open(spec: Spec) -> bool:
    """Whether a tensor has a first axis of any length that seems to count rows."""
    if not spec.type.startswith("tensor("):
        return spec.type.startswith("seq(map(")  # a classifier's probabilities, one per row
    first = spec.shape[0] if spec.shape else 0
    return not isinstance(first, int) and not _TIME.search(first or "")


def _fault(error: Exception) -> Exception:
    """What a run raised: the input is to blame, unless the machine is."""
    text = _message(error)
    return error if any(sign in text.lower() for sign in _MACHINES_FAULT) else Fault(400, text)


def _message(error: Exception) -> str:
    """onnxruntime's words without its own error code, in one line."""
    code = r"^\[ONNXRuntimeError\] : \d+ : [A-Z_]+ : (Load model from .* failed:)?"
    text = re.sub(code, "", str(error))
    return " ".join(text.split()) or type(error).__name__


class _Defaults(script.Defaults):
    """What stands in for handlers that a script lacks."""

    def __init__(self, script_name: str, model_dir: Path) -> None:
        self._script_name = script_name
        self._model_dir = model_dir
        self._session: Any = None
        self._network: Session | None = None

    def model_fn(self, model_dir: str) -> Any:
        """An onnxruntime.InferenceSession of the archive's .onnx file."""
        try:
            return read_file(model_file(self._model_dir))
        except LoadError as error:
            raise LoadError(f"{self._script_name} has no model_fn, and {error}") from None

    def input_fn(self, body: Body, content_type: str) -> Any:
        """Rows, or a dict of arrays by the names of inputs."""
        return arrays.read(media_type(content_type), body).value

    def predict_fn(self, data: Any, model: Any) -> Any:
        """The first output of a session for rows or named arrays."""
        if not isinstance(model, onnxruntime.InferenceSession):
            raise TypeError(
                f"model_fn gave a {type(model).__name__}, not an onnxruntime.InferenceSession:"
                f" add a predict_fn to {self._script_name}"
            )
        if self._network is None or self._session is not model:
            self._session, self._network = model, Session(model)
        return self._network.run(self._network.feed(arrays.Asked(data), ""), ())
