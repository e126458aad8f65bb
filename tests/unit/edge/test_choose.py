"""Who serves a request."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from argosy.edge.choose import UNAVAILABLE, Wheel, least_loaded

weights = st.lists(st.floats(0, 1e6), min_size=1, max_size=10)
dice = st.floats(0, 1, exclude_max=True)


def test_shares_are_weights_over_their_sum() -> None:
    wheel = Wheel(["blue", "green"], [0.7, 0.3])
    shares = Counter(wheel.spin(n / 1000) for n in range(1000))
    assert abs(shares["blue"] - 700) <= 1
    assert abs(shares["green"] - 300) <= 1


@given(weights, dice)
def test_a_weight_of_zero_is_never_chosen(values: list[float], throw: float) -> None:
    chosen = Wheel(values, values).spin(throw)
    assert chosen is None if sum(values) == 0 else chosen and chosen > 0


def test_nothing_is_chosen_from_nothing() -> None:
    assert Wheel([], []).spin(0.5) is None


loads = st.lists(st.sampled_from([0, 1, 2, 5, UNAVAILABLE]), max_size=6)


@given(loads, st.integers(0, 1000))
def test_the_least_loaded_is_chosen_and_the_absent_never(found: list[int], start: int) -> None:
    chosen = least_loaded(found, start)
    present = [load for load in found if load < UNAVAILABLE]
    assert (chosen is None) == (not present)
    if chosen is not None:
        assert found[chosen] == min(present)


def test_equals_take_turns() -> None:
    assert [least_loaded([1, 1, 1], turn) for turn in range(4)] == [0, 1, 2, 0]
