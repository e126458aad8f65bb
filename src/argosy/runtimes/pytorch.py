"""The PyTorch runtime: TorchScript and torch.export archives, or a script.

Without a script a model takes one tensor: JSON and CSV become a FloatTensor, NPY a tensor of its
own type, and what the model gives is written as JSON, CSV or NPY (reference/container-contract.md
§4). Whether a tensor's first axis counts rows only the model's author knows, so requests are
joined only where ARGOSY_ROW_WISE=1 or SAGEMAKER_TS_BATCH_SIZE says so.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch

from argosy.runtimes import arrays, devices, script, sparse, torch_gpu
from argosy.runtimes.answers import Answer, Body, Fault
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.media import CSV, JSON, PARQUET, media_type
from argosy.runtimes.torch_files import last_line, model_file, read_file

_MODEL_ERRORS = (RuntimeError, ValueError, TypeError, IndexError, AssertionError)
_MACHINES_FAULT = ("out of memory", "not enough memory", "can't allocate", "cuda error", "cudnn")


def prepare() -> None:
    """`import torch` is all that a model needs, and has been done."""


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    torch.set_num_threads(devices.threads())
    device = choose_device()
    found = script.find(place)
    if found is None:
        module = read_file(model_file(place.model_dir), device)
        return arrays.Arrays(Module(module, device))
    return script.load(found, place, _Defaults(found.name, place.model_dir, device))


def choose_device() -> str:
    """ARGOSY_DEVICE, else the first GPU there is, else the processor; raises LoadError."""
    wanted = devices.wanted()
    number = devices.gpu(wanted)
    if number is not None and number >= torch.cuda.device_count():
        raise LoadError(f"ARGOSY_DEVICE is {wanted}, and PyTorch finds no such GPU here")
    return wanted or ("cuda" if torch.cuda.is_available() else "cpu")


class Module:
    """A `Network` (see `argosy.runtimes.arrays`) around a module that needs no code of its own."""

    rank = 2

    def __init__(self, module: Any, device: str) -> None:
        self._module = module
        self._device = device
        self.row_wise = arrays.row_wise(arrays.batch_size() > 1)

    def feed(self, asked: arrays.Asked, media: str) -> tuple[Any, ...]:
        return (as_array(asked.value, media),)

    def run(self, feed: tuple[Any, ...], outputs: tuple[str, ...]) -> Any:
        if outputs:
            raise Fault(400, 'a PyTorch model\'s outputs have no names; leave out "outputs"')
        try:
            with torch.no_grad():
                return plain(self._module(as_tensor(feed[0], self._device)))
        except _MODEL_ERRORS as error:
            torch_gpu.check(self._device, error)
            raise _fault(error) from error


def as_array(value: Any, media: str) -> Any:
    """One array that PyTorch can take: float32 of JSON and CSV; raises Fault 400."""
    if isinstance(value, (dict, list)):
        raise Fault(400, "this model's inputs have no names: send rows as lists of numbers")
    array = sparse.dense(sparse.fit(value, None)) if sparse.is_sparse(value) else value
    if array.dtype.kind not in "biufc":
        raise Fault(400, "text cannot be converted to a tensor; send numbers")
    if media in (JSON, CSV, PARQUET):
        with np.errstate(over="ignore"):
            return array.astype(np.float32)
    return array.astype(array.dtype.newbyteorder("="), copy=not array.flags.writeable)


def as_tensor(array: Any, device: str) -> Any:
    """The array as a tensor on that device; raises Fault 400 for a type PyTorch has not."""
    try:
        return torch.from_numpy(array).to(device)
    except TypeError as error:
        raise Fault(400, f"no tensor can be made of {array.dtype}: {last_line(error)}") from error


def plain(value: Any) -> Any:
    """Tensors as numpy arrays, in dicts, lists and tuples too; a list becomes a tuple."""
    if isinstance(value, torch.Tensor):
        tensor = value.detach().cpu()
        tensor = tensor.to_dense() if tensor.layout != torch.strided else tensor
        return (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).resolve_conj().numpy()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return tuple(plain(item) for item in value)
    return value


def _fault(error: Exception) -> Exception:
    """What a model of known parts raised: the input is to blame, unless the machine is."""
    text = str(error).lower()
    if any(sign in text for sign in _MACHINES_FAULT):
        return error
    return Fault(400, last_line(error))


class _Defaults(script.Defaults):
    """What the PyTorch container does where a script has no function of its own."""

    def __init__(self, script_name: str, model_dir: Path, device: str) -> None:
        self._script_name = script_name
        self._model_dir = model_dir
        self._device = device
        self._ready: Any = None
        self.gpu_id = devices.gpu(device)

    def model_fn(self, model_dir: str) -> Any:
        """The archive's TorchScript or torch.export file."""
        try:
            return read_file(model_file(self._model_dir), self._device)
        except LoadError as error:
            raise LoadError(f"{self._script_name} has no model_fn, and {error}") from None

    def input_fn(self, body: Body, content_type: str) -> Any:
        """A tensor on the model's device; raises Fault 400 or 415."""
        rows = super().input_fn(body, content_type)
        return as_tensor(as_array(rows, media_type(content_type)), self._device)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """The model, on its device and in eval mode, called without gradients."""
        if self._ready is not model:
            self._ready = model
            _make_ready(model, self._device)
        if isinstance(data, torch.Tensor):
            data = data.to(self._device)
        try:
            with torch.no_grad():
                return model(data)
        except _MODEL_ERRORS as error:
            if isinstance(model, (torch.jit.ScriptModule, torch.fx.GraphModule)):
                raise _fault(error) from error
            raise  # the user's own code: the trace says where

    def failure(self, error: BaseException) -> Answer:
        """As everywhere; raises Ruined when the GPU is lost."""
        torch_gpu.check(self._device, error)
        return super().failure(error)

    def output_fn(self, prediction: Any, accept: str) -> Any:
        """Tensors are written as numpy's arrays are."""
        if isinstance(prediction, (torch.Tensor, dict, list, tuple)):
            prediction = plain(prediction)
        return super().output_fn(prediction, accept)


def _make_ready(model: Any, device: str) -> None:
    if isinstance(model, torch.nn.Module):
        model.to(device)
        if not isinstance(model, torch.fx.GraphModule):  # exported programs have one mode only
            model.eval()
