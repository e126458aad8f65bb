"""SageMaker's RecordIO-protobuf: a row is a record whose feature "values" is a tensor.

Reads dense and sparse tensors of float32, float64 and int32; labels are skipped. Writes
predictions as SageMaker's algorithms answer them: one record each, the label "score" (or further
names) a float32 tensor. Refuses tensors of bytes. Sources: SageMaker Developer Guide,
"Common data formats for training" (record.proto) and "… for inference"; dmlc-core recordio.h.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from argosy.runtimes import protobuf, sparse
from argosy.runtimes.answers import Body, Fault

_MAGIC = 0xCED7230A
_FRAME = struct.Struct("<II")
_LENGTH = (1 << 29) - 1  # of the second word; its upper bits say which part of a record this is
_WHOLE, _FIRST, _MIDDLE, _LAST = range(4)

_FEATURES, _LABEL = 1, 2
_FLOAT32, _FLOAT64, _INT32, _BYTES = 2, 3, 7, 9
_VALUES, _KEYS, _SHAPE = 1, 2, 3
_FEATURE = "values"


class Tensor(NamedTuple):
    """One row: `values` at the columns `keys`, or everywhere when there are none."""

    values: Any
    keys: Any
    width: int | None
    """What its shape says."""

    @property
    def dense(self) -> bool:
        return not len(self.keys) and (len(self.values) > 0 or not self.width)


def read(body: Body) -> Any:
    """The rows as a float64 array, or as a sparse matrix when any of them is sparse.

    Raises Fault 400 or ValueError when the body is damaged or no matrix.
    """
    rows = [_tensor(record, index) for index, record in enumerate(_records(bytes(body)))]
    if not rows:
        raise Fault(400, "the RecordIO body has no records; send at least one")
    return _matrix(rows) if all(row.dense for row in rows) else _sparse(rows)


def read_labelled(body: Body) -> tuple[Any, Any]:
    """The rows as `read` has them, and each row's label (its tensor "values", one number).

    Raises Fault 400 or ValueError.
    """
    labels = [_label(record, index) for index, record in enumerate(_records(bytes(body)))]
    return read(body), np.array(labels, dtype=np.float64)


def _label(record: bytes, index: int) -> float:
    labels = dict(_entries(memoryview(record), _LABEL))
    tensor = labels.get(_FEATURE)
    for field in protobuf.fields(tensor) if tensor is not None else ():
        if field.number in _READERS and len(values := _read_tensor(field, index).values) == 1:
            return float(values[0])
    raise Fault(400, f'record {index} has no label "values" of one number')


def _matrix(rows: list[Tensor]) -> Any:
    for index, row in enumerate(rows):
        if len(row.values) != len(rows[0].values):
            raise Fault(
                400,
                f"the rows are not of one shape: record {index} has {len(row.values)} values,"
                f" record 0 has {len(rows[0].values)}",
            )
    return np.array([row.values for row in rows], dtype=np.float64)


def _sparse(rows: list[Tensor]) -> Any:
    widths = {row.width or (len(row.values) if row.dense else None) for row in rows}
    if len(widths) != 1:
        raise Fault(400, "the records are not of one shape; give all tensors the same shape")
    keys = [np.arange(len(row.values), dtype=np.uint64) if row.dense else row.keys for row in rows]
    ends = np.cumsum([0, *map(len, keys)])
    columns = np.concatenate(keys)
    if len(columns) and columns.max() >= sparse.OPEN:
        raise Fault(400, f"a record has the key {columns.max()}, which no model has a column for")
    values = np.concatenate([row.values for row in rows]).astype(np.float64)
    width = min(widths.pop() or sparse.OPEN, sparse.OPEN)
    return sparse.matrix(values, columns.astype(np.int64), ends, width)


# records


def _records(data: bytes) -> Iterator[bytes]:
    """The records; those that were written in parts, because they hold the magic number, whole."""
    parts: list[bytes] = []
    position = 0
    while position < len(data):
        part, content, position = _part(data, position)
        if (part in (_WHOLE, _FIRST)) == bool(parts):
            raise Fault(400, "the RecordIO body has parts of a record in a wrong order")
        parts.append(content)
        if part in (_WHOLE, _LAST):
            yield struct.pack("<I", _MAGIC).join(parts)
            parts = []
    if parts:
        raise Fault(400, "the RecordIO body ends within a record")


def _part(data: bytes, position: int) -> tuple[int, bytes, int]:
    if position + _FRAME.size > len(data):
        raise Fault(400, f"the RecordIO body ends within a record's head (at byte {position})")
    magic, word = _FRAME.unpack_from(data, position)
    if magic != _MAGIC:
        raise Fault(
            400,
            f"the body is not RecordIO: at byte {position} no record begins; write it with"
            " sagemaker.amazon.common.write_numpy_to_dense_tensor",
        )
    start = position + _FRAME.size
    stop = start + (word & _LENGTH)
    if stop > len(data):
        raise Fault(400, f"the RecordIO body ends within a record (at byte {position})")
    return word >> 29, data[start:stop], stop + -stop % 4


# tensors


def _tensor(record: bytes, index: int) -> Tensor:
    features = dict(_entries(memoryview(record)))
    value = features.get(_FEATURE)
    if value is None:
        if len(features) != 1:
            names = ", ".join(sorted(features)[:5]) or "none"
            raise Fault(400, f'record {index} has no feature named "values" (it has {names})')
        value = next(iter(features.values()))
    for field in protobuf.fields(value):
        if field.number in _READERS:
            return _read_tensor(field, index)
    raise Fault(400, f"record {index} holds no tensor of float32, float64 or int32")


def _entries(record: memoryview, kind: int = _FEATURES) -> Iterator[tuple[str, memoryview]]:
    for field in protobuf.fields(record):
        if field.number == kind and field.kind == protobuf.LENGTH:
            entry = {one.number: one.data for one in protobuf.fields(field.data)}
            yield bytes(entry.get(1, b"")).decode(), entry.get(2, memoryview(b""))


def _read_tensor(tensor: protobuf.Field, index: int) -> Tensor:
    if tensor.kind != protobuf.LENGTH:
        raise ValueError("a tensor is no message")
    packed = {_VALUES: bytearray(), _KEYS: bytearray(), _SHAPE: bytearray()}
    for field in protobuf.fields(tensor.data):
        if field.number in packed:
            packed[field.number] += field.data
    values = _READERS[tensor.number](bytes(packed[_VALUES]))
    keys = protobuf.varints(bytes(packed[_KEYS]))
    shape = protobuf.varints(bytes(packed[_SHAPE])).tolist()
    width = math.prod(shape) if shape else None
    row = Tensor(values, keys, width)
    if len(keys) and len(keys) != len(values):
        raise Fault(400, f"record {index} has {len(values)} values for {len(keys)} keys")
    if row.dense and width not in (None, len(values)):
        raise Fault(400, f"record {index} has {len(values)} values, its shape says {width}")
    return row


def _int32(packed: bytes) -> Any:
    return protobuf.varints(packed).astype(np.int64).astype(np.int32)


_READERS = {
    _FLOAT32: lambda packed: np.frombuffer(packed, "<f4"),
    _FLOAT64: lambda packed: np.frombuffer(packed, "<f8"),
    _INT32: _int32,
}


# writing


def write(predictions: Any) -> bytes:
    """One record per prediction, a number or a row of numbers, as the label "score".

    Raises Fault 406 for predictions that are no numbers.
    """
    try:
        array = np.atleast_1d(np.asarray(predictions)).astype("<f4")
    except (ValueError, TypeError):
        raise Fault(
            406, "the predictions are no numbers, which RecordIO could hold; accept JSON or CSV"
        ) from None
    return write_named({"score": row} for row in array)


def write_named(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """One record per row, each of its numbers (or lists of numbers) a label of that name."""
    return b"".join(_record(row) for row in rows)


def _record(row: Mapping[str, Any]) -> bytes:
    labels = []
    for name, numbers in row.items():
        values = np.ravel(np.asarray(numbers, "<f4")).tobytes()
        tensor = protobuf.message([(_FLOAT32, protobuf.message([(_VALUES, values)]))])
        labels.append((_LABEL, protobuf.message([(1, name.encode()), (2, tensor)])))
    content = protobuf.message(labels)
    return _FRAME.pack(_MAGIC, len(content)) + content + b"\0" * (-len(content) % 4)
