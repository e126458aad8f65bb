"""The store of one platform's metric series.

What the platform measures itself is collected in memory and written by `flush`, in one commit and
only if there is something; what a client puts is durable when the transaction is committed that it
joins. Values of the same second or minute are merged as they come, whenever they come.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from argosy.ground.clock import Clock
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics.metric import Metric
from argosy.telemetry.metrics.rollup import Rollup
from argosy.telemetry.metrics.rows import Rows, Slot
from argosy.telemetry.metrics.sample import Sample, merge
from argosy.telemetry.metrics.series import Series, SeriesIndex
from argosy.telemetry.metrics.tiers import TIERS, resolution, tier_for

_MOST_WAITING = 200_000
"""Seconds and minutes of series in memory; more wait only where nothing can be written for long."""
MOST_SERIES = 20_000
MOST_BYTES = 2 << 30


class Datum(NamedTuple):
    """A sample of a metric at a time."""

    metric: Metric
    at: float
    """Epoch seconds."""
    sample: Sample
    unit: str = "None"
    resolution: int = 60
    """1 or 60 seconds."""


@dataclass(frozen=True, slots=True)
class Point:
    """What a metric was in one period."""

    start: int
    """Epoch seconds, a multiple of the period."""
    sample: Sample
    unit: str


class MetricStore:
    """For one process and one event loop. Every method may raise StorageError.

    No listener of the transactions is told of what is written here: values come all the time.
    """

    def __init__(
        self,
        transactions: Transactions,
        clock: Clock,
        most_series: int = MOST_SERIES,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        """most_series: of one account; most_bytes: of all blocks (see `rollup`)."""
        self._transactions = transactions
        self._clock = clock
        self.series = SeriesIndex(transactions, most_series)
        self._rows = Rows(transactions)
        self.rollup = Rollup(transactions, self.series, clock, most_bytes)
        self._waiting: dict[Slot, Sample] = {}
        """Not written yet; to be merged into what is."""

    def put(
        self,
        metric: Metric,
        at: float,
        sample: Sample,
        unit: str = "None",
        resolution: int = 60,
        *,
        durable: bool = False,
    ) -> None:
        """Take one sample. Raises TooManySeries.

        durable: written within the transaction that is open, or in one of its own; else it is
        read at once and written by the next `flush`.
        """
        datum = Datum(metric, at, sample, unit, resolution)
        if durable:
            self.put_all([datum])
        else:
            slot = self._slot(datum)
            before = self._waiting.get(slot)
            if before is not None:
                self._waiting[slot] = merge([before, sample])
            elif len(self._waiting) < _MOST_WAITING:
                self._waiting[slot] = sample

    def put_all(self, data: Iterable[Datum]) -> None:
        """Take several samples, durably: within the open transaction, or in one commit.

        Raises TooManySeries, and nothing is written then.
        """
        slots: dict[Slot, list[Sample]] = {}
        for datum in data:
            slots.setdefault(self._slot(datum), []).append(datum.sample)
        self._write({slot: merge(samples) for slot, samples in slots.items()})

    def flush(self, along: Callable[[], None] | None = None) -> bool:
        """Write what waits, in one commit; False if there is nothing.

        along: writes something in the same commit, which is then made in any case. Not to be
        called within a transaction: what it undoes would be lost.
        """
        self.series.settle()
        if not self._waiting and along is None:
            return False
        with self._transactions.begin():
            self._write(self._waiting)
            if along is not None:
                along()
        self._waiting = {}
        return True

    def read(
        self, metric: Metric, start: float, end: float, period: int, unit: str | None = None
    ) -> list[Point]:
        """What the metric was in each period that begins in [start, end), oldest first.

        start is rounded down to a multiple of `period`, which is 1 to 30 or a multiple of 60;
        periods without values are absent. Of a metric with several units each period has a point
        for each, unless one unit is asked for.
        """
        low = int(start // period * period)
        high = -int(-end // period * period)
        points: list[Point] = []
        for one in self.series.of(metric, unit):
            samples = self._samples(one, low, high, period)
            points += [Point(at, merge(found), one.unit) for at, found in samples.items()]
        return sorted(points, key=lambda point: (point.start, point.unit))

    def find(
        self,
        account: str,
        region: str,
        namespace: str | None = None,
        name: str | None = None,
        dimensions: Mapping[str, str | None] | None = None,
        active_since: float | None = None,
    ) -> list[Metric]:
        """Metrics that have these dimensions, and perhaps others; a value of None stands for any.

        active_since: only those with a value for that time, or a later one (epoch seconds).
        Sorted by namespace, name and dimensions.
        """
        found = self.series.find(account, region, namespace, name, dimensions or {}, active_since)
        return sorted(found, key=lambda metric: (metric.namespace, metric.name, metric.dimensions))

    def delete_all(self) -> None:
        """Forget every metric and value."""
        self._waiting = {}
        self.series.clear()
        self._rows.delete_all()

    def _slot(self, datum: Datum) -> Slot:
        series = self.series.ensure(datum.metric, datum.unit, datum.at)
        period = resolution(datum.at, self._clock.now(), datum.resolution)
        return Slot(int(datum.at // period * period), series.number, period)

    def _write(self, samples: Mapping[Slot, Sample]) -> None:
        with self._transactions.begin():
            numbers = {slot.series for slot in samples}
            known = [one for number in numbers if (one := self.series.get(number)) is not None]
            self.series.store(known)
            self._rows.add(samples)

    def _samples(self, series: Series, low: int, high: int, period: int) -> dict[int, list[Sample]]:
        """The samples of each period, by its start."""
        found: dict[int, list[Sample]] = {}
        longest = period if period < TIERS[1].period else TIERS[1].period
        for source in (
            self._rows.in_blocks(series.number, tier_for(period), low, high),
            self._rows.recent(series.number, low, high, longest),
            self._unwritten(series.number, low, high, longest),
        ):
            for start, sample in source:
                found.setdefault(start // period * period, []).append(sample)
        return found

    def _unwritten(
        self, number: int, low: int, high: int, longest: int
    ) -> Iterable[tuple[int, Sample]]:
        for slot, sample in self._waiting.items():
            if slot.series == number and low <= slot.start < high and slot.period <= longest:
                yield slot.start, sample
