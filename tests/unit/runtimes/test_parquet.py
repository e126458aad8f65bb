"""Parquet bodies."""

import contextlib
import io
import sys
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from argosy.runtimes import decoders, encoders, parquet
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import PARQUET, media_type


def written(columns: dict[str, Any], **options: Any) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, **options)
    return stream.getvalue()


def test_numbers_of_any_type_become_float64_with_their_columns_names() -> None:
    table = decoders.decode(
        PARQUET,
        written(
            {
                "a": pa.array([1, 2], pa.int8()),
                "b": pa.array([0.5, None], pa.float32()),
                "c": pa.array([True, None]),
                "d": pa.array([Decimal("1.25"), Decimal("2.50")]),
            }
        ),
    )
    assert table.names == ("a", "b", "c", "d")
    assert table.rows.dtype == np.float64
    assert table.rows[0].tolist() == [1, 0.5, 1, 1.25]
    assert np.isnan(table.rows[1, [1, 2]]).all()


def test_text_stays_text_and_categories_become_it() -> None:
    words = pa.array(["x", None, "y", "x"])
    body = written({"plain": words, "coded": words.dictionary_encode(), "n": [1, 2, 3, 4]})
    rows = decoders.decode(PARQUET, body).rows
    assert rows.tolist() == [["x", "x", 1], [None, None, 2], ["y", "y", 3], ["x", "x", 4]]


@pytest.mark.parametrize("compression", ["snappy", "zstd", "gzip", "brotli", "lz4", "none"])
def test_every_usual_compression_is_read(compression: str) -> None:
    body = written({"a": np.arange(100.0), "b": np.ones(100)}, compression=compression)
    assert decoders.decode(PARQUET, body).rows[:, 0].tolist() == list(range(100))


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"PAR1", "not a Parquet file"),
        (b"PAR1" * 20, "not a Parquet file"),
        (b"a,b\n1,2\n", "not a Parquet file"),
        (written({"a": pa.array([], pa.float64())}), "no rows"),
        (written({"day": [date(2026, 1, 1)]}), "'day' is of type date32"),
        (written({"many": [[1, 2]]}), "'many' is of type list"),
    ],
)
def test_what_no_model_takes_is_refused_with_what_is_wrong(body: bytes, says: str) -> None:
    with pytest.raises(Fault, match=says) as caught:
        decoders.decode(PARQUET, body)
    assert caught.value.status_code == 400


def test_a_small_body_that_would_become_large_is_refused() -> None:
    body = written({"a": np.zeros(40_000_000, np.int8)})
    assert len(body) < 1_000_000
    with pytest.raises(Fault, match="at most"):
        decoders.decode(PARQUET, body)


def test_a_long_text_repeated_often_is_held_once() -> None:
    indices = pa.array(np.zeros(100_000, np.int32))
    body = written({"a": pa.DictionaryArray.from_arrays(indices, ["x" * 100_000])})
    rows = decoders.decode(PARQUET, body).rows  # 10 GB if each were a text of its own
    assert rows[0, 0] is rows[-1, 0]


GOOD = written({"a": [1.0, 2.0, 3.0], "b": ["x", "y", None]}, compression="zstd")


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(at=st.integers(0, len(GOOD) - 1), put=st.binary(max_size=6))
def test_a_damaged_file_gives_rows_or_a_fault(at: int, put: bytes) -> None:
    with contextlib.suppress(Fault):
        assert decoders.decode(PARQUET, GOOD[:at] + put + GOOD[at + len(put) :]).rows.ndim == 2


def test_without_pyarrow_the_answer_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Fault, match=r"argosy\[parquet\]") as caught:
        parquet.read(GOOD)
    assert caught.value.status_code == 415


def test_the_registered_type_means_the_same() -> None:
    assert media_type("application/vnd.apache.parquet") == PARQUET


def read_back(body: bytes) -> dict[str, list[Any]]:
    columns: dict[str, list[Any]] = pq.read_table(io.BytesIO(body)).to_pydict()
    return columns


@pytest.mark.parametrize(
    ("predictions", "columns"),
    [
        (np.array([1, 0, 2]), {"prediction": [1, 0, 2]}),
        (np.array([[0.25], [1e-300]]), {"prediction": [0.25, 1e-300]}),
        (
            np.array([[0.25, 0.75], [1.0, 0.0]], np.float32),
            {"prediction_0": [0.25, 1.0], "prediction_1": [0.75, 0.0]},
        ),
        (np.array(["a", "b, c"]), {"prediction": ["a", "b, c"]}),
        (np.array(["a", None], dtype=object), {"prediction": ["a", None]}),
        (np.array([True, False]), {"prediction": [True, False]}),
    ],
)
def test_predictions_are_written_one_column_per_output(
    predictions: Any, columns: dict[str, list[Any]]
) -> None:
    assert read_back(encoders.encode(predictions, PARQUET)) == columns
    halves = encoders.encode_each(predictions, [1, len(predictions) - 1], [False] * 2, PARQUET)
    first = {name: values[:1] for name, values in columns.items()}
    assert read_back(halves[0]) == first


@pytest.mark.parametrize(
    ("predictions", "says"),
    [
        (np.zeros((2, 2, 2)), "3 axes"),
        (np.array([1, "a"], dtype=object), "cannot hold"),
    ],
)
def test_predictions_that_are_no_table_are_not_acceptable(predictions: Any, says: str) -> None:
    with pytest.raises(Fault, match=says) as caught:
        encoders.encode(predictions, PARQUET)
    assert caught.value.status_code == 406


def test_without_pyarrow_parquet_is_not_acceptable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(Fault, match=r"argosy\[parquet\]") as caught:
        encoders.encode(np.zeros(2), PARQUET)
    assert caught.value.status_code == 406
