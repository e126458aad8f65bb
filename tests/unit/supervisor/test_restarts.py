"""How long a dead process waits."""

from hypothesis import given
from hypothesis import strategies as st

from argosy.supervisor.restarts import HEALTHY_S, Record


def after_deaths(count: int) -> Record:
    record = Record()
    for _ in range(count):
        record = record.after(0.5)
    return record


def test_the_first_death_costs_no_wait() -> None:
    assert after_deaths(1).delay_s == 0.0


def test_a_process_that_keeps_dying_waits_longer_each_time_up_to_five_seconds() -> None:
    delays = [after_deaths(count).delay_s for count in range(2, 10)]

    assert delays == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]


def test_a_minute_of_health_clears_the_record() -> None:
    assert after_deaths(7).after(HEALTHY_S).delay_s == 0.0


@given(st.lists(st.floats(0, 1e6), max_size=200))
def test_the_wait_is_never_longer_than_five_seconds(uptimes: list[float]) -> None:
    record = Record()
    for uptime in uptimes:
        record = record.after(uptime)

    assert 0.0 <= record.delay_s <= 5.0
