"""Casting to a tensor's declared type and shape, losing nothing unseen. Pure.

Types are named as ONNX names them: tensor(float), tensor(int64), tensor(string) and so on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes import sparse
from argosy.runtimes.answers import Fault

_TYPES = {
    "float": "float32",
    "double": "float64",
    "float16": "float16",
    "bool": "bool",
    **{name: name for bits in (8, 16, 32, 64) for name in (f"int{bits}", f"uint{bits}")},
}
_EXACT = 2.0**53


class Spec(NamedTuple):
    """A declared tensor; an axis of any length is a name or None in its shape."""

    name: str
    type: str
    shape: tuple[Any, ...]


def cast(spec: Spec, value: Any) -> Any:
    """An array as the tensor that is declared; raises Fault 400 where it does not fit.

    An array with one axis too few is a single row, or where the last axis has length one, a
    column.
    """
    array = _dense(spec, value) if sparse.is_sparse(value) else np.asarray(value)
    kind = spec.type.removeprefix("tensor(").removesuffix(")")
    if kind == "string":
        return _shaped(spec, _text(spec, array))
    if kind not in _TYPES:
        raise Fault(400, f"input {spec.name} is a {spec.type}, which cannot be sent")
    return _shaped(spec, _numbers(spec, array, np.dtype(_TYPES[kind])))


def _dense(spec: Spec, value: Any) -> Any:
    width = spec.shape[-1] if spec.shape and isinstance(spec.shape[-1], int) else None
    return sparse.dense(sparse.fit(value, width))


def _text(spec: Spec, array: Any) -> Any:
    if array.dtype.kind not in "OU" or not all(isinstance(item, str) for item in array.flat):
        raise Fault(400, f"input {spec.name} takes text; send strings")
    return array.astype(object)


def _numbers(spec: Spec, array: Any, dtype: Any) -> Any:
    if array.dtype.kind in "OUSMmV":
        try:
            array = array.astype(np.float64)
        except (ValueError, TypeError) as error:
            raise Fault(400, f"input {spec.name} takes numbers: {error}") from None
    if dtype.kind in "iub" and array.dtype != dtype:
        _check_whole(spec, array, dtype)
    with np.errstate(over="ignore"):
        return array.astype(dtype, copy=False)


def _check_whole(spec: Spec, array: Any, dtype: Any) -> None:
    """Raises Fault 400 unless every value is a whole number that the type holds."""
    low, high = (0, 1) if dtype.kind == "b" else (np.iinfo(dtype).min, np.iinfo(dtype).max)
    values = array.ravel()
    bad = (values < low) | (values > high)
    if array.dtype.kind == "f":
        bad |= ~np.isfinite(values) | (values != np.floor(values))
        if (np.abs(values) > _EXACT).any():
            raise Fault(400, f"input {spec.name} has whole numbers too large for JSON: send NPY")
    elif array.dtype.kind == "c":
        bad |= True
    if bad.any():
        what = "0 or 1" if dtype.kind == "b" else f"whole numbers ({dtype.name})"
        raise Fault(400, f"input {spec.name} takes {what}; {values[bad][0]} is not one")


def _shaped(spec: Spec, array: Any) -> Any:
    declared = spec.shape
    if declared and array.ndim == len(declared) - 1:
        column = len(declared) == 2 and declared[1] == 1
        array = array.reshape(-1, 1) if column else array[np.newaxis]
    if not declared:  # a scalar, or any rank: the framework knows
        return array
    lengths = [one if isinstance(one, int) and one >= 0 else None for one in declared]
    if array.ndim != len(lengths) or any(
        length is not None and length != array.shape[axis] for axis, length in enumerate(lengths)
    ):
        takes = ", ".join("any" if one is None else str(one) for one in lengths)
        raise Fault(400, f"input {spec.name} has shape {array.shape}; the model takes ({takes})")
    return array
