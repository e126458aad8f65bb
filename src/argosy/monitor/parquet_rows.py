"""Parquet files as columns, a batch at a time."""

from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from argosy.monitor.analysis import BadData
from argosy.monitor.dataset import Dataset

_BATCH = 10_000


def read(path: Path, dataset: Dataset) -> None:
    """Take in a file. Raises BadData when it is no Parquet, or a column has a type without text."""
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(_BATCH):
                table = pa.table(batch).flatten()
                arrays = [_plain(column.combine_chunks()) for column in table.columns]
                dataset.add(table.column_names, arrays, table.num_rows)
    except (pa.ArrowException, OSError) as error:
        raise BadData(f"The Parquet file cannot be read: {error}") from error


def _plain(array: pa.Array) -> pa.Array:
    """Numbers as they are, everything else as text."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        return _plain(array.dictionary_decode())
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return array
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_struct(kind):
        texts = [None if value is None else str(value) for value in array.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_boolean(kind):
        return pc.if_else(array, "true", "false")
    return array.cast(pa.string())
