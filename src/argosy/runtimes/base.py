"""What the worker asks of a runtime (one module per framework) and of the model it loads."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from argosy.runtimes.answers import Answer, Body


class LoadError(Exception):
    """The model cannot be loaded; one sentence says what to change in the archive."""


class Ruined(BaseException):
    """The process can answer nothing any more; what it was asked is answered with this text."""


class Place(NamedTuple):
    """Where a model lies, in its own /opt/ml."""

    model_dir: Path
    base_dir: Path


class Model(Protocol):
    """A loaded model."""

    def form(self, head: bytes) -> Hashable:
        """What requests must have in common to be answered together; None means never."""
        ...

    def answer(self, head: bytes, body: Body) -> Answer:
        """Answer one request. Raises nothing but what ends the process, such as Ruined."""
        ...

    def answer_all(self, form: Hashable, bodies: Sequence[Body]) -> list[Answer]:
        """Answer requests of one form, in order; the same answers as each would get alone."""
        ...


class Runtime(Protocol):
    """A module of `argosy.runtimes.table`."""

    def prepare(self) -> None:
        """Import what most models of this framework need, before there is one."""
        ...

    def load(self, place: Place) -> Model:
        """Load the model; os.environ and sys.path are those of the container.

        Raises LoadError, or whatever the user's code raises.
        """
        ...
