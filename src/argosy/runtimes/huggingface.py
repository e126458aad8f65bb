"""The Hugging Face runtime: a transformers pipeline made of the archive's files, or a script.

A body is {"inputs": …, "parameters": {…}}; without `inputs` the whole of it is the input. Every
failure is a 400 with its message, as the container has it (reference/container-contract.md §4).

Nothing is fetched from the hub unless the platform allows it (ARGOSY_HUB_DOWNLOADS): what a model
needs has to lie in its archive.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any

import torch

from argosy.runtimes import answers, devices, hf_bodies, hf_files, script, torch_gpu
from argosy.runtimes.answers import Answer, Body, Fault, content_head
from argosy.runtimes.base import LoadError, Model, Place
from argosy.runtimes.media import CSV, JSON, choose, media_type
from argosy.runtimes.pytorch import choose_device

_QUIET = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TOKENIZERS_PARALLELISM": "false",
}
_JSON_HEAD = content_head(JSON)
_FAILED = 400


def prepare() -> None:
    """Import the pipelines, with the hub out of reach unless the platform allows it.

    All of this is decided here and now: what a model's environment says comes too late.
    """
    allowed = os.environ.get("ARGOSY_HUB_DOWNLOADS", "") == "1"
    os.environ.update(_QUIET, HF_HUB_OFFLINE="0" if allowed else "1")
    constants: Any = importlib.import_module("huggingface_hub.constants")
    constants.HF_HUB_OFFLINE = not allowed  # it may have been imported before
    pipelines = importlib.import_module("transformers.pipelines")
    pipelines.logging.disable_progress_bar()


def load(place: Place) -> Model:
    """The model of an unpacked archive; raises LoadError or what the user's code raises."""
    torch.set_num_threads(devices.threads())
    defaults = _Defaults(place.model_dir, choose_device())
    found = script.find(place)
    if found is not None:
        return script.load(found, place, defaults)
    model_dir = str(place.model_dir)
    return script.Script({}, defaults.model_fn(model_dir), model_dir, defaults)


class _Defaults(script.Defaults):
    """What the Hugging Face container does where a script has no function of its own."""

    def __init__(self, model_dir: Path, device: str) -> None:
        self._model_dir = model_dir
        self._device = device
        self.gpu_id = devices.gpu(device)

    def model_fn(self, model_dir: str) -> Any:
        """A pipeline of the archive's files, or of HF_MODEL_ID; raises LoadError."""
        files = hf_files.find(self._model_dir)
        pipelines = importlib.import_module("transformers.pipelines")
        try:
            return pipelines.pipeline(
                files.task or None, model=files.source, device=self._device, **files.options
            )
        except Exception as error:
            first = next(iter(str(error).strip().splitlines()), "no message")
            raise LoadError(
                f"no pipeline can be made of {files.called}: {type(error).__name__}: {first}"
            ) from error

    def input_fn(self, body: Body, content_type: str) -> Any:
        """What the pipeline is to be called with; raises Fault."""
        return hf_bodies.read(media_type(content_type), body)

    def predict_fn(self, data: Any, model: Any) -> Any:
        """The pipeline called with `inputs`, and with `parameters` as its named arguments."""
        inputs, parameters = data, None
        if isinstance(data, dict):
            data = dict(data)
            inputs = data.pop("inputs", data)
            parameters = data.pop("parameters", None)
        if not isinstance(parameters or {}, dict):
            raise Fault(_FAILED, '"parameters" must be an object')
        return model(inputs, **(parameters or {}))

    def output_fn(self, prediction: Any, accept: str) -> Any:
        """(body, content type) by the Accept header: JSON, or CSV of rows of objects."""
        if hasattr(prediction, "__next__"):
            return prediction
        media = choose(accept, JSON, (JSON, CSV))
        if media is None:
            raise Fault(_FAILED, f"Accept {accept} is not supported; use {JSON} or {CSV}")
        return hf_bodies.write(prediction, media), media

    def failure(self, error: BaseException) -> Answer:
        """A 400 with the message; the trace of what is no `Fault` is in the log.

        Raises Ruined when the GPU is lost.
        """
        torch_gpu.check(self._device, error)
        said = json.loads(bytes(answers.failure(error).body))["error-message"]
        fields = {"code": _FAILED, "type": "InternalServerException", "message": said}
        return Answer(_FAILED, _JSON_HEAD, json.dumps(fields).encode())
