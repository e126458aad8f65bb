"""The runtimes there are: one line each. Modules are imported only in the worker that uses them."""

from __future__ import annotations

import importlib
from typing import cast

from argosy.runtimes.base import Runtime

MODULES = {"sklearn": "argosy.runtimes.scikit_learn"}


def find(name: str) -> Runtime:
    """The runtime of that name; raises KeyError when there is none."""
    return cast(Runtime, importlib.import_module(MODULES[name]))
