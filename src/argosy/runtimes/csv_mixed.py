"""Large CSV bodies with columns of text beside columns of numbers, read by pyarrow.

Refuses (None) what it is not sure of: quotes, spaces after a comma, text in a column that began
with numbers, what pyarrow cannot read. `argosy.runtimes.decoders` then reads the body cell by
cell; what both read is the same.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Union

import numpy as np

from argosy.runtimes import csv_numbers
from argosy.runtimes.answers import Body

_WORTH_READING = 1 << 16  # bytes
_LOOKED_AT = 1 << 14  # bytes at the start that say which columns hold text
_UNSURE = (b'"', b", ", b"\n ", b"\r ", b"\0")

Cell = Callable[[str], Union[float, str]]  # noqa: UP007 - evaluated, and `|` needs Python 3.10


def read(body: Body, cell: Cell) -> Any:
    """The rows as objects, floats and str; `cell` says what a cell of text means. Or None."""
    if len(body) < _WORTH_READING or body[:1] == b" " or any(sign in body for sign in _UNSURE):
        return None
    kinds = _kinds(bytes(body[:_LOOKED_AT]), cell)
    if len(kinds) < 2 or "text" not in kinds:
        return None
    table = csv_numbers.read_table(body, kinds)
    if table is None:
        return None
    rows = np.empty((table.num_rows, table.num_columns), dtype=object)
    for index, kind in enumerate(kinds):
        column = table.column(index)
        rows[:, index] = _texts(column, cell) if kind == "text" else column.to_numpy()
    return rows


def _kinds(start: bytes, cell: Cell) -> list[str]:
    """For each column of the first whole lines, whether there is text in it."""
    lines = start.decode("utf-8-sig", "ignore").replace("\r", "\n").split("\n")[:-1]
    rows = [line.split(",") for line in lines if line]
    if not rows or any(len(row) != len(rows[0]) for row in rows):
        return []
    columns = zip(*rows)  # noqa: B905 - of one length, and `strict` needs Python 3.10
    return [
        "text" if any(isinstance(cell(one), str) for one in column) else "number"
        for column in columns
    ]


def _texts(column: Any, cell: Cell) -> Any:
    """Each different text is looked at once."""
    parts = []
    for chunk in column.chunks:
        words = np.empty(len(chunk.dictionary), dtype=object)
        words[:] = [cell(text) for text in chunk.dictionary.to_pylist()]
        parts.append(words[chunk.indices.to_numpy()])
    return np.concatenate(parts)
