"""What a Hugging Face model is made of, and for which task: the archive, or a name on the hub.

Reads config.json only; loads nothing and fetches nothing.
"""

from __future__ import annotations

import importlib
import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from argosy.runtimes import model_files
from argosy.runtimes.base import LoadError

_TASKS = {
    "TapasForQuestionAnswering": "table-question-answering",
    "ForDocumentQuestionAnswering": "document-question-answering",
    "ForQuestionAnswering": "question-answering",
    "ForTokenClassification": "token-classification",
    "ForSequenceClassification": "text-classification",
    "ForMaskedLM": "fill-mask",
    "ForCausalLM": "text-generation",
    "LMHeadModel": "text-generation",
    "ForConditionalGeneration": "text2text-generation",
    "MTModel": "text2text-generation",
    "EncoderDecoderModel": "text2text-generation",
    "ForImageClassification": "image-classification",
    "ForObjectDetection": "object-detection",
    "ForSpeechSeq2Seq": "automatic-speech-recognition",
    "ForCTC": "automatic-speech-recognition",
    "ForAudioClassification": "audio-classification",
}
"""By how an architecture's name ends; the first that fits."""


class Files(NamedTuple):
    """What to make a pipeline of."""

    source: str
    """A folder, or a name on the hub."""
    called: str
    """The same, for people."""
    task: str
    """"" when the hub is to say."""
    options: dict[str, Any]
    """Further arguments of `transformers.pipeline`."""


def find(model_dir: Path) -> Files:
    """The archive's own files, else those HF_MODEL_ID names; HF_TASK, else by the architecture.

    Raises LoadError when there is nothing to load, or no pipeline for its task.
    """
    task = os.environ.get("HF_TASK", "").strip()
    options: dict[str, Any] = {"trust_remote_code": _yes("HF_TRUST_REMOTE_CODE")}
    if (model_dir / "config.json").is_file():
        task = task or infer_task(model_dir / "config.json")
        files = Files(str(model_dir), "the archive's files", task, options)
    else:
        files = _on_the_hub(model_dir, task, options)
    if task:
        _check_task(task)
    return files


def infer_task(config: Path) -> str:
    """The task of a config.json, by its first architecture; raises LoadError."""
    try:
        architecture = (json.loads(config.read_bytes()).get("architectures") or [""])[0]
    except (ValueError, AttributeError, LookupError) as error:
        raise LoadError(f"config.json of the archive cannot be read: {error}") from error
    for ending, task in _TASKS.items():
        if str(architecture).endswith(ending):
            return task
    raise LoadError(
        f"config.json names the architecture {architecture or 'of none'}, which tells no task: set"
        " HF_TASK in the model's environment"
    )


def _on_the_hub(model_dir: Path, task: str, options: dict[str, Any]) -> Files:
    name = os.environ.get("HF_MODEL_ID", "").strip()
    if not name:
        raise LoadError(_nothing(model_dir))
    if importlib.import_module("huggingface_hub.constants").HF_HUB_OFFLINE:
        raise LoadError(
            f"HF_MODEL_ID names {name}, and this platform fetches nothing from the Hugging Face"
            " hub: put the model's files into its archive, or start Argosy with"
            " ARGOSY_HUB_DOWNLOADS=1"
        )
    options["revision"] = os.environ.get("HF_MODEL_REVISION", "").strip() or None
    options["token"] = os.environ.get("HF_API_TOKEN", "").strip() or None
    return Files(name, f"{name} on the hub", task, options)


def _nothing(model_dir: Path) -> str:
    if (model_dir / "model_index.json").is_file():
        return (
            "the archive holds a diffusers model (model_index.json): add code/inference.py with a"
            " model_fn that loads it"
        )
    return f"{model_files.none_found(model_dir, 'config.json and weights')}"


def _check_task(task: str) -> None:
    transformers = importlib.import_module("transformers")
    registry = importlib.import_module("transformers.pipelines").PIPELINE_REGISTRY
    known = registry.get_supported_tasks()
    if task in known or (task.startswith("translation_") and "translation" in known):
        return
    raise LoadError(
        f"transformers {transformers.__version__} has no pipeline for the task {task}; it has"
        f" {', '.join(known)}: name another version in code/requirements.txt (those before 5 have"
        " more), or add code/inference.py with a predict_fn"
    )


def _yes(name: str) -> bool:
    return os.environ.get(name, "").strip().lower() in ("1", "true", "yes", "on", "y", "t")
