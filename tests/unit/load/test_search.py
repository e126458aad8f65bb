"""The search for the highest rate, against endpoints that are given by a formula."""

from collections.abc import Callable

import pytest

from argosy.load.search import Search, Trial


def searched(passes: Callable[[Trial, int], bool], start: float = 10.0) -> tuple[Search, int]:
    """The search when it is over, and how many trials it took."""
    search, count = Search(start), 0
    while trial := search.next():
        count += 1
        assert count < 200
        search.note(trial, passes(trial, count))
    return search, count


@pytest.mark.parametrize("limit", [1.0, 7.5, 40.0, 333.0, 9000.0])
def test_the_rate_found_is_within_five_per_cent_of_what_the_endpoint_stands(limit: float) -> None:
    search, count = searched(lambda trial, _: trial.rate <= limit)
    assert search.confirmed
    assert limit / 1.06 < search.rate <= limit
    assert count < 40


def test_one_trial_that_fails_by_chance_does_not_end_the_doubling() -> None:
    search, _ = searched(lambda trial, count: trial.rate <= 800 and count != 3)
    assert search.rate > 750


def test_what_passed_once_but_not_in_longer_trials_is_not_the_answer() -> None:
    search, _ = searched(lambda trial, _: trial.rate <= (500 if trial.confirms else 800))
    assert search.confirmed
    assert 460 < search.rate <= 500


def test_an_endpoint_that_never_keeps_the_goal_has_no_rate() -> None:
    search, _ = searched(lambda trial, _: False)
    assert search.rate == 0
    assert not search.confirmed


def test_an_endpoint_without_limit_is_not_searched_for_ever() -> None:
    search, count = searched(lambda trial, _: True)
    assert search.rate == 200_000
    assert count < 30


def test_slow_rates_are_tried_for_long_enough_to_have_a_percentile() -> None:
    trial = Search(20.0).next()
    assert trial is not None
    assert trial.seconds == 10.0
