"""Which range of a shared object goes out next, and how its output is numbered."""

import itertools

import pytest

from argosy.control.transforms.ranges import gaps, next_run, number_at, numbers_of

MB = 1 << 20


@pytest.mark.parametrize(
    ("taken", "missing"),
    [
        ([], [(0, 10)]),
        ([(0, 10)], []),
        ([(0, 4)], [(4, 10)]),
        ([(4, 6)], [(0, 4), (6, 10)]),
        ([(6, 10), (0, 3)], [(3, 6)]),
        ([(0, 5), (3, 7)], [(7, 10)]),
    ],
)
def test_what_nothing_covers_is_missing(
    taken: list[tuple[int, int]], missing: list[tuple[int, int]]
) -> None:
    assert gaps(10, taken) == missing


def cut(total: int, slots: int) -> list[tuple[int, int]]:
    """All runs of an object, given out one after the other."""
    runs: list[tuple[int, int]] = []
    while (run := next_run(gaps(total, runs), slots, total)) is not None:
        runs.append(run)
    return runs


@pytest.mark.parametrize("total", [1, 3 * MB, 8 * MB, 400 * MB, 10_000 * MB, 2_000_000 * MB])
@pytest.mark.parametrize("slots", [1, 2, 16])
def test_runs_cover_an_object_in_order_and_are_never_too_small_to_number(
    total: int, slots: int
) -> None:
    runs = cut(total, slots)
    assert [runs[0][0], runs[-1][1]] == [0, total]
    assert all(a[1] == b[0] for a, b in itertools.pairwise(runs))
    numbers = [numbers_of(run, total, []) for run in runs]
    assert all(first <= last for first, last in numbers)
    assert all(a[1] < b[0] for a, b in itertools.pairwise(numbers))
    assert numbers[-1][1] == 10_000


def test_runs_grow_smaller_towards_the_end() -> None:
    sizes = [end - start for start, end in cut(400 * MB, 2)]
    assert sizes[0] == 100 * MB
    assert sizes[-2] < 10 * MB


def test_row_groups_are_given_out_one_at_a_time_in_the_end() -> None:
    assert next_run([(0, 8)], 2, 8, rows=True) == (0, 2)
    assert next_run([(6, 8)], 2, 8, rows=True) == (6, 7)
    assert next_run([], 2, 8, rows=True) is None


def test_a_run_that_goes_on_is_numbered_behind_what_is_there() -> None:
    total = 100 * MB
    assert numbers_of((50 * MB, total), total, [(50 * MB, 9000)]) == (9001, 10_000)
    assert numbers_of((50 * MB, total), total, [(60 * MB, 9000)])[0] == number_at(50 * MB, total)
