"""Counts requests of keys for the quotas of usage plans: at once, and on disk every second."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from argosy.state.api_usage import ApiUsage, Used


class Quotas:
    """The counts of all plans. What the last second counted is lost with the process."""

    def __init__(self, usage: ApiUsage) -> None:
        self._usage = usage
        self._used: dict[tuple[str, str, str], int] = {}
        """By plan, key and first day of the period."""
        self._new: dict[Used, int] = {}

    def take(self, plan: str, key: str, quota: Mapping[str, Any] | None, now: float) -> bool:
        """Count a request; False, and uncounted, when the quota is used up."""
        today = datetime.fromtimestamp(now, UTC).date()
        if quota:
            first = period_start(quota["period"], today)
            place = plan, key, first.isoformat()
            used = self._used.get(place)
            if used is None:
                used = self._read(plan, key, first, today)
            if used >= int(quota["limit"]):
                return False
            self._used[place] = used + 1
        day = Used(plan, key, today.isoformat())
        self._new[day] = self._new.get(day, 0) + 1
        return True

    def flush(self) -> None:
        """Write what is new. Raises StorageError; it is kept then."""
        if self._new:
            self._usage.add(self._new)
            self._new = {}

    def forget(self) -> None:
        """Plans have changed: the counts are read again."""
        self.flush()
        self._used.clear()

    def clear(self) -> None:
        self._new.clear()
        self._used.clear()

    def _read(self, plan: str, key: str, first: date, today: date) -> int:
        days = self._usage.between(plan, first.isoformat(), today.isoformat(), key)
        waiting = sum(
            count
            for used, count in self._new.items()
            if (used.plan, used.key) == (plan, key) and used.day >= first.isoformat()
        )
        return sum(days.values()) + waiting


def period_start(period: str, today: date) -> date:
    """The first day of the period that this day is in; weeks begin on Sunday."""
    if period == "MONTH":
        return today.replace(day=1)
    if period == "WEEK":
        return today - timedelta(days=(today.weekday() + 1) % 7)
    return today
