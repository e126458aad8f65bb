"""Request bodies into rows: JSON, its lines and CSV here, other types in the modules named so.

Numbers become float64 (so that a model sees what it would see locally; the AWS containers make
float32 of them); rows with text in them become an array of objects; rows given as JSON objects
stay a list of dicts. A body that cannot be read raises
`Fault` 400 saying what to change; nothing here knows the model.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import secrets
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes import csv_mixed, csv_numbers, libsvm, npy, parquet, recordio, sparse
from argosy.runtimes.answers import Body, Fault
from argosy.runtimes.media import (
    CSV,
    JSON,
    JSON_LINES,
    LIBSVM,
    NPY,
    NPZ,
    PARQUET,
    READABLE,
    RECORDIO,
)

Array = Any
"""A numpy array; its dtype says what is in it."""

_FAST_CSV = 16_384  # bytes from which numpy's parser beats Python's float()
_WRAPPERS = ("instances", "inputs")

# Bodies are parsed together with this string between them. Nobody can guess it, so when the
# parsed list has it at every second place, each body was exactly one JSON value by itself.
_MARK = secrets.token_hex(12)
_SEPARATOR = f',"{_MARK}",'.encode()


class Table(NamedTuple):
    """One request's rows: an array, or dicts by column name."""

    rows: Array | list[dict[str, Any]]
    wrapped: bool
    """The body was {"instances": …}, which is answered by {"predictions": …}."""
    names: tuple[str, ...] | None = None
    """The columns' names, where the body gives them for an array."""


class Merged(NamedTuple):
    """The rows of several requests in one matrix (all rows × features)."""

    matrix: Array
    """float64; of libsvm bodies, sparse."""
    counts: list[int]
    """Rows of each request, in their order."""
    wrapped: list[bool]


def decode(media: str, body: Body) -> Table:
    """The rows of one body.

    Raises Fault 400 (cannot be read) or 415 (a type that nothing here reads).
    """
    reader = _READERS.get(media)
    if reader is None:
        raise Fault(415, f"Content-Type {media} is not supported; use one of {_list(READABLE)}")
    if not body:
        raise Fault(400, "the body is empty; send at least one row")
    try:
        return reader(body)
    except Fault:
        raise
    except RecursionError:
        raise Fault(400, "the body is nested too deeply") from None
    except (ValueError, TypeError, OverflowError) as error:
        raise Fault(400, f"the body cannot be read as {media}: {error}") from None


def decode_together(media: str, bodies: Sequence[Body]) -> Merged | None:
    """The rows of several bodies of one type, when each is a plain table of numbers.

    None when any of them is something else; `decode` then says what of each.
    """
    try:
        if media == JSON:
            return _json_together(bodies)
        if media == CSV:
            return _csv_together(bodies)
        if media == LIBSVM:
            return _libsvm_together(bodies)
        return None
    except (Fault, ValueError, TypeError, OverflowError, LookupError, RecursionError):
        return None


def _list(names: Sequence[str]) -> str:
    return ", ".join(names)


# JSON


def _json_together(bodies: Sequence[Body]) -> Merged | None:
    values = json.loads((b"[" + _SEPARATOR.join(bodies) + b"]").decode())
    if len(values) != 2 * len(bodies) - 1 or values[1::2].count(_MARK) != len(bodies) - 1:
        return None
    rows: list[Any] = []
    counts: list[int] = []
    wrapped: list[bool] = []
    for value in values[::2]:
        named = type(value) is dict
        if named:
            value = _unwrap(value)
        if type(value[0]) is list:
            rows += value
            counts.append(len(value))
        else:
            rows.append(value)
            counts.append(1)
        wrapped.append(named)
    return _merged(np.array(rows), counts, wrapped)


def _unwrap(value: dict[str, Any]) -> Any:
    """The rows of {"instances": …}; anything else is not for the quick way."""
    if len(value) != 1:
        raise ValueError
    return value.get("instances", [None])


def _merged(matrix: Array, counts: list[int], wrapped: list[bool]) -> Merged | None:
    if matrix.ndim != 2 or matrix.dtype.kind not in "iufb":
        return None
    return Merged(matrix.astype(np.float64, copy=False), counts, wrapped)


def _read_json(body: Body) -> Table:
    value = json.loads(body)
    wrapped = False
    if isinstance(value, dict):
        value, wrapped = _unwrapped(value)
    if not isinstance(value, list):
        raise Fault(400, "the JSON body must be a list of rows, such as [[5.1, 3.5, 1.4, 0.2]]")
    if not value:
        raise Fault(400, "the JSON body has no rows; send at least one")
    if isinstance(value[0], dict):
        return Table(_records(value), wrapped)
    return Table(as_array(value), wrapped)


def _read_json_lines(body: Body) -> Table:
    """A row on each line, a list or an object; empty lines count for nothing."""
    lines = [line for line in bytes(body).split(b"\n") if line.strip()]
    if not lines:
        raise Fault(400, "the JSON Lines body has no rows; send at least one")
    rows = json.loads(b"[" + b",".join(lines) + b"]")
    if len(rows) != len(lines):
        raise Fault(400, "a line of the JSON Lines body is not one JSON value")
    return Table(_records(rows) if isinstance(rows[0], dict) else as_array(rows), False)


def _unwrapped(value: dict[str, Any]) -> tuple[Any, bool]:
    for name in _WRAPPERS:
        if name in value:
            return value[name], name == "instances"
    raise Fault(400, 'a JSON object must hold the rows as "instances" or "inputs"')


def _records(rows: list[Any]) -> list[dict[str, Any]]:
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Fault(400, f"row {index} is not an object, while row 0 is; give all rows alike")
    return rows


def as_array(rows: list[Any]) -> Array:
    """Nested lists as an array: float64 when all are numbers (null is nan), else objects.

    Raises Fault 400 when the rows differ in length.
    """
    try:
        array = np.array(rows)
    except ValueError:
        raise Fault(400, f"the rows are not of one shape: {_ragged(rows)}") from None
    if array.dtype.kind in "iufb":
        return array.astype(np.float64, copy=False)
    if array.dtype.kind == "U":
        return np.array(rows, dtype=object)
    return _mixed(array)


def _mixed(array: Array) -> Array:
    """An array of objects: floats when there are only numbers and nulls in it."""
    kinds = {type(item) for item in array.ravel().tolist()}
    if dict in kinds or list in kinds:
        raise Fault(400, "a row must hold numbers, strings or null, not objects or lists")
    return array if str in kinds else array.astype(np.float64)


def _ragged(rows: list[Any]) -> str:
    lengths = [len(row) if isinstance(row, list) else None for row in rows]
    for index, length in enumerate(lengths):
        if length != lengths[0]:
            return f"row {index} has {_many(length)}, row 0 has {_many(lengths[0])}"
    return "some values are lists, others are not"


def _many(length: int | None) -> str:
    return "no list" if length is None else f"{length} values"


# CSV: comma, no header, as the SageMaker containers have it


def _csv_together(bodies: Sequence[Body]) -> Merged | None:
    wrapped = [False] * len(bodies)
    if sum(map(len, bodies)) > _FAST_CSV * len(bodies):
        matrices = [csv_numbers.read(body) for body in bodies]
        matrix = np.concatenate(matrices) if len(matrices) > 1 else matrices[0]
        return _merged(matrix, list(map(len, matrices)), wrapped)
    # A body has as many rows as it has line ends, or fewer: where the sums agree, none has fewer.
    counts = [body.count(b"\n", 0, -1) + 1 for body in bodies]
    text = b"\n".join(bodies).decode()
    lines = [line for line in text.split("\n") if line]
    if len(lines) != sum(counts) or "_" in text:  # Python's float reads 1_000
        return None
    if "\r" in text and text.count("\r") != text.count("\r\n"):  # and takes \r for a space
        return None
    return _merged(np.array([[*map(float, line.split(","))] for line in lines]), counts, wrapped)


def _read_csv(body: Body) -> Table:
    text = body.decode("utf-8-sig")
    with contextlib.suppress(ValueError):
        return Table(csv_numbers.read(body), False)
    mixed = csv_mixed.read(body, _cell)
    return Table(_carefully(text) if mixed is None else mixed, False)


def _carefully(text: str) -> Array:
    """The rows of any CSV, cell by cell; raises Fault 400."""
    lines = csv.reader(io.StringIO(text, newline=""), skipinitialspace=True)
    rows = [row for row in lines if len(row) > 1 or "".join(row).strip()]
    if not rows:
        raise Fault(400, "the CSV body has no rows; send at least one")
    for index, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise Fault(400, f"the rows are not of one shape: {_ragged(list(rows))}")
        rows[index] = [_cell(cell) for cell in row]  # type: ignore[misc]
    return as_array(list(rows))


def _cell(text: str) -> float | str:
    """A number, nan for an empty cell, else the text."""
    if not text.strip():
        return float("nan")
    try:
        return text if "_" in text else float(text)
    except ValueError:
        return text


# what comes with columns, or sparse


def _libsvm_together(bodies: Sequence[Body]) -> Merged:
    parts = [libsvm.read(body) for body in bodies]
    matrix = sparse.stack(parts) if len(parts) > 1 else parts[0]
    return Merged(matrix, [part.shape[0] for part in parts], [False] * len(parts))


def _read_parquet(body: Body) -> Table:
    rows, names = parquet.read(body)
    return Table(rows, False, tuple(names))


_READERS: dict[str, Callable[[Body], Table]] = {
    JSON: _read_json,
    JSON_LINES: _read_json_lines,
    CSV: _read_csv,
    NPY: lambda body: Table(npy.read(body), False),
    NPZ: lambda body: Table(npy.read_archive(body), False),
    LIBSVM: lambda body: Table(libsvm.read(body), False),
    RECORDIO: lambda body: Table(recordio.read(body), False),
    PARQUET: _read_parquet,
}
