"""One signature of a model: values of a predict request into tensors, run, tensors into values.

JSON's numbers become the signature's own types; what would lose something on the way (1.5 for an
integer, text for a number) is refused. Bytes travel as {"b64": …}, as in TF Serving's REST API.
Knows numpy; of TensorFlow only that dtypes and shapes come with the function.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes.answers import Fault

Arrays = dict[str, Any]


class Spec(NamedTuple):
    """One input: its numpy dtype (None for strings) and its dimensions, None where they vary."""

    dtype: Any
    shape: tuple[int | None, ...] | None


class Signature:
    """What a model takes and gives under one name. `run` takes and gives numpy arrays by name."""

    def __init__(self, inputs: Mapping[str, Spec], run: Callable[[Arrays], Arrays]) -> None:
        self.inputs = inputs
        self.run = run

    @property
    def batches(self) -> bool:
        """Whether the first dimension of every input may have any length."""
        shapes = [spec.shape for spec in self.inputs.values()]
        return bool(shapes) and all(shape and shape[0] is None for shape in shapes)

    def rows(self, instances: Any) -> Arrays:
        """Inputs of {"instances": …}: a list of values, or of objects with one per input."""
        if not isinstance(instances, list) or not instances:
            raise Fault(400, '"instances" must be a list of one or more instances')
        if not any(map(_is_named, instances)):
            return self._single(instances)
        for index, instance in enumerate(instances):
            if not _is_named(instance):
                raise Fault(400, f"instance {index} is no object, while others are")
            self._check_names(instance, f"instance {index}")
        return {
            name: _tensor(name, spec, [instance[name] for instance in instances])
            for name, spec in self.inputs.items()
        }

    def columns(self, inputs: Any) -> Arrays:
        """Inputs of {"inputs": …}: an object with one value per input, or the only one's."""
        if not _is_named(inputs):
            return self._single(inputs)
        self._check_names(inputs, '"inputs"')
        return {name: _tensor(name, spec, inputs[name]) for name, spec in self.inputs.items()}

    def _single(self, value: Any) -> Arrays:
        if len(self.inputs) != 1:
            names = ", ".join(self.inputs)
            raise Fault(400, f"the model has the inputs {names}: send objects with these names")
        [(name, spec)] = self.inputs.items()
        return {name: _tensor(name, spec, value)}

    def _check_names(self, given: Mapping[str, Any], where: str) -> None:
        if given.keys() != self.inputs.keys():
            raise Fault(
                400,
                f"{where} has the members {', '.join(given) or 'none'};"
                f" the model's inputs are {', '.join(self.inputs) or 'none'}",
            )


def as_rows(outputs: Arrays) -> list[Any]:
    """The "predictions" of an answer: one value per row, or one object where outputs are many."""
    lengths = {array.shape[0] if array.ndim else None for array in outputs.values()}
    if len(lengths) != 1 or None in lengths:
        raise Fault(
            400, 'the outputs do not have one value per instance: send the request as "inputs"'
        )
    plain = {name: _plain(name, array) for name, array in outputs.items()}
    if len(plain) == 1:
        return list(*plain.values())
    return [dict(zip(plain, row, strict=True)) for row in zip(*plain.values(), strict=True)]


def as_columns(outputs: Arrays) -> Any:
    """The "outputs" of an answer: the only output's value, or an object of all."""
    plain = {name: _plain(name, array) for name, array in outputs.items()}
    return plain if len(plain) != 1 else next(iter(plain.values()))


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not _is_bytes(value)


def _is_bytes(value: Any) -> bool:
    return isinstance(value, dict) and value.keys() == {"b64"}


def _tensor(name: str, spec: Spec, value: Any) -> Any:
    array = _strings(name, value) if spec.dtype is None else _numbers(name, spec, value)
    shape = spec.shape
    if shape is not None and not (
        len(shape) == array.ndim
        and all(want in (None, have) for want, have in zip(shape, array.shape, strict=True))
    ):
        wanted = ", ".join("any" if want is None else str(want) for want in shape)
        raise Fault(400, f"input {name} has the shape {list(array.shape)}, not [{wanted}]")
    return array


def _numbers(name: str, spec: Spec, value: Any) -> Any:
    try:
        given = np.array(value)
    except (ValueError, OverflowError):
        raise Fault(400, f"the values for input {name} are not of one shape") from None
    wanted = np.dtype(spec.dtype)
    if not _fits(given, wanted):
        raise Fault(400, f"input {name} takes {wanted.name}, and the values are not")
    with np.errstate(over="ignore"):
        array = given.astype(wanted)
    if wanted.kind in "iu" and not np.array_equal(array, given):
        raise Fault(400, f"a value for input {name} is too large for {wanted.name}")
    return array


def _fits(given: Any, wanted: Any) -> bool:
    """Whether values lose nothing; extension types such as bfloat16 are of kind V."""
    if not given.size:
        return True
    if wanted.kind == "b":
        return bool(given.dtype.kind == "b")
    return given.dtype.kind in ("iu" if wanted.kind in "iu" else "iuf")


def _strings(name: str, value: Any) -> Any:
    try:
        array = np.array(_encoded(value), dtype=object)
    except ValueError:
        raise Fault(400, f"input {name} takes strings, all of one shape") from None
    if not all(isinstance(item, bytes) for item in array.ravel().tolist()):
        raise Fault(400, f"input {name} takes strings, all of one shape")
    return array


def _encoded(value: Any) -> Any:
    """Nested lists with each string as bytes; raises ValueError for anything else."""
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, str):
        return value.encode()
    if _is_bytes(value) and isinstance(value["b64"], str):
        return base64.b64decode(value["b64"], validate=True)
    raise ValueError


def _plain(name: str, array: Any) -> Any:
    """Nested lists that JSON can hold; outputs named …_bytes are base64, as in TF Serving."""
    if array.dtype.kind in "OS":
        return _decoded(array.tolist(), name.endswith("_bytes"))
    if array.dtype.kind not in "biuf":
        array = array.astype(np.float32)
    return array.tolist()


def _decoded(value: Any, binary: bool) -> Any:
    if isinstance(value, list):
        return [_decoded(item, binary) for item in value]
    try:
        if not binary:
            return value.decode()
    except UnicodeDecodeError:
        pass
    return {"b64": base64.b64encode(value).decode()}
