"""CSV bodies of nothing but numbers and empty cells into a matrix, quickly.

For bodies that are worth it, as batch transform sends them. Refuses (None or ValueError) whatever
it is not sure of: text, headers, quotes, rows of unequal length. `argosy.runtimes.decoders` then
reads the body carefully and says what is wrong with which row; what both read is the same, to the
last bit.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from argosy.runtimes.answers import Body

_WORTH_READING = 1 << 16  # bytes from which pyarrow, once imported, beats numpy
_WORTH_IMPORTING = 1 << 20  # bytes from which it is worth 24 MB and a tenth of a second
_BLOCK = 1 << 20  # bytes; larger ones fall out of the processor's cache


def read(body: Body) -> Any:
    """The rows as float64, an empty cell (where pyarrow is there) being nan.

    Raises ValueError for anything but a table of numbers.
    """
    rows = read_large(body) if len(body) >= _WORTH_READING else None
    return _loaded(body.decode("utf-8-sig")) if rows is None else rows


def read_large(body: Body) -> Any:
    """The rows as pyarrow reads them; None where it is absent, or not sure."""
    width = _width(body)
    table = read_table(body, ["number"] * width) if width else None
    return _matrix(table) if table is not None and table.num_rows else None


def read_table(body: Body, kinds: Sequence[str]) -> Any:
    """A pyarrow.Table of columns that are each a "number" or a "text" (a dictionary of it).

    None where pyarrow is absent or not worth importing, or where it might read a number otherwise
    than Python does, or cannot read one at all.
    """
    if len(body) < _WORTH_IMPORTING and "pyarrow.csv" not in sys.modules:
        return None
    try:
        arrow, reader = importlib.import_module("pyarrow"), importlib.import_module("pyarrow.csv")
    except ImportError:
        return None
    if b"(" in body and b"nan(" in body.lower():  # it reads nan(7) as a number
        return None
    types = {"number": arrow.float64(), "text": arrow.dictionary(arrow.int32(), arrow.string())}
    names = [str(index) for index in range(len(kinds))]
    try:
        return reader.read_csv(
            arrow.BufferReader(body),
            reader.ReadOptions(column_names=names, use_threads=False, block_size=_BLOCK),
            reader.ParseOptions(quote_char=False),
            reader.ConvertOptions(
                column_types={name: types[kinds[at]] for at, name in enumerate(names)},
                null_values=[""],
            ),
        )
    except (arrow.ArrowException, ValueError):
        return None


def _width(body: Body) -> int:
    """The columns of the first line; 0 where it is empty."""
    end = body.find(b"\n")
    line = bytes(body if end < 0 else body[:end]).partition(b"\r")[0]
    return line.count(b",") + 1 if line else 0


def _matrix(table: Any) -> Any:
    """Rows beside each other in memory, as models read them."""
    matrix = np.empty((table.num_rows, table.num_columns))
    start = 0
    for batch in table.to_batches():
        part = matrix[start : start + batch.num_rows]
        part[:] = np.array([one.to_numpy(zero_copy_only=False) for one in batch.columns]).T
        start += batch.num_rows
    return matrix


def _loaded(text: str) -> Any:
    if not text.strip():  # numpy would only warn
        raise ValueError
    return np.loadtxt(text.splitlines(), delimiter=",", ndmin=2, comments=None, dtype=np.float64)
