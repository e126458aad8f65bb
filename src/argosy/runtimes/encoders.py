"""Predictions into answer bodies: JSON, JSON lines, CSV, NPY, RecordIO.

Values are written as Python's repr has them, so that a float read back is the same float. Knows
arrays, lists, scalars, sparse matrices and data frames; nothing of models.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from argosy.runtimes import recordio
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import CSV, JSON, NPY, RECORDIO, WRITABLE


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
    if media == RECORDIO:
        return recordio.write(_array(value))
    if media == NPY:
        return _npy(_array(value))
    items = np.atleast_1d(_array(value)).tolist()
    return _csv(items) if media == CSV else _lines(items)


def encode_each(
    predictions: Any, counts: Sequence[int], wrapped: Sequence[bool], media: str
) -> list[bytes]:
    """The predictions of several requests apart: rows `counts[i]` of them for request i.

    `predictions` is an array whose first axis is the rows of all requests.
    """
    if media in (NPY, RECORDIO):
        write_part = _npy if media == NPY else recordio.write
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


def _writer(predictions: Any, media: str) -> Any:
    if media == CSV:
        return _csv_writer(predictions)
    return _json_writer(predictions) if media == JSON else _lines


def _csv_writer(predictions: Any) -> Any:
    """A column of numbers has nothing that needs quotes."""
    return _column if predictions.ndim == 1 and predictions.dtype.kind in "iuf" else _csv


def _column(items: list[Any]) -> bytes:
    return ("\n".join(map(str, items)) + "\n").encode()


def _json_writer(predictions: Any) -> Any:
    """Lists of integers and finite floats have the same text in Python and in JSON."""
    kind = predictions.dtype.kind
    if kind in "iu" or (kind == "f" and np.isfinite(predictions).all()):
        return _repr
    return _dumps


def _repr(items: list[Any]) -> bytes:
    return repr(items).encode()


def _dumps(items: Any) -> bytes:
    return json.dumps(items, default=_plain).encode()


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
    lines = []
    for item in items:
        values = item if isinstance(item, list) else [item]
        lines.append(",".join(map(_cell, values)))
    return ("\n".join(lines) + "\n").encode()


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
