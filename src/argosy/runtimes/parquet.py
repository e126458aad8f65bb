"""Parquet bodies into columns, and predictions into Parquet, by pyarrow, which is optional
(`argosy[parquet]`).

Refuses what would be much larger in memory than a body may be: a few bytes can say that a value is
repeated for ever. Nested columns, dates and the like are refused too; numbers, booleans and text
are what a model takes.
"""

from __future__ import annotations

import importlib
import io
from collections.abc import Callable
from typing import Any

import numpy as np

from argosy.runtimes import sparse
from argosy.runtimes.answers import Body, Fault

_MOST_BYTES = 1 << 30  # of all columns as the file says they are once decompressed


def read(body: Body) -> tuple[Any, list[str]]:
    """The rows (float64, or objects when there is text) and the names of their columns.

    Raises Fault 400 when it is not such a file, 415 when pyarrow is not installed.
    """
    arrow, files = _pyarrow(415, "send another type")
    try:
        table = _table(io.BytesIO(body), arrow, files)
    except (arrow.ArrowException, OSError, UnicodeDecodeError) as error:
        first = next(iter(str(error).splitlines()), type(error).__name__)
        raise Fault(400, f"the body is not a Parquet file that can be read: {first}") from None
    names = [str(name) for name in table.column_names]
    if not names or not table.num_rows:
        raise Fault(400, "the Parquet body has no rows; send at least one")
    columns = [_column(table.column(index), name, arrow) for index, name in enumerate(names)]
    if any(column.dtype == object for column in columns):
        columns = [column.astype(object) for column in columns]
    return np.column_stack(columns), names


def write(predictions: Any) -> bytes:
    """Predictions (rows, or rows × outputs) as a file with the column `prediction`, or with
    `prediction_0`, `prediction_1`, … for several outputs.

    Raises Fault 406 when they are no such table, or pyarrow is not installed.
    """
    arrow, files = _pyarrow(406, "accept another type")
    rows = np.atleast_1d(predictions)
    if rows.ndim > 2:
        raise Fault(406, f"predictions of {rows.ndim} axes are no table for Parquet: accept JSON")
    columns = [rows] if rows.ndim == 1 else list(rows.T)
    single = len(columns) == 1
    names = ["prediction"] if single else [f"prediction_{at}" for at in range(len(columns))]
    try:
        table = arrow.table([_plain(column, arrow) for column in columns], names)
    except (arrow.ArrowException, TypeError, ValueError) as error:
        raise Fault(406, f"Parquet cannot hold these predictions: {error}") from None
    stream = io.BytesIO()
    files.write_table(table, stream)
    return stream.getvalue()


def _plain(column: Any, arrow: Any) -> Any:
    """Labels may come as objects; numbers among them keep their type."""
    contiguous = np.ascontiguousarray(column)
    return arrow.array(contiguous.tolist() if contiguous.dtype.kind in "OUS" else contiguous)


def _table(source: io.BytesIO, arrow: Any, files: Any) -> Any:
    """Text is read as a dictionary and indices, however often it is repeated."""
    file = files.ParquetFile(source)
    _check_size(file.metadata)
    text = [field.name for field in file.schema_arrow if _is_text(field.type, arrow)]
    return files.ParquetFile(source, read_dictionary=text).read(use_threads=False)


def _check_size(metadata: Any) -> None:
    cells = metadata.num_rows * metadata.num_columns
    if cells > sparse.MOST_CELLS:
        raise Fault(
            400,
            f"the Parquet body holds {metadata.num_rows} rows of {metadata.num_columns} columns;"
            f" send at most {sparse.MOST_CELLS} values at once",
        )
    groups = [metadata.row_group(index) for index in range(metadata.num_row_groups)]
    if sum(group.total_byte_size for group in groups) > _MOST_BYTES:
        raise Fault(400, "the Parquet body is too large once it is decompressed; send fewer rows")


def _column(column: Any, name: str, arrow: Any) -> Any:
    """One column; nulls become nan, or None among text."""
    kind = column.type
    if arrow.types.is_dictionary(kind):
        if _is_text(kind.value_type, arrow):
            return np.concatenate([_texts(chunk) for chunk in column.chunks])
        kind = kind.value_type
    if not any(test(kind) for test in _numbers(arrow)):
        raise Fault(
            400, f"the Parquet column {name!r} is of type {kind}; send numbers, booleans or text"
        )
    return column.cast(arrow.float64(), safe=False).to_numpy()


def _texts(chunk: Any) -> Any:
    words = np.array([*chunk.dictionary.to_pylist(), None], dtype=object)
    return words[chunk.indices.fill_null(len(words) - 1).to_numpy(zero_copy_only=False)]


def _is_text(kind: Any, arrow: Any) -> bool:
    return bool(arrow.types.is_string(kind) or arrow.types.is_large_string(kind))


def _numbers(arrow: Any) -> list[Callable[[Any], bool]]:
    kinds = arrow.types
    return [kinds.is_integer, kinds.is_floating, kinds.is_boolean, kinds.is_decimal]


def _pyarrow(status: int, instead: str) -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise Fault(
            status,
            "Parquet needs the Python module pyarrow, which is not installed: run"
            f" pip install 'argosy[parquet]', or {instead}",
        ) from None
