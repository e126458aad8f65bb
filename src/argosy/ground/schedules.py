"""Schedules as AWS writes them, at(…), rate(…) and cron(…): what they mean, and when next. Pure.

    parse("cron(0 8 ? * MON-FRI *)").next_after(now, "Europe/Berlin")

A local time that does not exist, because clocks go forward, is skipped; one that comes twice
counts once, the first time (as EventBridge Scheduler does). Nothing here waits or runs anything.
"""

import functools
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo

from argosy.ground.cron import BadSchedule, Cron, parse_cron

__all__ = ["BadSchedule", "Schedule", "parse", "zone_of"]

_FORM = re.compile(r"(at|rate|cron)\((.*)\)", re.DOTALL)
_RATE = re.compile(r"([0-9]{1,9}) +(minute|hour|day)(s?)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}


class Schedule(Protocol):
    """Moments in time, in order."""

    def next_after(self, t: float, zone: str = "UTC", origin: float = 0.0) -> float | None:
        """The first moment later than `t`; None when there is none. Epoch seconds.

        zone: IANA name in which at and cron are read; raises BadSchedule for an unknown one.
        origin: from when a rate counts; it is a moment of the rate itself.
        """
        ...


@dataclass(frozen=True)
class At:
    """One moment."""

    local: datetime

    def next_after(self, t: float, zone: str = "UTC", origin: float = 0.0) -> float | None:
        moment = self.local.replace(tzinfo=zone_of(zone)).timestamp()
        return moment if moment > t else None


@dataclass(frozen=True)
class Rate:
    """The same interval again and again."""

    seconds: int

    def next_after(self, t: float, zone: str = "UTC", origin: float = 0.0) -> float | None:
        if t < origin:
            return origin
        return origin + (math.floor((t - origin) / self.seconds) + 1) * self.seconds


@dataclass(frozen=True)
class Calendar:
    """A cron expression."""

    cron: Cron

    def next_after(self, t: float, zone: str = "UTC", origin: float = 0.0) -> float | None:
        place = zone_of(zone)
        moments = (_moment(local, place) for local in self._locals(t, place))
        return next((moment for moment in moments if moment is not None and moment > t), None)

    def _locals(self, t: float, place: tzinfo) -> Iterator[datetime]:
        """Local times that are meant, from that of `t` on."""
        try:
            start = datetime.fromtimestamp(t, place).replace(tzinfo=None)
        except (OverflowError, ValueError, OSError):
            return
        for day in self.cron.days_from(start.date()):
            begin = start.time() if day == start.date() else time.min
            for hour, minute, second in self.cron.times():
                moment = time(hour, minute, second)
                if moment >= begin.replace(microsecond=0):
                    yield datetime.combine(day, moment)


def parse(expression: str) -> Schedule:
    """The schedule; raises BadSchedule with a sentence that says what is wrong."""
    match = _FORM.fullmatch(expression.strip())
    if match is None:
        raise BadSchedule(
            f"{expression!r} is not a schedule: give at(yyyy-mm-ddThh:mm:ss), rate(5 minutes) or "
            "cron(minutes hours day-of-month month day-of-week year)."
        )
    form, inside = match[1], match[2].strip()
    if form == "at":
        return At(_local(inside))
    return _rate(inside) if form == "rate" else Calendar(parse_cron(inside))


@functools.lru_cache(maxsize=256)
def zone_of(name: str) -> tzinfo:
    """The time zone of that IANA name; raises BadSchedule."""
    if name in ("UTC", "Etc/UTC", "GMT", ""):
        return UTC
    try:
        return ZoneInfo(name)
    except (ValueError, OSError, KeyError):  # ZoneInfoNotFoundError is a KeyError
        raise BadSchedule(
            f"{name!r} is not a time zone: give an IANA name, for example Europe/Berlin."
        ) from None


def _local(text: str) -> datetime:
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise BadSchedule(f"at({text}) is not a time: write at(yyyy-mm-ddThh:mm:ss).") from None


def _rate(text: str) -> Rate:
    match = _RATE.fullmatch(text)
    if match is None:
        raise BadSchedule(f"rate({text}) must be a number and minutes, hours or days.")
    count = int(match[1])
    if count < 1 or (count == 1) == bool(match[3]):
        raise BadSchedule(
            f"rate({text}): the number is at least 1, and the unit is singular for 1 only "
            f"(rate(1 {match[2]}), rate(5 {match[2]}s))."
        )
    return Rate(count * _SECONDS[match[2]])


def _moment(local: datetime, place: tzinfo) -> float | None:
    """Epoch seconds of a local time (the first where it comes twice); None if there is no such."""
    moment = local.replace(tzinfo=place).timestamp()
    there = datetime.fromtimestamp(moment, place).replace(tzinfo=None)
    return moment if there == local else None
