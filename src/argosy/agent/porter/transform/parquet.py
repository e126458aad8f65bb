"""Parquet in and out by row groups, read by pyarrow, which is optional (`argosy[parquet]`).

An object is read by ranges, one row group after the other, and goes to the model as small files;
what the model answers in Parquet becomes one row group a time of a single file.
"""

import importlib
import io
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from argosy.agent.porter.transform.batch import Batch, Buffer
from argosy.agent.porter.transform.failures import BadAnswer, BadInput
from argosy.agent.porter.transform.lines import Payload
from argosy.objects.client import ObjectStore
from argosy.objects.uri import S3Uri

_FILL = 0.8
_MOST_ROWS = 1 << 20


class StoredFile(io.RawIOBase):
    """A stored object that can be read from any place, for pyarrow."""

    def __init__(self, store: ObjectStore, uri: S3Uri, etag: str, size: int) -> None:
        self._store, self._uri, self._etag, self._size = store, uri, etag, size
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        return self._position

    def read(self, size: int = -1, /) -> bytes:
        end = self._size if size < 0 else min(self._position + size, self._size)
        with self._store.open(self._uri, self._position, end, etag=self._etag) as reader:
            data = reader.read(max(0, end - self._position))
        self._position += len(data)
        return data


class Sink(io.RawIOBase):
    """Where pyarrow writes a file that goes on to `write`."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        self._write(bytes(data))
        self._position += len(data)
        return len(data)

    def tell(self) -> int:
        return self._position


def held(pieces: Iterator[bytes]) -> io.BytesIO:
    """A small file in memory."""
    return io.BytesIO(b"".join(pieces))


def units_of(file: StoredFile) -> int:
    """How many row groups there are. Raises BadInput."""
    return int(_opened(file).num_row_groups)


def row_group_batches(
    file: StoredFile, start: int, end: int | None, payload: Payload, *, single: bool
) -> Iterator[Batch]:
    """Batches of row groups [start, end), each a small Parquet file. Raises BadInput."""
    opened = _opened(file)
    number = 0
    for group in range(start, opened.num_row_groups if end is None else end):
        parts = _with_last(_row_batches(opened, group, payload, single=single))
        for rows, last in parts:
            for body, count, ends in _bodies(rows, payload, number):
                yield Batch([body], group, group + 1, number, count, last and ends)
                number += count


def _with_last(items: Iterator[Any]) -> Iterator[tuple[Any, bool]]:
    """Each item, and whether it is the last one."""
    try:
        held = next(items)
    except StopIteration:
        return
    for item in items:
        yield held, False
        held = item
    yield held, True


def pack(answers: list[Buffer]) -> list[Buffer]:
    """One file of several, a row group each. Raises BadAnswer."""
    sink = io.BytesIO()
    write_all(sink, map(io.BytesIO, answers))
    return [sink.getvalue()]


def write_all(sink: Any, sources: Iterable[Any]) -> None:
    """Write all row groups of some files into one, holding one of them at a time.

    Raises BadAnswer when they are not Parquet, or not of the same columns.
    """
    arrow, files = _pyarrow()
    writer = None
    try:
        for source in sources:
            file = files.ParquetFile(source)
            writer = writer or files.ParquetWriter(sink, file.schema_arrow)
            for group in range(file.num_row_groups):
                table = file.read_row_group(group, use_threads=False)
                writer.write_table(table.cast(writer.schema))
    except (arrow.ArrowException, ValueError) as error:
        raise BadAnswer(
            f"the model's answers cannot be put into one Parquet file: {error}"
        ) from None
    finally:
        if writer is not None:
            writer.close()


def _row_batches(opened: Any, group: int, payload: Payload, *, single: bool) -> Iterator[Any]:
    """The rows of a group in batches that probably fit."""
    arrow, _ = _pyarrow()
    meta = opened.metadata.row_group(group)
    per_row = max(1.0, meta.total_byte_size / max(1, meta.num_rows))
    rows = 1 if single else max(1, min(_MOST_ROWS, int(payload.packed * _FILL / per_row)))
    try:
        yield from opened.iter_batches(batch_size=rows, row_groups=[group], use_threads=False)
    except (arrow.ArrowException, OSError) as error:
        raise BadInput(f"row group {group} cannot be read: {error}") from None


def _bodies(rows: Any, payload: Payload, number: int) -> Iterator[tuple[bytes, int, bool]]:
    """Files of some rows, halved until they fit, and whether each is the last."""
    body = _encoded(rows)
    if len(body) <= payload.packed or (rows.num_rows == 1 and len(body) <= payload.most):
        yield body, rows.num_rows, True
        return
    if rows.num_rows == 1:
        raise payload.too_long(number)
    half = rows.num_rows // 2
    for part, count, _ in _bodies(rows.slice(0, half), payload, number):
        yield part, count, False
    yield from _bodies(rows.slice(half), payload, number + half)


def _encoded(rows: Any) -> bytes:
    arrow, files = _pyarrow()
    sink = io.BytesIO()
    table = arrow.Table.from_batches([rows])
    files.write_table(table, sink, compression="none", use_dictionary=False, write_statistics=False)
    return sink.getvalue()


def _opened(file: StoredFile) -> Any:
    arrow, files = _pyarrow()
    try:
        return files.ParquetFile(arrow.PythonFile(file, mode="r"))
    except (arrow.ArrowException, ValueError) as error:
        raise BadInput(f"the object is not a Parquet file that can be read: {error}") from None


def _pyarrow() -> tuple[Any, Any]:
    try:
        return importlib.import_module("pyarrow"), importlib.import_module("pyarrow.parquet")
    except ModuleNotFoundError:
        raise BadInput(
            "Parquet needs the Python module pyarrow, which is not installed where Argosy runs: "
            "pip install 'argosy[parquet]'"
        ) from None
