"""What is unloaded, and deleted, when room is short."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent.models.cache import Estimates, Loaded, OnDisk, to_delete, to_unload

MIB = 1 << 20


def loaded(target: str, memory: int, used: float, **more: bool) -> Loaded:
    return Loaded(target, memory, used, **more)


OLD, MID, NEW = loaded("old", 10, 1.0), loaded("mid", 20, 2.0), loaded("new", 30, 3.0)


@pytest.mark.parametrize(
    ("free", "need", "chosen"),
    [
        (50, 50, []),
        (0, 1, ["old"]),
        (0, 10, ["old"]),
        (0, 11, ["old", "mid"]),
        (-5, 5, ["old"]),
        (-15, 0, ["old", "mid"]),
        (0, 1000, ["old", "mid", "new"]),
    ],
)
def test_the_least_recently_used_go_until_there_is_room(
    free: int, need: int, chosen: list[str]
) -> None:
    assert to_unload([NEW, OLD, MID], free, need) == chosen


def test_a_model_with_open_requests_goes_after_all_others() -> None:
    busy = loaded("busy", 10, 0.5, busy=True)
    assert to_unload([busy, OLD, MID], 0, 15) == ["old", "mid"]
    assert to_unload([busy, OLD, MID], 0, 31) == ["old", "mid", "busy"]


def test_what_is_leaving_already_counts_as_room_and_is_not_chosen() -> None:
    leaving = loaded("leaving", 15, 0.0, leaving=True)
    assert to_unload([leaving, OLD], 0, 15) == []
    assert to_unload([leaving, OLD], 0, 20) == ["old"]


models = st.lists(
    st.builds(
        Loaded,
        target=st.uuids().map(str),
        memory=st.integers(1, 100),
        used=st.floats(0, 100),
        busy=st.booleans(),
        leaving=st.booleans(),
    ),
    max_size=12,
)


@given(models, st.integers(-200, 200), st.integers(0, 300))
def test_no_more_is_unloaded_than_is_needed(found: list[Loaded], free: int, need: int) -> None:
    chosen = to_unload(found, free, need)
    memory = {one.target: one.memory for one in found}
    leaving = sum(one.memory for one in found if one.leaving)
    without_last = free + leaving + sum(memory[target] for target in chosen[:-1])
    assert not chosen or without_last < need
    rest = {one.target for one in found if not one.leaving} - set(chosen)
    assert not rest or without_last + memory[chosen[-1]] >= need if chosen else True


def test_files_not_used_for_longest_are_deleted_first() -> None:
    files = [OnDisk("b", 10, 2.0), OnDisk("a", 10, 1.0), OnDisk("c", 10, 3.0)]
    assert to_delete(files, total=45, limit=45) == []
    assert to_delete(files, total=45, limit=30) == ["a", "b"]


def test_a_model_is_expected_to_take_what_it_took() -> None:
    estimates = Estimates()
    estimates.learn("a", 1 * MIB, 40 * MIB)
    assert estimates.of("a", 1 * MIB) == 40 * MIB


def test_a_new_model_is_expected_to_take_its_files_and_what_most_took_beyond() -> None:
    estimates = Estimates()
    assert estimates.of("first", 5 * MIB) > 5 * MIB
    for number in range(20):
        estimates.learn(f"{number}", 1 * MIB, 4 * MIB)
    estimates.learn("giant", 1 * MIB, 900 * MIB)
    assert estimates.of("next", 2 * MIB) == 5 * MIB
