"""When a scheduled action is to be done. Pure.

A moment that passed unnoticed for longer than a few minutes, because control was away or the clock
was put forward, is lost, as one is that passed while scheduled scaling was suspended.
"""

from typing import Any

from argosy.ground.schedules import parse

GRACE_S = 300.0


def due(action: dict[str, Any], now: float) -> bool:
    """Whether a moment of the action's schedule has come since it was last looked at."""
    # min: a clock that was put back does not silence it until the old time comes again.
    since = max(min(action["since"], now), now - GRACE_S)
    moment = _next(action, since)
    return moment is not None and moment <= now


def next_moment(action: dict[str, Any], now: float) -> float | None:
    """When it is to be done next."""
    return _next(action, now)


def _next(action: dict[str, Any], since: float) -> float | None:
    start, end = action["start"], action["end"]
    schedule = parse(action["schedule"])
    # A moment that falls on StartTime counts.
    after = since if start is None else max(since, start - 1e-3)
    moment = schedule.next_after(after, action["zone"], action["origin"])
    return None if moment is None or (end is not None and moment > end) else moment
