"""Sparse rows, as libsvm, RecordIO and NPZ bodies have them: scipy's CSR matrices.

Such a body need not say how many columns there are, and may name one far to the right in a few
bytes: nothing here sets memory aside for columns before a model has said how many it takes.
"""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from argosy.runtimes.answers import Fault

MOST_CELLS = 1 << 25
"""Cells (256 MiB of float64) up to which rows that came compressed are written out."""

OPEN = (1 << 31) - 1
"""The width of rows that do not say how many columns there are; those they name are below it."""


def is_sparse(rows: Any) -> bool:
    """Whether these are rows of `scipy.sparse`."""
    return hasattr(rows, "tocsr")


def matrix(data: Any, columns: Any, ends: Any, width: int = OPEN) -> Any:
    """A CSR matrix of float64: row i has the cells from `ends[i]` to `ends[i + 1]`.

    Raises Fault 400 when a row names a column twice or beyond `width`, 415 without scipy.
    """
    if len(columns) and int(max(columns)) >= width:
        raise Fault(400, f"a row names column {int(max(columns))}; the last can be {width - 1}")
    rows = _scipy().csr_matrix((data, columns, ends), (len(ends) - 1, width), dtype=np.float64)
    rows.sort_indices()
    if not rows.has_canonical_format:
        raise Fault(400, "a row names one of its columns twice; give each once")
    return rows


def stack(parts: list[Any]) -> Any:
    """The rows of several matrices in one; raises ValueError when their widths differ."""
    return _scipy().vstack(parts, format="csr")


def fit(rows: Any, width: int | None) -> Any:
    """The rows as CSR with `width` columns, what is not named being empty; without a width, with
    as many as are named.

    Raises Fault 400 when a row names a column beyond, or when rows of a width have another one.
    """
    rows = rows.tocsr()
    last = int(rows.indices.max()) if rows.nnz else -1
    if rows.shape[1] == OPEN:
        width = last + 1 if width is None else width
        if last >= width:
            raise Fault(
                400,
                f"the rows name column {last}, but the model takes {width} features: columns are"
                f" numbered from 0 to {width - 1}",
            )
        rows = rows.copy()
        rows.resize((rows.shape[0], width))
    if width is not None and rows.shape[1] != width:
        raise Fault(400, f"the rows have {rows.shape[1]} features, the model takes {width}")
    return rows


def dense(rows: Any) -> Any:
    """The rows as an array, what is not named being 0.

    Raises Fault 400 when that would take too much memory.
    """
    if rows.shape[0] * rows.shape[1] > MOST_CELLS:
        raise Fault(
            400,
            f"{rows.shape[0]} sparse rows of {rows.shape[1]} columns are too many at once for a"
            f" model that takes no sparse rows; send fewer, at most {MOST_CELLS} cells",
        )
    return rows.toarray()


def _scipy() -> Any:
    try:
        return importlib.import_module("scipy.sparse")
    except ModuleNotFoundError:
        raise Fault(
            415, "sparse rows need scipy, which is not installed beside Argosy: install it"
        ) from None
