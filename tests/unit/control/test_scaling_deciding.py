"""From several policies' wishes to one capacity: bounds, cooldowns and who wins."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.control.scaling.deciding import (
    AT_DESIRED,
    AT_LEAST,
    AT_MOST,
    FLAPPING,
    Situation,
    Verdict,
    Wish,
    decide,
)
from argosy.state.scaling import Change

NOW = 1_000_000.0


def situation(capacity: int = 2, least: int = 1, most: int = 8, **more: Any) -> Situation:
    return Situation(capacity=capacity, least=least, most=most, now=NOW, **more)


def out(capacity: int, policy: str = "a", cooldown_s: float = 0.0) -> Wish:
    return Wish(policy, f"cause {policy}", capacity, cooldown_s, wants_out=True, tracks=True)


def less(capacity: int, policy: str = "a", *, tracks: bool = True) -> Wish:
    return Wish(policy, f"cause {policy}", capacity, 0.0, wants_out=False, tracks=tracks)


def change(before: int, after: int, ago: float, *, cooldown_s: float = 300.0, done: bool = True):
    return Change(before=before, after=after, at=NOW - ago, cooldown_s=cooldown_s, done=done)


def outcome(verdict: Verdict | None) -> tuple[int, str] | None:
    return None if verdict is None else (verdict.capacity, verdict.code)


@pytest.mark.parametrize(
    ("wishes", "trackers", "expected"),
    [
        ([], [], None),
        ([out(4)], ["a"], (4, "")),
        ([out(4, "a"), out(6, "b")], ["a", "b"], (6, "")),
        ([out(4, "a"), less(1, "b")], ["a", "b"], (4, "")),
        ([out(99)], ["a"], (8, "")),
        ([less(1)], ["a"], (1, "")),
        ([less(1, "a")], ["a", "b"], None),
        ([less(1, "a"), less(2, "b")], ["a", "b"], (2, FLAPPING)),
        ([less(0)], ["a"], (1, "")),
        ([less(2)], ["a"], (2, FLAPPING)),
        ([out(2)], ["a"], (2, AT_DESIRED)),
        ([less(1, "s", tracks=False)], ["a"], (1, "")),
    ],
)
def test_what_two_instances_become(
    wishes: list[Wish], trackers: list[str], expected: tuple[int, str] | None
) -> None:
    assert outcome(decide(situation(), wishes, trackers)) == expected


def test_at_the_bounds_it_is_said_why_nothing_happens() -> None:
    assert outcome(decide(situation(8), [out(20)], ["a"])) == (8, AT_MOST)
    assert outcome(decide(situation(1), [less(0)], ["a"])) == (1, AT_LEAST)


def test_suspended_directions_stay_still() -> None:
    assert decide(situation(suspended_out=True), [out(5)], ["a"]) is None
    assert decide(situation(suspended_in=True), [less(1)], ["a"]) is None
    assert outcome(decide(situation(suspended_in=True), [out(5)], ["a"])) == (5, "")


def test_during_a_scale_ins_cooldown_only_out_is_possible() -> None:
    cooling = situation(2, history=[change(4, 2, ago=10)])
    assert decide(cooling, [less(1)], ["a"]) is None
    assert outcome(decide(cooling, [out(5)], ["a"])) == (5, "")


def test_nothing_is_taken_away_while_what_was_added_cools_down() -> None:
    assert decide(situation(4, history=[change(2, 4, ago=10)]), [less(1)], ["a"]) is None


def test_a_manual_change_ends_the_cooldown() -> None:
    assert outcome(decide(situation(5, history=[change(2, 4, ago=10)]), [less(1)], ["a"])) == (
        1,
        "",
    )


def test_a_clock_that_is_put_back_does_not_hold_a_cooldown_for_ever() -> None:
    ahead = situation(4, history=[change(6, 4, ago=-50_000)])
    assert outcome(decide(ahead, [less(1)], ["a"])) == (1, "")


def test_what_was_added_counts_as_part_of_what_is_wanted() -> None:
    assert situation(3, history=[change(1, 3, ago=10)]).base(NOW) == 1
    assert situation(3, history=[change(1, 3, ago=301)]).base(NOW) == 3


def test_a_metric_from_before_a_change_is_counted_from_the_capacity_of_then() -> None:
    twice = [change(1, 2, ago=20, cooldown_s=0), change(2, 4, ago=10, cooldown_s=0)]
    now = situation(4, history=twice)
    assert now.base(NOW - 5) == 4
    assert now.base(NOW - 15) == 2
    assert now.base(NOW - 25) == 1
    under_way = [change(2, 4, ago=10, cooldown_s=0, done=False)]
    assert situation(4, history=under_way).base(NOW - 5) == 2


WISHES = st.lists(
    st.builds(
        Wish,
        policy=st.sampled_from("abc"),
        cause=st.just("c"),
        capacity=st.integers(0, 400),
        cooldown_s=st.just(0.0),
        wants_out=st.booleans(),
        tracks=st.booleans(),
    ),
    max_size=5,
)
HISTORY = st.lists(
    st.builds(
        change,
        before=st.integers(0, 10),
        after=st.integers(0, 10),
        ago=st.floats(-400, 400),
        done=st.booleans(),
    ),
    max_size=4,
)


@given(st.integers(0, 12), st.integers(0, 6), st.integers(0, 6), HISTORY, WISHES)
def test_no_wishes_lead_out_of_the_range_or_in_while_one_wants_out(
    capacity: int, least: int, width: int, history: list[Change], wishes: list[Wish]
) -> None:
    most = least + width
    verdict = decide(situation(capacity, least, most, history=history), wishes, ["a", "b"])
    if verdict is None or verdict.code:
        assert verdict is None or verdict.capacity == capacity
        return
    assert verdict.capacity != capacity
    if verdict.capacity > capacity:
        assert capacity < verdict.capacity <= most
        assert any(wish.wants_out for wish in wishes)
    else:
        assert least <= verdict.capacity <= min(most, capacity - 1)
        assert not any(wish.wants_out for wish in wishes)
