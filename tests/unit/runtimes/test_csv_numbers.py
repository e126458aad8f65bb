"""Large CSV bodies of numbers are read by pyarrow as they would be cell by cell, or not at all."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow.csv  # noqa: F401 - once it is imported, small bodies are read by it too
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from argosy.runtimes import csv_mixed, csv_numbers, decoders
from argosy.runtimes.answers import Fault
from argosy.runtimes.media import CSV

ODD = ["", " ", "nan", "-NaN", "nan(7)", "inf", "-Infinity", "+1", "1e400", "1e-400", "1_0", "0x1"]
ODD += ["1.", ".5", "1e5", "x", '"1"', '"a,b"', "#1", "\t1 ", "1\x0b", "1 2", "NA", "null", "é"]

cells = (
    st.floats(allow_nan=False).map(repr)
    | st.integers(-(10**20), 10**20).map(str)
    | st.sampled_from(ODD)
    | st.text('0123456789.eE+-_ \t"naif', max_size=8)
)
ends = st.sampled_from(["\n", "\n", "\r\n", "\r", "\n\n", "\n \n"])
tables = st.integers(1, 3).flatmap(
    lambda width: st.lists(st.lists(cells, min_size=width, max_size=width), min_size=1, max_size=6)
)


def carefully(body: bytes) -> Any:
    """The rows read cell by cell, or the words of the refusal."""
    try:
        return decoders._carefully(body.decode("utf-8-sig"))
    except Fault as fault:
        return str(fault)


@settings(max_examples=200, deadline=None)
@given(rows=tables, end=ends, start=st.sampled_from(["", "", "\ufeff", "\n", "\r\n"]))
@example(rows=[["nan(7)", "1"]], end="\n", start="")
@example(rows=[[""]], end="\n", start="")
@example(rows=[["1", ""], ["", "2"]], end="\r\n", start="\ufeff")
def test_what_is_read_quickly_is_what_is_read_cell_by_cell(
    rows: list[list[str]], end: str, start: str
) -> None:
    body = (start + "".join(",".join(row) + end for row in rows)).encode()
    quick = csv_numbers.read_large(body)
    if quick is None:
        return
    careful = carefully(body)
    assert isinstance(careful, np.ndarray), careful
    assert careful.dtype == np.float64
    assert np.array_equal(quick, careful, equal_nan=True)


@given(rows=tables, cut=st.integers(1, 20))
def test_a_row_that_is_cut_is_never_read_quickly(rows: list[list[str]], cut: int) -> None:
    body = "\n".join(",".join(row) for row in rows).encode()[:-cut]
    quick = csv_numbers.read_large(body)
    if quick is not None:
        assert np.array_equal(quick, carefully(body), equal_nan=True)


def test_a_large_body_of_numbers_is_read_quickly_whatever_its_line_ends_and_gaps() -> None:
    numbers = np.random.default_rng(1).normal(size=(30_000, 5))
    numbers[::7, 2] = np.nan
    for end in ("\n", "\r\n"):
        lines = (",".join("" if cell != cell else repr(cell) for cell in row) for row in numbers)
        body = bytearray(end.join(lines).replace("np.float64(", "").replace(")", "").encode())
        quick = csv_numbers.read_large(body)
        assert len(body) > 2_000_000
        assert np.array_equal(quick, numbers, equal_nan=True)
        assert quick.flags.c_contiguous


@pytest.mark.parametrize("change", [b"7,x,7,7\n", b"7,7,7\n", b'7,"7",7,7\n', b"a,b,c,d\n"])
def test_a_large_body_with_one_odd_row_is_read_as_carefully_as_a_small_one(change: bytes) -> None:
    row = b"1.5,2.5,3.5,4.5\n"
    body = row * 70_000 + change + row * 10
    expected = carefully(body)
    if isinstance(expected, str):
        with pytest.raises(Fault, match="row 70000 has 3 values, row 0 has 4"):
            decoders.decode(CSV, body)
    else:
        assert decoders.decode(CSV, body).rows.tolist() == expected.tolist()


words = st.sampled_from(["a", "b b", "é(1)", "NA", "null", "", "\t", "1_0", "nan", "7", "-", "#"])
mixed_rows = st.lists(
    st.tuples(words, cells | st.floats(allow_nan=False).map(repr), words), min_size=1, max_size=6
)


@settings(max_examples=200, deadline=None)
@given(rows=mixed_rows, end=ends, start=st.sampled_from(["", "", "\ufeff", "\n"]))
@example(rows=[("a", "nan(7)", "b")], end="\n", start="")
def test_text_beside_numbers_read_quickly_is_what_is_read_cell_by_cell(
    small_bodies_too: None, rows: list[tuple[str, ...]], end: str, start: str
) -> None:
    body = (start + "".join(",".join(row) + end for row in rows)).encode()
    quick = csv_mixed.read(body, decoders._cell)
    if quick is None:
        return
    careful = carefully(body)
    assert isinstance(careful, np.ndarray), careful
    assert careful.dtype == quick.dtype == object
    assert list(map(repr, quick.ravel())) == list(map(repr, careful.ravel()))


@pytest.fixture(scope="module")
def small_bodies_too() -> Iterator[None]:
    """Small bodies are worth it too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(csv_mixed, "_WORTH_READING", 0)
        yield


def test_a_large_body_with_text_in_it_is_read_quickly() -> None:
    lines = (f"{n % 7}.5,word{n % 5},,{n},\r\n" for n in range(80_000))
    body = bytearray("".join(lines).encode())
    quick = csv_mixed.read(body, decoders._cell)
    assert len(body) > 1_000_000
    assert quick.shape == (80_000, 5)
    assert quick[7, :2].tolist() == [0.5, "word2"]
    assert [type(one) for one in quick[7]] == [float, str, float, float, float]
    assert decoders.decode(CSV, body).rows[70_000, 1] == "word0"


WITHOUT = """
import sys
sys.modules["pyarrow"] = None
from argosy.runtimes import csv_numbers
body = b"1.5,2\\n" * 200_000
assert csv_numbers.read_large(body) is None
print(csv_numbers.read(body).sum())
"""

SMALL = """
import sys
from argosy.runtimes import decoders
decoders.decode("text/csv", b"1.5,2\\n" * 20_000)
print("pyarrow" in sys.modules)
decoders.decode("text/csv", b"1.5,2\\n" * 200_000)
print("pyarrow" in sys.modules)
"""


@pytest.mark.parametrize(("program", "prints"), [(WITHOUT, "700000.0"), (SMALL, "False\nTrue")])
def test_pyarrow_may_be_absent_and_is_imported_for_large_bodies_only(
    program: str, prints: str
) -> None:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, timeout=120)
    assert done.stdout.decode().strip() == prints, done.stderr.decode()
