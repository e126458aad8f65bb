"""Schedules of EventBridge Scheduler as records, and when each is due next.

A schedule's record is named "<group>/<schedule>", its status is its State, its document has the
members of CreateSchedule, times as epoch seconds, and "since", from when its rate counts. A group's
document is {"tags"}; the group "default" is there without a record. This file checks nothing.
"""

import hashlib
from typing import Any

from argosy.ground.schedules import parse
from argosy.state.event_timers import Timer
from argosy.state.record import Record

SCHEDULE = "schedule"
GROUP = "schedule-group"
DEFAULT_GROUP = "default"
DISABLED = "DISABLED"
SERVICE = "scheduler.amazonaws.com"


def schedule_arn(record: Record) -> str:
    return f"arn:aws:scheduler:{record.region}:{record.account}:schedule/{record.name}"


def group_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:scheduler:{region}:{account}:schedule-group/{name}"


def next_timer(record: Record, after: float) -> Timer | None:
    """The first time later than `after` that the schedule says, and when within its window it is to
    happen; None when there is none any more, or it is disabled."""
    document = record.document
    if record.status == DISABLED:
        return None
    at = _next(document, after)
    if at is None or (document.get("EndDate") is not None and at > document["EndDate"]):
        return None
    arn = schedule_arn(record)
    due = at + _delay(arn, at, window_s(record))
    place = record.account, record.region, record.name
    return Timer(arn, SCHEDULE, *place, scheduled=at, due=due)


def _next(document: dict[str, Any], after: float) -> float | None:
    expression, start = document["ScheduleExpression"], document.get("StartDate")
    if expression.startswith("at("):
        start = None  # one time is when it says
    if start is not None and start > after:
        after = start - 0.001
    origin = document["since"] if start is None else start
    zone = document.get("ScheduleExpressionTimezone") or "UTC"
    return parse(expression).next_after(after, zone, origin)


def window_s(record: Record) -> float:
    """How much later than it says it may happen."""
    window = record.document["FlexibleTimeWindow"]
    return 60.0 * (window.get("MaximumWindowInMinutes") or 0) if window["Mode"] != "OFF" else 0.0


def _delay(arn: str, at: float, window: float) -> float:
    """Somewhere in the window, always at the same place for the same time."""
    digest = hashlib.sha256(f"{arn} {at}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32 * window
