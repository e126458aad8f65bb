"""Bodies to rows and predictions to bodies."""

import csv
import io
import json
from typing import Any

import numpy as np
import pytest
import scipy.sparse
from hypothesis import example, given
from hypothesis import strategies as st

from argosy.runtimes import decoders, encoders
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import CSV, JSON, JSON_LINES, NPY, NPZ, choose, media_type

finite = st.floats(allow_nan=False, allow_infinity=False)
tables = st.integers(1, 4).flatmap(
    lambda width: st.lists(st.lists(finite, min_size=width, max_size=width), min_size=1, max_size=5)
)


@given(rows=tables)
def test_floats_survive_json_and_csv_exactly(rows: list[list[float]]) -> None:
    as_csv = "\n".join(",".join(map(repr, row)) for row in rows).encode()
    assert decoders.decode(JSON, json.dumps(rows).encode()).rows.tolist() == rows
    assert decoders.decode(CSV, as_csv).rows.tolist() == rows


@given(rows=tables)
def test_floats_survive_the_way_back_exactly(rows: list[list[float]]) -> None:
    array = np.array(rows)
    written = encoders.encode(array, CSV).decode()
    assert json.loads(encoders.encode(array, JSON)) == rows
    assert [[float(cell) for cell in line.split(",")] for line in written.splitlines()] == rows
    assert np.array_equal(np.load(io.BytesIO(encoders.encode(array, NPY))), array)


@given(bodies=st.lists(tables.map(json.dumps) | st.text('[],123 "{}:e.-', max_size=12), min_size=1))
def test_bodies_decoded_together_are_what_each_is_alone(bodies: list[str]) -> None:
    merged = decoders.decode_together(JSON, [body.encode() for body in bodies])
    if merged is None:
        return
    alone = [np.atleast_2d(decoders.decode(JSON, body.encode()).rows) for body in bodies]
    assert merged.counts == [len(rows) for rows in alone]
    assert np.array_equal(merged.matrix, np.concatenate(alone))


@given(bodies=st.lists(st.text("1,.\n\r\x0b e", max_size=12), min_size=1, max_size=4))
@example(bodies=["1,\r1"])
def test_csv_bodies_decoded_together_are_what_each_is_alone(bodies: list[str]) -> None:
    merged = decoders.decode_together(CSV, [body.encode() for body in bodies])
    if merged is None:
        return
    alone = [decoders.decode(CSV, body.encode()).rows for body in bodies]
    assert merged.counts == [len(rows) for rows in alone]
    assert np.array_equal(merged.matrix, np.concatenate(alone))


def test_bodies_that_complete_each_other_are_not_taken_together() -> None:
    assert decoders.decode_together(JSON, [b"[1],[2]", b"[3]", b"[4", b"5]"]) is None


def test_empty_cells_and_null_are_nan_and_text_stays_text() -> None:
    numbers = decoders.decode(CSV, b"1,,3\n4,5,6\n").rows
    mixed = decoders.decode(CSV, b'1,"a, b"\n2,1_0\n').rows
    nulls = decoders.decode(JSON, b"[[1, null]]").rows
    assert np.isnan(numbers[0, 1])
    assert numbers[1].tolist() == [4.0, 5.0, 6.0]
    assert mixed.tolist() == [[1.0, "a, b"], [2.0, "1_0"]]
    assert nulls.dtype == np.float64
    assert np.isnan(nulls[0, 1])


def test_each_line_of_json_lines_is_a_row_and_empty_ones_are_none() -> None:
    lists = decoders.decode(JSON_LINES, b"[1, 2]\n\n[3, null]\r\n").rows
    objects = decoders.decode(JSON_LINES, b'{"a": 1}\n{"a": 2}').rows
    assert np.array_equal(lists, [[1.0, 2.0], [3.0, np.nan]], equal_nan=True)
    assert objects == [{"a": 1}, {"a": 2}]
    for body in (b"[1], [2]\n", b"\n", b"[1]\n[1, 2]\n", b"[1\n2]\n"):
        with pytest.raises(Fault) as raised:
            decoders.decode(JSON_LINES, body)
        assert raised.value.status_code == 400


def test_rows_of_text_and_numbers_keep_both() -> None:
    assert decoders.decode(JSON, b'[["red", 1.5]]').rows.tolist() == [["red", 1.5]]


def test_a_large_csv_is_read_like_a_small_one() -> None:
    rows = np.random.default_rng(0).normal(size=(2000, 8))
    body = "\r\n".join(",".join(map(repr, row)) for row in rows.tolist()).encode()
    merged = decoders.decode_together(CSV, [body])
    assert merged is not None
    assert np.array_equal(merged.matrix, rows)


def test_npz_holds_a_sparse_matrix_or_one_array() -> None:
    sparse, dense, two = io.BytesIO(), io.BytesIO(), io.BytesIO()
    scipy.sparse.save_npz(sparse, scipy.sparse.eye(3, format="csr"))
    np.savez(dense, np.eye(3))
    np.savez(two, np.eye(3), np.eye(2))
    assert decoders.decode(NPZ, sparse.getvalue()).rows.toarray().tolist() == np.eye(3).tolist()
    assert decoders.decode(NPZ, dense.getvalue()).rows.tolist() == np.eye(3).tolist()
    with pytest.raises(Fault, match="2 arrays"):
        decoders.decode(NPZ, two.getvalue())


def test_fortran_order_and_strings_come_through_npy() -> None:
    for array in (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.array([["a", "b"]])):
        stream = io.BytesIO()
        np.save(stream, array)
        assert decoders.decode(NPY, stream.getvalue()).rows.tolist() == array.tolist()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (np.array([1, 0]), "[1, 0]"),
        (np.array([0.1], dtype=np.float64), "[0.1]"),
        (np.array(["a", "b"]), '["a", "b"]'),
        (np.array([True]), "[true]"),
        (np.float64(2.5), "2.5"),
        ([np.int64(1), {"x": np.array([2])}], '[1, {"x": [2]}]'),
        (scipy.sparse.eye(2, format="csr"), "[[1.0, 0.0], [0.0, 1.0]]"),
    ],
)
def test_anything_numpy_has_can_be_json(value: Any, text: str) -> None:
    assert encoders.encode(value, JSON).decode() == text


def test_nan_in_an_answer_is_written_as_python_reads_it() -> None:
    array = np.array([np.nan, 1.0])
    assert encoders.encode(array, JSON) == b"[NaN, 1.0]"
    assert encoders.encode_each(array, [1, 1], [False, True], JSON) == [
        b"[NaN]",
        b'{"predictions": [1.0]}',
    ]


@pytest.mark.parametrize("media", [JSON, CSV, NPY])
@pytest.mark.parametrize(
    "array", [np.arange(6), np.arange(12.0).reshape(6, 2), np.array(list("abcdef"))]
)
def test_answers_written_apart_are_what_each_is_alone(media: str, array: Any) -> None:
    apart = encoders.encode_each(array, [1, 3, 2], [False] * 3, media)
    assert apart == [encoders.encode(part, media) for part in (array[:1], array[1:4], array[4:])]


def as_objects(items: list[Any]) -> Any:
    array = np.empty(len(items), dtype=object)
    array[:] = items
    return array


answers = (
    st.lists(st.floats(), max_size=4).map(np.array)
    | st.lists(st.integers(-(2**60), 2**60), max_size=4).map(np.array)
    | st.lists(st.tuples(st.floats(), st.floats()), max_size=4).map(np.array)
    | st.lists(st.floats(width=32), max_size=4).map(lambda row: np.array(row, np.float32))
    | st.lists(st.tuples(st.booleans()), max_size=3).map(np.array)
    | st.lists(st.text("a,' [\"\n\r", max_size=3) | st.none(), max_size=3).map(as_objects)
    | st.just(as_objects([[], "a", [1, "b,c"]]))
    | st.just(np.arange(8.0).reshape(2, 2, 2))
    | st.just(np.zeros((2, 0)))
    | st.just(np.array([1.5, 2.5], np.longdouble))
)


@given(array=answers)
def test_numbers_printed_at_once_are_what_each_is_by_itself(array: Any) -> None:
    items = array.tolist()
    rows = [item if isinstance(item, list) else [item] for item in items]
    lines = [",".join(map(encoders._cell, row)) for row in rows]
    assert encoders.encode(array, CSV) == ("\n".join(lines) + "\n").encode()
    assert encoders.printed(array) == "\n".join(map(str, items))
    if array.dtype != np.longdouble:  # which JSON does not take
        assert encoders.encode(array, JSON_LINES) == encoders._lines(items)
        assert encoders.encode(array, JSON) == json.dumps(items).encode()


def test_csv_labels_are_quoted_only_where_they_must_be() -> None:
    written = encoders.encode(np.array(["plain", 'a,"b"\n'], dtype=object), CSV).decode()
    assert written.startswith("plain\n")
    assert list(csv.reader(io.StringIO(written, newline="")))[1] == ['a,"b"\n']


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        ("", CSV),
        ("*/*", CSV),
        ("application/json", JSON),
        ("APPLICATION/JSON; q=1", JSON),
        ("image/png, text/*", CSV),
        ("application/*;q=0.5", JSON),
        ("image/png", None),
    ],
)
def test_accept_is_honoured_in_order(accept: str, chosen: str | None) -> None:
    assert choose(accept, CSV) == chosen


def test_a_content_type_is_compared_without_its_parameters() -> None:
    assert media_type("Text/CSV; charset=utf-8") == CSV
    assert media_type("") == JSON
