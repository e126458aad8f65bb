"""Which file of an archive is the model, and reading those that are pickles.

Refuses to guess between several candidates. Unpickling runs whatever the file says: this belongs
into a sandboxed worker only.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from argosy.runtimes.base import LoadError

PICKLES = (".joblib", ".pkl", ".pickle")


def visible(model_dir: Path) -> list[Path]:
    """The regular files at the top of the archive, by name, without those that begin with a dot."""
    return sorted(
        item for item in model_dir.iterdir() if item.is_file() and not item.name.startswith(".")
    )


def only(model_dir: Path, suffixes: Sequence[str], preferred: Sequence[str]) -> Path:
    """The file that holds the model: one of the `preferred` names, or the only candidate.

    Raises LoadError when there is none, or several.
    """
    candidates = [item for item in visible(model_dir) if item.suffix in suffixes]
    for name in preferred:
        if model_dir / name in candidates:
            return model_dir / name
    if len(candidates) == 1:
        return candidates[0]
    if candidates:
        names = ", ".join(item.name for item in candidates)
        raise LoadError(
            f"the archive has several model files ({names}): name one of them {preferred[0]},"
            " or add code/inference.py with a model_fn"
        )
    raise none_found(model_dir, f"*{', *'.join(suffixes)}")


def none_found(model_dir: Path, wanted: str) -> LoadError:
    """The error of an archive without a model; `wanted` says which files would be one."""
    names = ", ".join(item.name for item in sorted(model_dir.iterdir())[:10]) or "nothing"
    return LoadError(
        f"the archive has no model file ({wanted}) at its top and no code/inference.py; it holds"
        f" {names}"
    )


def read_pickle(path: Path) -> Any:
    """The object in a joblib or pickle file; raises LoadError saying what is wrong with it."""
    try:
        return _unpickle(path)
    except ModuleNotFoundError as error:
        raise LoadError(
            f"{path.name} needs the Python module {error.name!r}, which is not here: put it into"
            " code/ of the archive, or name it in code/requirements.txt"
        ) from error
    except AttributeError as error:
        raise LoadError(
            f"{path.name} refers to code that is not here ({error}): put it into code/ of the"
            " archive and import it from there when the model is saved"
        ) from error
    except Exception as error:
        raise unreadable(path, error) from error


def unreadable(path: Path, error: Exception) -> LoadError:
    """The error of a file that is damaged, or no model; foreign stack traces are cut off."""
    first = next(iter(str(error).strip().splitlines()), "no message")
    return LoadError(f"{path.name} could not be read as a model: {type(error).__name__}: {first}")


def _unpickle(path: Path) -> Any:
    try:
        joblib = importlib.import_module("joblib")
    except ModuleNotFoundError:
        with path.open("rb") as file:
            return pickle.load(file)
    return joblib.load(path)
