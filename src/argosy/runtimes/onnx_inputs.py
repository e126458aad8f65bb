"""What a request holds, as the inputs an ONNX model declares: by name, by column, or the only one.

Pure; raises Fault 400 saying what the model takes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from argosy.runtimes.answers import Fault
from argosy.runtimes.decoders import as_array
from argosy.runtimes.tensor_types import Spec, cast


def feed(specs: list[Spec], value: Any, names: tuple[str, ...] | None = None) -> tuple[Any, ...]:
    """One array per input, in order.

    value: an array of rows, a list of rows as dicts by column, or a dict of arrays by input.
    names: of the columns, where an array has them.
    """
    if names and all(spec.name in names for spec in specs):
        value = {spec.name: value[:, names.index(spec.name)] for spec in specs}
    if isinstance(value, list):
        value = _columns(specs, value)
    if isinstance(value, dict):
        return _named(specs, value)
    if len(specs) == 1:
        return (cast(specs[0], value),)
    if getattr(value, "ndim", 0) == 1:
        value = value[np.newaxis]
    if not all(map(_is_column, specs)) or value.ndim != 2 or value.shape[1] != len(specs):
        raise Fault(400, f"this model has several inputs: send {_example(specs)}")
    return tuple(cast(spec, value[:, place]) for place, spec in enumerate(specs))


def _named(specs: list[Spec], given: dict[str, Any]) -> tuple[Any, ...]:
    names = [spec.name for spec in specs]
    wrong = [name for name in names if name not in given] + [n for n in given if n not in names]
    if wrong:
        raise Fault(
            400,
            f"the model's inputs are {', '.join(names)}; check {', '.join(wrong)}:"
            f" send {_example(specs)}",
        )
    return tuple(cast(spec, given[spec.name]) for spec in specs)


def _columns(specs: list[Spec], rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Rows given as objects, turned: what each input gets of all of them."""
    for index, row in enumerate(rows):
        missing = [spec.name for spec in specs if spec.name not in row]
        if missing:
            raise Fault(400, f"row {index} lacks the input(s) {', '.join(missing)}")
    return {spec.name: as_array([row[spec.name] for row in rows]) for spec in specs}


def _is_column(spec: Spec) -> bool:
    return len(spec.shape) == 1 or (len(spec.shape) == 2 and spec.shape[1] == 1)


def _example(specs: list[Spec]) -> str:
    return '{"inputs": {' + ", ".join(f'"{spec.name}": …' for spec in specs) + "}}"
