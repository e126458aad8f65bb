"""Pieces and parts: whatever is written by whom, it becomes one upload that the store accepts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent.porter.transform.merging import plan_parts
from argosy.agent.porter.transform.numbering import PART, Numbering
from argosy.objects.multipart import MIN_PART

MB = 1 << 20
SIZES = st.integers(0, 20).map(lambda half: half * MB // 2)
SPANS = st.integers(1, 90).map(lambda mb: mb * MB)


def pieces_of_run(
    start: int, steps: list[tuple[int, int]], size: int, number: int = 1
) -> list[dict[str, Any]]:
    """What a run writes that passes through spans of input and has so much output each time."""
    numbering = Numbering(start=start, number=number, last=9_998, size=size)
    found = []
    for span, bytes_ in steps:
        end = start + span
        kind, given_number = numbering.piece(start, end, bytes_, final=False)
        found.append(
            {
                "start": start,
                "end": end,
                "kind": kind,
                "number": given_number,
                "etag": "e",
                "uri": "u",
                "bytes": bytes_,
            }
        )
        start = end
    return found


def check(pieces: list[dict[str, Any]]) -> None:
    """That the store takes the parts, and that all output is in them, in order."""
    plans = plan_parts(pieces)  # type: ignore[arg-type]
    numbers = [plan.number for plan in plans]
    assert numbers == sorted(set(numbers))
    assert all(0 < number <= 10_000 for number in numbers)
    parts = {piece["number"]: piece["bytes"] for piece in pieces if piece["kind"] == PART}
    sizes = [plan.bytes or parts[plan.number] for plan in plans]
    assert all(size >= MIN_PART for size in sizes[:-1])
    assert sum(sizes) == sum(piece["bytes"] for piece in pieces)


@given(
    st.lists(st.lists(st.tuples(SPANS, SIZES), min_size=1, max_size=12), min_size=1, max_size=8),
    st.integers(0, 3),
)
def test_runs_that_know_nothing_of_each_other_fit_together(
    runs: list[list[tuple[int, int]]], more: int
) -> None:
    size = sum(span for steps in runs for span, _ in steps) << (3 * more)
    pieces, start = [], 0
    for steps in runs:
        pieces += pieces_of_run(start, steps, size)
        start = pieces[-1]["end"]
    check(pieces)


@given(st.lists(st.lists(st.tuples(SPANS, SIZES), min_size=1, max_size=12), min_size=1, max_size=8))
def test_an_object_that_is_resumed_goes_on_with_higher_numbers(
    runs: list[list[tuple[int, int]]],
) -> None:
    pieces: list[dict[str, Any]] = []
    for steps in runs:
        start = pieces[-1]["end"] if pieces else 0
        number = max((piece["number"] for piece in pieces), default=0) + 1
        pieces += pieces_of_run(start, steps, 0, number)
    check(pieces)


def test_much_output_goes_up_as_parts_at_once() -> None:
    pieces = pieces_of_run(0, [(8 * MB, 8 * MB)] * 5, 40 * MB)
    assert [piece["kind"] for piece in pieces] == ["part"] * 5
    later = pieces_of_run(40 * MB, [(8 * MB, 8 * MB)] * 3, 400 * MB)
    assert [piece["kind"] for piece in later] == ["temp", "part", "part"]


def test_an_object_of_more_pieces_than_numbers_still_becomes_one() -> None:
    pieces = pieces_of_run(0, [(MB, 8 * MB)] * 10_500, 0)
    check(pieces)


def test_the_end_of_an_object_may_be_small() -> None:
    numbering = Numbering(start=0, number=1, last=9_998, size=100 * MB)
    assert numbering.piece(0, 60 * MB, 8 * MB, final=False)[0] == PART
    assert numbering.piece(60 * MB, 100 * MB, 10, final=True)[0] == PART


def test_too_little_in_front_of_a_part_is_refused() -> None:
    pieces = pieces_of_run(10, [(MB, MB)], 0, 1) + pieces_of_run(0, [(MB, 8 * MB)], 0, 2)
    with pytest.raises(ValueError, match="too little"):
        plan_parts(pieces)  # type: ignore[arg-type]
