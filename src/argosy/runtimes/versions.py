"""A model of another framework version: one line in its log, and a clause if it does not load.

What image tags and model files say about versions becomes sentences here; nothing is refused
because of them.
"""

from __future__ import annotations

import contextlib
import sys
import warnings
from collections.abc import Iterator
from typing import Any

_FRAMEWORKS = {
    "sklearn": ("sklearn", "scikit-learn"),
    "xgboost": ("xgboost", "XGBoost"),
    "pytorch": ("torch", "PyTorch"),
    "tensorflow": ("tensorflow", "TensorFlow"),
    "huggingface": ("torch", "PyTorch"),
}
"""By runtime: the module whose version its image tags name, and what it is called."""

_THEIRS = "InconsistentVersionWarning"
"""scikit-learn's warning, one for each estimator of a file."""


class VersionWarning(UserWarning):
    """The text is the sentence."""


def check_file(name: str, framework: str, wrote: str, here: str) -> None:
    """Warn when a file was written by a version of another major or minor number.

    `wrote` may be "" (the file does not say).
    """
    if wrote and _minor(wrote) != _minor(here):
        _warn(f"{name} was written by {framework} {wrote}, and {here} is here to read it")


def check_format(name: str, framework: str, major: str, here: str) -> None:
    """Warn when a file is of the format of another major version ("" when it does not say)."""
    if major and here.split(".")[0] != major:
        _warn(f"{name} was written by {framework} {major}, and {here} is here to read it")


def check_image(runtime: str, wanted: str) -> None:
    """Warn when an image's tag names another version than the one that is imported.

    `wanted` is the version that the tag begins with (`argosy.runtimes.images.version_of`), or "".
    Only the parts that both have are compared.
    """
    module, framework = _FRAMEWORKS.get(runtime, ("", ""))
    here = str(getattr(sys.modules.get(module), "__version__", ""))
    parts = wanted.split(".")
    if wanted and here and _minor(here)[: len(parts)] != parts[:2]:
        _warn(
            f"the image's name asks for {framework} {wanted}, and {here} is here: the image itself"
            " is not used"
        )


def _minor(version: str) -> list[str]:
    return version.split("+")[0].split(".")[:2]


def _warn(sentence: str) -> None:
    warnings.warn(VersionWarning(sentence), stacklevel=2)


@contextlib.contextmanager
def watched() -> Iterator[list[str]]:
    """Gives the list of all sentences about versions so far; each is in the log once."""
    sentences: list[str] = []
    before = warnings.showwarning

    def show(message: Any, category: Any, *rest: Any, **named: Any) -> None:
        sentence = _sentence(message)
        if sentence is None:
            before(message, category, *rest, **named)
        elif sentence not in sentences:
            sentences.append(sentence)
            print(f"WARNING: {sentence}", file=sys.stderr, flush=True)  # noqa: T201 - the log

    warnings.showwarning = show
    try:
        yield sentences
    finally:
        if warnings.showwarning is show:  # else the model's code has set its own
            warnings.showwarning = before


def _sentence(message: Any) -> str | None:
    if isinstance(message, VersionWarning):
        return str(message)
    if type(message).__name__ == _THEIRS:
        wrote = getattr(message, "original_sklearn_version", "another version")
        here = getattr(message, "current_sklearn_version", "another")
        return f"the model file was written by scikit-learn {wrote}, and {here} is here to read it"
    return None
