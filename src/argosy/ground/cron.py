"""Cron expressions as EventBridge writes them: which days, and which times of a day, they mean.

    minutes hours day-of-month month day-of-week year        or seconds before these

Numbers, names (JAN, SUN), lists, ranges, steps, `*`, `?`; a range may go over the end of its field
(20-2 in hours, FRI-MON), but for years; in days of the month also L, LW and 15W; in days of the
week, which begin with Sunday as 1, also L, 6L (the last Friday) and 3#2 (the second Tuesday). Knows
no time zones and no clock: `ground.schedules` does. Source: "Creating a rule that runs on a
schedule" in the EventBridge User Guide.
"""

import calendar
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 2199

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_STEP = re.compile(r"(\*|[0-9A-Z]+(?:-[0-9A-Z]+)?)(?:/([0-9]+))?")
_NEAREST = re.compile(r"([0-9]+)W")
_LAST_WEEKDAY = re.compile(r"([0-9A-Z]+)L")
_NTH = re.compile(r"([0-9A-Z]+)#([1-5])")


class BadSchedule(ValueError):
    """The expression means no time; the message says what is wrong with it."""


@dataclass(frozen=True)
class _Field:
    """What one field may hold."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    wraps: bool = True

    def number(self, text: str) -> int:
        """Raises BadSchedule for what is no value of this field."""
        if text in self.names:
            return self.names.index(text) + self.least
        if not text.isascii() or not text.isdigit() or not self.least <= int(text) <= self.most:
            raise BadSchedule(
                f"{text!r} is not a value for {self.name}: give {self.least} to {self.most}."
            )
        return int(text)

    def values(self, text: str) -> frozenset[int]:
        """Every value that a list of numbers, ranges and steps means."""
        return frozenset(value for part in text.split(",") for value in self._part(part))

    def _part(self, part: str) -> Sequence[int]:
        match = _STEP.fullmatch(part)
        if match is None:
            raise BadSchedule(f"{part!r} means nothing as {self.name}.")
        span, step = match[1], int(match[2] or 1)
        if step < 1:
            raise BadSchedule(f"The step of {part!r} in {self.name} must be at least 1.")
        if span == "*":
            return range(self.least, self.most + 1, step)
        first, _, last = span.partition("-")
        start = self.number(first)
        end = self.number(last) if last else (self.most if match[2] else start)
        if end >= start:
            return range(start, end + 1, step)
        if not self.wraps:
            raise BadSchedule(f"{part!r} in {self.name} ends before it begins.")
        return [*range(start, self.most + 1), *range(self.least, end + 1)][::step]


_SECONDS = _Field("seconds", 0, 59)
_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_DAY_OF_MONTH = _Field("day-of-month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAY_OF_WEEK = _Field("day-of-week", 1, 7, _DAYS)
_YEAR = _Field("year", FIRST_YEAR, LAST_YEAR, wraps=False)


@dataclass(frozen=True)
class Cron:
    """A parsed expression."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    day_of_month: str
    months: tuple[int, ...]
    day_of_week: str
    years: tuple[int, ...]

    def days_from(self, first: date) -> Iterator[date]:
        """Every day that is meant, from `first` on, in order."""
        for year in self.years:
            if year < first.year:
                continue
            for month in self.months:
                if (year, month) < (first.year, first.month):
                    continue
                yield from (day for day in self._days(year, month) if day >= first)

    def _days(self, year: int, month: int) -> list[date]:
        if self.day_of_month == "?":
            return sorted(_days_of_week(self.day_of_week, year, month))
        return sorted(_days_of_month(self.day_of_month, year, month))

    def times(self) -> Iterator[tuple[int, int, int]]:
        """Every (hour, minute, second) of a day that is meant, in order."""
        for hour in self.hours:
            for minute in self.minutes:
                for second in self.seconds:
                    yield hour, minute, second


def parse_cron(text: str) -> Cron:
    """The six or seven fields; raises BadSchedule with a sentence."""
    fields = text.upper().split()
    if len(fields) not in (6, 7):
        raise BadSchedule(
            f"A cron expression has six fields (minutes hours day-of-month month day-of-week "
            f"year), or seven with seconds before them; {text!r} has {len(fields)}."
        )
    seconds, minutes, hours, dom, month, dow, year = fields if len(fields) == 7 else ["0", *fields]
    if (dom == "?") == (dow == "?"):
        raise BadSchedule("Exactly one of day-of-month and day-of-week must be ?.")
    if dow.count("#") > 1:
        raise BadSchedule(f"There can be one # in day-of-week, not {dow}.")
    cron = Cron(
        seconds=_sorted(_SECONDS, seconds),
        minutes=_sorted(_MINUTES, minutes),
        hours=_sorted(_HOURS, hours),
        day_of_month=dom,
        months=_sorted(_MONTH, month),
        day_of_week=dow,
        years=_sorted(_YEAR, year),
    )
    cron._days(2024, 1)  # raises for what its day means
    return cron


def _sorted(field: _Field, text: str) -> tuple[int, ...]:
    return tuple(sorted(field.values(text)))


def _days_of_month(text: str, year: int, month: int) -> set[date]:
    last = calendar.monthrange(year, month)[1]
    found: set[date] = set()
    for part in text.split(","):
        if part == "L":
            found.add(date(year, month, last))
        elif part == "LW":
            found.add(_nearest_weekday(date(year, month, last)))
        elif nearest := _NEAREST.fullmatch(part):
            day = _DAY_OF_MONTH.number(nearest[1])
            found |= {_nearest_weekday(date(year, month, day))} if day <= last else set()
        else:
            days = _DAY_OF_MONTH.values(part)
            found |= {date(year, month, day) for day in days if day <= last}
    return found


def _nearest_weekday(day: date) -> date:
    """Monday to Friday nearest to a day, in the same month."""
    if day.weekday() == 5:
        return day - timedelta(1) if day.day > 1 else day + timedelta(2)
    if day.weekday() == 6:
        after = day + timedelta(1)
        return after if after.month == day.month else day - timedelta(2)
    return day


def _days_of_week(text: str, year: int, month: int) -> set[date]:
    last = calendar.monthrange(year, month)[1]
    days = [date(year, month, number) for number in range(1, last + 1)]
    found: set[date] = set()
    for part in text.split(","):
        if nth := _NTH.fullmatch(part):
            same = _same_weekday(days, _DAY_OF_WEEK.number(nth[1]))
            found |= set(same[int(nth[2]) - 1 : int(nth[2])])
        elif part != "L" and (of_last := _LAST_WEEKDAY.fullmatch(part)):
            found.add(_same_weekday(days, _DAY_OF_WEEK.number(of_last[1]))[-1])
        else:
            wanted = _DAY_OF_WEEK.values("7" if part == "L" else part)
            found |= {day for day in days if _number(day) in wanted}
    return found


def _same_weekday(days: list[date], number: int) -> list[date]:
    return [day for day in days if _number(day) == number]


def _number(day: date) -> int:
    """1 for Sunday to 7 for Saturday."""
    return day.isoweekday() % 7 + 1
