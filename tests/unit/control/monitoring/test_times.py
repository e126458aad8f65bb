"""When schedules run and which data they look at."""

from datetime import UTC, datetime
from typing import Any

import pytest

from argosy.control.monitoring import times

THREE = datetime(2026, 3, 4, 15, 0, tzinfo=UTC).timestamp()
HOUR = 3600.0


def config(expression: str, **members: str) -> dict[str, Any]:
    return {"ScheduleConfig": {"ScheduleExpression": expression, **members}}


HOURLY = config("cron(0 * ? * * *)")
DAILY = config("cron(0 15 ? * * *)")
EVERY_SIX = config("cron(0 3/6 ? * * *)")
NOW = config("NOW", DataAnalysisStartTime="-PT2H", DataAnalysisEndTime="-PT30M")


@pytest.mark.parametrize(
    ("schedule", "hours"), [(HOURLY, 1), (DAILY, 24), (EVERY_SIX, 6), ({}, 24)]
)
def test_a_run_looks_at_the_data_since_the_last_time(schedule: dict[str, Any], hours: int) -> None:
    at = THREE if schedule else THREE - 15 * HOUR
    assert times.window(schedule, {}, at) == (at - hours * HOUR, at)


def test_offsets_move_the_window() -> None:
    offsets = {"StartTimeOffset": "-P1D", "EndTimeOffset": "-PT1H"}
    assert times.window(HOURLY, offsets, THREE) == (THREE - 24 * HOUR, THREE - HOUR)


def test_now_looks_at_the_time_that_is_given() -> None:
    assert times.first_time(NOW, THREE) == THREE
    assert times.next_time(NOW, THREE) is None
    assert times.window(NOW, {}, THREE) == (THREE - 2 * HOUR, THREE - HOUR / 2)


def test_a_schedule_begins_with_its_next_time() -> None:
    assert times.first_time(HOURLY, THREE - 1) == THREE
    assert times.first_time(HOURLY, THREE) == THREE + HOUR
    assert times.first_time({}, THREE) == THREE + 9 * HOUR


def test_times_that_were_missed_are_made_up_for_the_newest_only_when_many() -> None:
    assert times.due(HOURLY, THREE, THREE - 1) == []
    assert times.due(HOURLY, THREE, THREE + 2.5 * HOUR) == [THREE, THREE + HOUR, THREE + 2 * HOUR]
    many = times.due(HOURLY, THREE, THREE + 100 * HOUR)
    assert len(many) == times.MOST_MISSED
    assert many[-1] == THREE + 100 * HOUR


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [(0, 1, [15]), (-1, 1, [14, 15]), (-2, 0, [13, 14]), (-0.5, 0.5, [14, 15]), (0, 0, [])],
)
def test_hours_are_those_that_hold_something_of_the_window(
    start: float, end: float, expected: list[int]
) -> None:
    found = times.hours(THREE + start * HOUR, THREE + end * HOUR)
    assert [hour.hour for hour in found] == expected
