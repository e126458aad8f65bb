"""What TensorFlow can load in an unpacked archive. Pure but for looking at the folder.

`<name>/<version>/saved_model.pb` is a version of the model of that name, as in SageMaker's
TensorFlow Serving container; beyond it, a SavedModel that lies in no numbered folder is version 1
of a model named after its folder, and a Keras file is version 1 of the model "model".
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from argosy.runtimes.base import LoadError

DEFAULT_NAME = "model"
_SAVED = ("saved_model.pb", "saved_model.pbtxt")
_KERAS = (".keras", ".h5", ".hdf5")


class Source(NamedTuple):
    """One version of one model; `path` is a SavedModel's folder or a Keras file."""

    name: str
    version: int
    path: Path
    keras: bool


def find(model_dir: Path) -> list[Source]:
    """Every model that is there, by name and version; raises LoadError when there is none.

    Keras files count only where there is no SavedModel, and only at the archive's top.
    """
    saved = sorted(_saved_models(model_dir), key=lambda source: source[:2])
    if saved:
        _refuse_twins(saved, model_dir)
        return saved
    files = sorted(item for item in model_dir.iterdir() if item.suffix in _KERAS)
    if len(files) > 1:
        names = ", ".join(item.name for item in files)
        raise LoadError(f"the archive has several model files ({names}): keep one of them")
    if not files:
        found = ", ".join(item.name for item in sorted(model_dir.iterdir())[:10]) or "nothing"
        raise LoadError(
            "the archive has no SavedModel (<name>/<version>/saved_model.pb) and no Keras file"
            f" (*{', *'.join(_KERAS)}) at its top; it holds {found}"
        )
    return [Source(DEFAULT_NAME, 1, files[0], keras=True)]


def _saved_models(model_dir: Path) -> Iterator[Source]:
    for saved in _SAVED:
        for file in model_dir.rglob(saved):
            folder = file.parent
            parts = folder.relative_to(model_dir).parts
            if parts[:1] == ("code",):
                continue
            if parts and parts[-1].isdecimal():
                yield Source(_name(parts[:-1]), int(parts[-1]), folder, keras=False)
            else:
                yield Source(_name(parts), 1, folder, keras=False)


def _name(parts: tuple[str, ...]) -> str:
    return parts[-1] if parts else DEFAULT_NAME


def _refuse_twins(sources: list[Source], model_dir: Path) -> None:
    """Raises LoadError for two folders that would be the same version of the same model."""
    for one, other in pairwise(sources):
        if one[:2] == other[:2]:
            paths = " and ".join(str(s.path.relative_to(model_dir)) for s in (one, other))
            raise LoadError(f"{paths} of the archive are both version {one.version} of {one.name}")
