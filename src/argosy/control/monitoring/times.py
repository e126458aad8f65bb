"""When a monitoring schedule runs, and which data it looks at then. Pure.

Source: the API reference of ScheduleConfig and EndpointInput; the developer guide: a schedule
looks at the data since its last time.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from argosy.ground import durations, schedules
from argosy.state.monitoring import NOW, expression_of

MOST_MISSED = 24
"""Times that are made up for after control was away; older ones are left out."""

HOUR = 3600.0
_LOOK_BACK = (2 * HOUR, 25 * HOUR, 8 * 24 * HOUR, 40 * 24 * HOUR)
_MOST_HOURS = 24 * 366


def first_time(config: dict[str, Any], now: float) -> float | None:
    """The first time of a schedule that begins now."""
    return now if expression_of(config) == NOW else next_time(config, now)


def next_time(config: dict[str, Any], after: float) -> float | None:
    """The time after that one; None when there is none."""
    expression = expression_of(config)
    return None if expression == NOW else schedules.parse(expression).next_after(after)


def due(config: dict[str, Any], following: float, until: float) -> list[float]:
    """The times from `following` to `until`, in order; the newest only where they are many."""
    times: list[float] = []
    moment: float | None = following
    while moment is not None and moment <= until:
        times.append(moment)
        times = times[-MOST_MISSED:]
        moment = next_time(config, moment)
    return times


def window(
    config: dict[str, Any], endpoint_input: dict[str, Any], at: float
) -> tuple[float, float]:
    """[start, end) of the data for the run at that time, epoch seconds."""
    if expression_of(config) == NOW:
        given = config["ScheduleConfig"]
        start, end = given["DataAnalysisStartTime"], given["DataAnalysisEndTime"]
        return at + durations.parse(start), at + durations.parse(end)
    start, end = endpoint_input.get("StartTimeOffset"), endpoint_input.get("EndTimeOffset")
    last = at + durations.parse(end) if end else at
    return (at + durations.parse(start) if start else _time_before(config, at)), last


def hours(start: float, end: float) -> Iterator[datetime]:
    """The hours, in UTC, that hold something of [start, end)."""
    first, last = int(start // HOUR), int(-(-end // HOUR))
    for number in range(first, min(last, first + _MOST_HOURS)):
        yield datetime.fromtimestamp(number * HOUR, UTC)


def _time_before(config: dict[str, Any], at: float) -> float:
    schedule = schedules.parse(expression_of(config))
    for back in _LOOK_BACK:
        before, moment = None, schedule.next_after(at - back - 1)
        while moment is not None and moment < at:
            before, moment = moment, schedule.next_after(moment)
        if before is not None:
            return before
    return at - HOUR
