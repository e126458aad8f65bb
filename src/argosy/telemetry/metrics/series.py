"""Which series there are: in memory for finding them, in the database for good.

A series is a metric with one unit. One that is new gets its number here, and its row with the first
of its values that is written; whether that commit was undone is looked up later.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

import sqlalchemy as sa

from argosy.ground.errors import ApiError
from argosy.state.metric_tables import metric_series as table
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics.metric import Metric

_MOST_IDS = 500
"""In one statement: databases bound the number of its parameters."""


class TooManySeries(ApiError):
    """An account has as many metrics as are kept of one; CloudWatch would go on and charge."""

    @property
    def code(self) -> str:
        return "LimitExceeded"


@dataclass(slots=True)
class Series:
    """One metric in one unit."""

    number: int
    metric: Metric
    unit: str
    seen: float
    """The newest time that it has a value for, epoch seconds."""
    stored: bool = False
    """Its row is committed; else it may be."""
    seen_stored: float = field(default=0.0)


class SeriesIndex:
    """Every series of one database."""

    def __init__(self, transactions: Transactions, most: int) -> None:
        self._transactions = transactions
        self._most = most
        self._by_metric: dict[Metric, dict[str, Series]] = {}
        self._by_number: dict[int, Series] = {}
        self._counts: dict[str, int] = {}
        self._next = 1
        self._uncertain: dict[int, Series] = {}
        for row in transactions.read(sa.select(table)):
            dimensions = tuple((name, value) for name, value in json.loads(row.dimensions))
            name = Metric(row.account, row.region, row.namespace, row.name, dimensions)
            self._enter(Series(row.number, name, row.unit, row.seen, True, row.seen))

    def __len__(self) -> int:
        return len(self._by_number)

    def all(self) -> list[Series]:
        return list(self._by_number.values())

    def get(self, number: int) -> Series | None:
        return self._by_number.get(number)

    def of(self, metric: Metric, unit: str | None = None) -> list[Series]:
        """The series of a metric: one for each unit, or that of one unit."""
        units = self._by_metric.get(metric, {})
        return [one for one in units.values() if unit is None or one.unit == unit]

    def ensure(self, metric: Metric, unit: str, at: float) -> Series:
        """The series, made if there is none. Raises TooManySeries."""
        found = self._by_metric.get(metric, {}).get(unit)
        if found is None:
            if self._counts.get(metric.account, 0) >= self._most:
                raise TooManySeries(
                    f"Account {metric.account} has {self._most} metrics, as many as are kept; "
                    "name fewer different dimensions, or raise the setting metric_series."
                )
            found = Series(self._next, metric, unit, at)
            self._enter(found)
        found.seen = max(found.seen, at)
        return found

    def store(self, several: Collection[Series]) -> None:
        """Write the rows of those that may have none yet; within the open transaction."""
        new = [one for one in several if not one.stored]
        if not new:
            return
        there = self._there([one.number for one in new])
        rows = [_row(one) for one in new if one.number not in there]
        if rows:
            with self._transactions.begin() as connection:
                connection.execute(sa.insert(table), rows)
        self._uncertain.update((one.number, one) for one in new)

    def settle(self) -> None:
        """Find out which of those that were written are there; outside of any transaction."""
        for number in self._there(list(self._uncertain)):
            self._uncertain[number].stored = True
        self._uncertain = {}

    def write_seen(self, several: Collection[Series]) -> None:
        """Note how new their values are; within the open transaction."""
        changed = [one for one in several if one.stored and one.seen != one.seen_stored]
        if not changed:
            return
        change = sa.update(table).where(table.c.number == sa.bindparam("its_number"))
        rows = [{"its_number": one.number, "seen": one.seen} for one in changed]
        with self._transactions.begin() as connection:
            connection.execute(change, rows)
        for one in changed:
            one.seen_stored = one.seen

    def forget(self, several: Collection[Series]) -> None:
        """Those that have no values left; their rows are deleted by the caller, or by `delete`."""
        for one in several:
            units = self._by_metric.get(one.metric, {})
            if units.pop(one.unit, None) is None:
                continue
            if not units:
                self._by_metric.pop(one.metric, None)
            self._by_number.pop(one.number, None)
            self._uncertain.pop(one.number, None)
            self._counts[one.metric.account] -= 1

    def clear(self) -> None:
        """Forget all of them."""
        self.forget(self.all())

    def find(
        self,
        account: str,
        region: str,
        namespace: str | None,
        name: str | None,
        dimensions: Mapping[str, str | None],
        active_since: float | None,
    ) -> Iterator[Metric]:
        """See `MetricStore.find`."""
        for metric, units in self._by_metric.items():
            if metric.account != account or metric.region != region:
                continue
            if namespace is not None and metric.namespace != namespace:
                continue
            if name is not None and metric.name != name:
                continue
            if active_since is not None and all(s.seen < active_since for s in units.values()):
                continue
            if _has(metric, dimensions):
                yield metric

    def _enter(self, series: Series) -> None:
        self._by_metric.setdefault(series.metric, {})[series.unit] = series
        self._by_number[series.number] = series
        account = series.metric.account
        self._counts[account] = self._counts.get(account, 0) + 1
        self._next = max(self._next, series.number + 1)

    def _there(self, numbers: list[int]) -> set[int]:
        found: set[int] = set()
        for start in range(0, len(numbers), _MOST_IDS):
            part = numbers[start : start + _MOST_IDS]
            wanted = sa.select(table.c.number).where(table.c.number.in_(part))
            found.update(row.number for row in self._transactions.read(wanted))
        return found


def _has(metric: Metric, dimensions: Mapping[str, str | None]) -> bool:
    """Whether it has these dimensions; others may be there too. None stands for any value."""
    its = dict(metric.dimensions)
    return all(
        name in its and (value is None or its[name] == value) for name, value in dimensions.items()
    )


def _row(series: Series) -> dict[str, object]:
    metric = series.metric
    return {
        "number": series.number,
        "account": metric.account,
        "region": metric.region,
        "namespace": metric.namespace,
        "name": metric.name,
        "dimensions": json.dumps(metric.dimensions, ensure_ascii=False),
        "unit": series.unit,
        "seen": series.seen,
    }
