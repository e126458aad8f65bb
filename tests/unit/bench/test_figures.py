"""The arithmetic of the benchmarks."""

import pytest
from bench.figures import median, percentile, ratio
from hypothesis import given
from hypothesis import strategies as st

VALUES = st.lists(st.floats(0, 1e6), min_size=1)


def test_percentiles_are_values_that_were_measured() -> None:
    hundred = list(range(1, 101))

    assert [percentile(hundred, p) for p in (0, 1, 50, 99, 100)] == [1, 1, 50, 99, 100]
    assert percentile([7.0], 99) == 7.0


@given(VALUES, st.floats(0.1, 100))
def test_so_many_percent_lie_at_or_below_a_percentile(values: list[float], p: float) -> None:
    found = percentile(sorted(values), p)

    assert found in values
    assert sum(value <= found for value in values) >= len(values) * p / 100 - 1e-6


def test_nothing_has_no_percentile() -> None:
    with pytest.raises(ValueError, match="no values"):
        percentile([], 50)
    with pytest.raises(ValueError, match="no values"):
        median([])


def test_the_median_of_an_even_number_is_between_the_middle_two() -> None:
    assert median([4, 1, 3, 2]) == 2.5
    assert median([3, 1, 2]) == 2


def test_there_is_no_ratio_to_what_was_not_measured() -> None:
    assert ratio(10, 4) == 2.5
    assert ratio(None, 4) is ratio(4, None) is ratio(4, 0) is None
