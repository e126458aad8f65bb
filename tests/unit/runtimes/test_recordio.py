"""RecordIO-protobuf, compared with what Google's implementation reads and writes."""

import contextlib
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.runtimes import decoders, encoders, recordio, sparse
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import RECORDIO
from tests.unit.runtimes.record_proto import record_class

Record = record_class()
MAGIC = struct.pack("<I", 0xCED7230A)


def framed(content: bytes, part: int = 0) -> bytes:
    return (
        MAGIC + struct.pack("<I", part << 29 | len(content)) + content + b"\0" * (-len(content) % 4)
    )


def record(kind: str = "float32", name: str = "values", **members: Any) -> bytes:
    message = Record()
    tensor = getattr(message.features[name], f"{kind}_tensor")
    for member, numbers in members.items():
        getattr(tensor, member).extend(numbers)
    tensor.SetInParent()
    message.label["values"].float32_tensor.values.append(7)
    return message.SerializeToString()


def read(*records: bytes) -> Any:
    return decoders.decode(RECORDIO, b"".join(map(framed, records))).rows


@pytest.mark.parametrize("kind", ["float32", "float64", "int32"])
def test_dense_rows_of_any_number_type_come_out_as_they_went_in(kind: str) -> None:
    rows = [[1, -2, 300], [0, 2**31 - 1 if kind == "int32" else 0.5, -(2**20)]]
    assert read(*(record(kind, values=row) for row in rows)).tolist() == rows


@given(
    rows=st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(allow_nan=False), min_size=width, max_size=width), min_size=1
        )
    )
)
def test_any_dense_rows_survive(rows: list[list[float]]) -> None:
    assert read(*(record("float64", values=row) for row in rows)).tolist() == rows


@given(keys=st.sets(st.integers(0, 400), max_size=20))
def test_sparse_rows_have_their_values_at_their_keys(keys: set[int]) -> None:
    values = [float(key) + 1 for key in keys]
    rows = read(record(values=values, keys=keys, shape=[401]), record(shape=[401]))
    expected = np.zeros((2, 401))
    expected[0, sorted(keys)] = [key + 1.0 for key in sorted(keys)]
    assert np.array_equal(rows.toarray(), expected)


def test_sparse_rows_without_a_shape_take_the_models_width() -> None:
    rows = sparse.fit(read(record(values=[1, 2], keys=[3, 0])), 5)
    assert rows.toarray().tolist() == [[2, 0, 0, 1, 0]]
    with pytest.raises(Fault, match=r"column 3.*takes 3 features"):
        sparse.fit(read(record(values=[1, 2], keys=[3, 0])), 3)


def test_a_record_in_parts_is_put_together_with_the_magic_number_between_them() -> None:
    magic = struct.unpack("<f", MAGIC)[0]
    whole = record(values=[1.5, magic, 2.5])
    first, last = whole.split(MAGIC)
    rows = decoders.decode(RECORDIO, framed(first, 1) + framed(last, 3)).rows
    assert rows.astype(np.float32).tobytes() == np.array([1.5, magic, 2.5], "<f4").tobytes()


def test_the_only_feature_may_have_any_name() -> None:
    assert read(record(name="pixels", values=[1, 2])).tolist() == [[1, 2]]


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"1,2,3,4\n", "not RecordIO"),
        (MAGIC, "ends within a record's head"),
        (framed(record(values=[1]))[:-4], "ends within a record"),
        (framed(record(values=[1]), 1), "ends within a record"),
        (framed(record(values=[1]), 3), "wrong order"),
        (framed(record(values=[1])) + framed(record(values=[1, 2])), "record 1 has 2 values"),
        (framed(record(values=[1], keys=[1, 2], shape=[4])), "1 values for 2 keys"),
        (framed(record(values=[1, 2], keys=[1, 1], shape=[4])), "twice"),
        (framed(record(values=[1], keys=[4], shape=[4])), "names column 4"),
        (framed(record(values=[1], keys=[1 << 60])), "no model has a column"),
        (framed(record(values=[1, 2], shape=[3])), "its shape says 3"),
        (framed(record("float32", "a", values=[1]) + record("float32", "b")), 'named "values"'),
        (framed(Record().SerializeToString()), 'named "values"'),
        (framed(b"\xff\xff"), "cannot be read"),
        (framed(b"\x0b"), "wire type 3"),
    ],
)
def test_a_damaged_body_is_refused_with_what_is_wrong(body: bytes, says: str) -> None:
    with pytest.raises(Fault, match=says) as caught:
        decoders.decode(RECORDIO, body)
    assert caught.value.status_code == 400


def test_a_row_far_to_the_right_takes_no_memory() -> None:
    rows = read(record(values=[1], keys=[1 << 30], shape=[1 << 31]))
    assert rows.nnz == 1
    with pytest.raises(Fault, match="too many at once"):
        sparse.dense(rows)


@given(data=st.data())
def test_damaged_bytes_give_rows_or_a_fault_and_nothing_else(data: st.DataObject) -> None:
    good = bytearray(framed(record(values=[1, 2], keys=[0, 3], shape=[4])) * 2)
    for _ in range(data.draw(st.integers(1, 4))):
        good[data.draw(st.integers(0, len(good) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Fault):
        assert decoders.decode(RECORDIO, good).rows.ndim == 2


def test_predictions_are_labels_that_googles_implementation_reads() -> None:
    body = encoders.encode(np.array([[0.25, 0.75], [1.0, 0.0]]), RECORDIO)
    scores = []
    while body:
        length = int.from_bytes(body[4:8], "little")
        message = Record.FromString(body[8 : 8 + length])
        scores.append(list(message.label["score"].float32_tensor.values))
        body = body[8 + length + -length % 4 :]
    assert scores == [[0.25, 0.75], [1.0, 0.0]]


def test_words_cannot_be_written_as_recordio() -> None:
    with pytest.raises(Fault, match="no numbers") as caught:
        recordio.write(np.array(["a"], dtype=object))
    assert caught.value.status_code == 406
