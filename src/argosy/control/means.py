"""What every part of control is built from."""

from dataclasses import dataclass

from argosy import means
from argosy.compute.base import Backend


@dataclass(frozen=True, kw_only=True)
class Means(means.Means):
    """The machines too."""

    backend: Backend
