"""Predictions into answer bodies: JSON, JSON lines, CSV, NPY, RecordIO, Parquet.

Values are written as Python's repr has them, so that a float read back is the same float. Knows
arrays, lists, scalars, sparse matrices and data frames; nothing of models.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from argosy.runtimes import parquet, recordio
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import CSV, JSON, NPY, PARQUET, RECORDIO, WRITABLE

_Write = Callable[[list[Any]], bytes]


def encode(value: Any, media: str, wrapped: bool = False) -> bytes:
    """One prediction as a body of that type; `wrapped` gives {"predictions": …} in JSON.

    Raises Fault 406 for a type that nothing here writes, and TypeError or ValueError for a value
    that the type cannot hold.
    """
    if media not in WRITABLE:
        raise Fault(406, f"Accept {media} is not supported; use one of {', '.join(WRITABLE)}")
    if media == JSON:
        plain = _plain(value)
        return json.dumps({"predictions": plain} if wrapped else plain, default=_plain).encode()
    if media in _OF_ARRAYS:
        return _OF_ARRAYS[media](_array(value))
    array = np.atleast_1d(_array(value))
    return _writer(array, media)(array.tolist())


def encode_each(
    predictions: Any, counts: Sequence[int], wrapped: Sequence[bool], media: str
) -> list[bytes]:
    """The predictions of several requests apart: rows `counts[i]` of them for request i.

    `predictions` is an array whose first axis is the rows of all requests.
    """
    write_part = _OF_ARRAYS.get(media)
    if write_part is not None:
        return [write_part(part) for part in np.split(predictions, np.cumsum(counts)[:-1])]
    items = predictions.tolist()
    write = _writer(predictions, media)
    bodies = []
    start = 0
    for index, count in enumerate(counts):
        body = write(items[start : start + count])
        if wrapped[index] and media == JSON:
            body = b'{"predictions": ' + body + b"}"
        bodies.append(body)
        start += count
    return bodies


def _writer(predictions: Any, media: str) -> _Write:
    """What writes lists of the rows of that array in a type of text."""
    if media == CSV:
        return _csv_writer(predictions)
    return _json_writer(predictions) if media == JSON else _lines_writer(predictions)


def _csv_writer(predictions: Any) -> _Write:
    """Numbers have nothing that needs quotes."""
    if not _is_numeric(predictions) or predictions.ndim > 2:
        return _csv
    return _column if predictions.ndim == 1 else _columns


def _column(items: list[Any]) -> bytes:
    """One printing of the whole list is faster than one of each number."""
    return (repr(items)[1:-1].replace(", ", "\n") + "\n").encode()


def _columns(rows: list[Any]) -> bytes:
    text = repr(rows)[2:-2].replace("], [", "\n")
    return (text.replace(", ", ",") + "\n").encode()


def _json_writer(predictions: Any) -> _Write:
    """Lists of integers and finite floats have the same text in Python and in JSON."""
    return _repr if _is_finite(predictions) else _dumps


def _lines_writer(predictions: Any) -> _Write:
    return _lines_of_numbers if _is_finite(predictions) and predictions.ndim < 3 else _lines


def _is_numeric(array: Any) -> bool:
    """Whether its items are int and float once they are in a list; the longest floats are not."""
    return array.dtype.kind in "iuf" and array.dtype.itemsize <= 8


def _is_finite(array: Any) -> bool:
    if not _is_numeric(array):
        return False
    return array.dtype.kind != "f" or bool(np.isfinite(array).all())


def _repr(items: list[Any]) -> bytes:
    return repr(items).encode()


def _dumps(items: Any) -> bytes:
    return json.dumps(items, default=_plain).encode()


def _lines_of_numbers(items: list[Any]) -> bytes:
    return (_printed(items) + "\n").encode() if items else b""


def printed(array: Any) -> str:
    """One line per row as Python prints it; no line end at the very end."""
    items = array.tolist()
    if _is_numeric(array) and array.ndim in (1, 2):
        return _printed(items)
    return "\n".join(map(str, items))


def _printed(items: list[Any]) -> str:
    text = repr(items)[1:-1]
    return text.replace("], [", "]\n[") if text.startswith("[") else text.replace(", ", "\n")


def _lines(items: list[Any]) -> bytes:
    return b"".join(_dumps(item) + b"\n" for item in items)


def _plain(value: Any) -> Any:
    """What JSON can hold, of numpy's, scipy's and pandas' things."""
    if hasattr(value, "toarray"):
        value = value.toarray()
    if hasattr(value, "to_numpy"):
        value = value.to_numpy()
    if hasattr(value, "tolist"):
        return value.tolist()
    if isinstance(value, (bytes, bytearray)):
        return value.decode()
    if value is None or isinstance(value, (list, tuple, dict, str, int, float)):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")


def _array(value: Any) -> Any:
    if hasattr(value, "toarray"):
        value = value.toarray()
    return np.asarray(value)


def _csv(items: list[Any]) -> bytes:
    """One line per row, values apart by commas, quoted only where they must be."""
    text = "\n".join(map(str, items))
    ends = max(0, len(items) - 1)
    if text.count("\n") == ends and not any(mark in text for mark in _MARKS):
        return (text + "\n").encode()
    lines = []
    for item in items:
        values = item if isinstance(item, list) else [item]
        lines.append(",".join(map(_cell, values)))
    return ("\n".join(lines) + "\n").encode()


_MARKS = ',"\r['  # without these, labels are lines as they are


def _cell(value: Any) -> str:
    text = str(value)
    if "," not in text and '"' not in text and "\n" not in text and "\r" not in text:
        return text
    stream = io.StringIO()
    csv.writer(stream, lineterminator="").writerow([text])
    return stream.getvalue()


def _npy(array: Any) -> bytes:
    if array.dtype.kind == "O":
        array = np.array(array.tolist())  # labels: strings get a fixed width, numbers their type
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=False)
    return stream.getvalue()


_OF_ARRAYS: dict[str, Callable[[Any], bytes]] = {
    NPY: _npy,
    RECORDIO: recordio.write,
    PARQUET: parquet.write,
}
