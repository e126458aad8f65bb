"""PyTorch's model files: what is in one, and the model of it when that needs no code.

TorchScript and torch.export archives hold the whole model; what torch.save writes holds weights
or a pickle of the user's classes, and is refused with what to do instead.
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any

import torch

from argosy.runtimes import model_files
from argosy.runtimes.base import LoadError

_SUFFIXES = (".pt", ".pth", ".pt2")
_PREFERRED = ("model.pt", "model.pth", "model.pt2")
_INSTEAD = (
    "add code/inference.py with a model_fn, or save the model whole with torch.jit.script(model)"
    " or torch.export"
)


def model_file(model_dir: Path) -> Path:
    """model.pt, else the only .pt, .pth or .pt2; raises LoadError when there is no such file."""
    return model_files.only(model_dir, _SUFFIXES, _PREFERRED)


def read_file(path: Path, device: str) -> Any:
    """The model in a file, on that device; raises LoadError saying what to do with any other."""
    kind = _kind(path)
    if kind == "compiled":
        raise LoadError(
            f"{path.name} was compiled for one kind of machine by AOTInductor: save the program"
            " with torch.export.save instead"
        )
    if kind == "saved":
        raise LoadError(_saved(path))
    try:
        return _exported(path, device) if kind == "exported" else _script(path, device)
    except Exception as error:
        raise LoadError(
            f"{path.name} could not be read as a model: {type(error).__name__}: {last_line(error)}"
        ) from error


def last_line(error: BaseException) -> str:
    """What went wrong: PyTorch puts it below a trace of its own."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1].removeprefix("RuntimeError: ") if lines else type(error).__name__


def _kind(path: Path) -> str:
    """script, exported, compiled or saved, by the names of what is inside."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name.partition("/")[2] or name for name in archive.namelist()]
    except zipfile.BadZipFile:
        return "saved" if path.read_bytes()[:1] == b"\x80" else "script"
    if any(name.startswith("data/aotinductor/") for name in names):
        return "compiled"
    if "archive_format" in names or any("exported_program" in name for name in names):
        return "exported"
    return "saved" if "data.pkl" in names and "constants.pkl" not in names else "script"


def _script(path: Path, device: str) -> Any:
    return torch.jit.load(str(path), map_location=device).eval()


def _exported(path: Path, device: str) -> Any:
    program = torch.export.load(path)
    if device != "cpu":
        from torch.export.passes import move_to_device_pass

        program = move_to_device_pass(program, device)
    return program.module()


def _saved(path: Path) -> str:
    """Why a file of torch.save is not enough; its tensors are looked at without their data."""
    try:
        held = torch.load(path, map_location="meta", weights_only=True)
    except Exception:
        return f"{path.name} is a pickle of classes that are not here: {_INSTEAD}"
    what = "a state_dict" if isinstance(held, dict) else f"a {type(held).__name__}"
    return f"{path.name} holds {what}, weights without their model: {_INSTEAD}"
