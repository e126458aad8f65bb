"""The functions of a user's script: found by name, checked, and called with or without context.

Rules of reference/container-contract.md §4; a script that breaks them does not load.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import ModuleType
from typing import Any

_PARAMETERS = {
    "model_fn": ("model_dir",),
    "input_fn": ("body", "content_type"),
    "predict_fn": ("data", "model"),
    "output_fn": ("prediction", "accept"),
    "transform_fn": ("model", "body", "content_type", "accept"),
    "pre_model_fn": ("model_dir",),
    "model_warmup_fn": ("model_dir", "model"),
}
_STEPS = ("input_fn", "predict_fn", "output_fn")


class Handler:
    """One function of the script; call it with its arguments and, last, the context."""

    def __init__(self, function: Callable[..., Any], wants_context: bool) -> None:
        self._function = function
        self._wants_context = wants_context

    def __call__(self, *arguments: Any) -> Any:
        return self._function(*(arguments if self._wants_context else arguments[:-1]))


def handlers_of(module: ModuleType) -> dict[str, Handler]:
    """The script's handlers by name.

    Raises TypeError for a function with a wrong number of parameters, ValueError for a
    transform_fn beside functions that it replaces.
    """
    functions = {name: getattr(module, name) for name in _PARAMETERS if hasattr(module, name)}
    beside = [name for name in _STEPS if name in functions]
    if "transform_fn" in functions and beside:
        raise ValueError(
            f"the script has transform_fn together with {', '.join(beside)}: transform_fn does"
            " the work of all three, so keep either it or them"
        )
    return {name: _handler(name, function) for name, function in functions.items()}


def _handler(name: str, function: Any) -> Handler:
    wanted = _PARAMETERS[name]
    if not callable(function):
        raise TypeError(f"{name} of the script is not a function")
    parameters = inspect.signature(function).parameters.values()
    if any(one.kind is inspect.Parameter.VAR_POSITIONAL for one in parameters):
        return Handler(function, wants_context=False)
    count = len(parameters)
    if count not in (len(wanted), len(wanted) + 1):
        raise TypeError(
            f"{name} of the script takes {count} parameters; it must take ({', '.join(wanted)})"
            " and may take context after them"
        )
    return Handler(function, wants_context=count > len(wanted))
