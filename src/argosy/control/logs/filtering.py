"""Runs metric filters: every log event counts once, whoever wrote it, and whenever control dies.

Streams are read on from where they were; the values, and how far was read, are one commit. A group
without filters costs nothing.
"""

import asyncio
import logging
from pathlib import Path

from argosy.control.logs.following import Place, Read, read_on
from argosy.control.logs.measures import Measuring
from argosy.ground.clock import Clock
from argosy.state.log_groups import (
    FILTER,
    MetricFilter,
    filter_of,
    progress_of,
    set_progress,
)
from argosy.state.records import Records
from argosy.telemetry.logs import Event
from argosy.telemetry.metrics import Datum, MetricStore, Sample, TooManySeries, metric

log = logging.getLogger(__name__)

_EVERY_S = 1.0
_MINUTE_MS = 60_000


class Filtering:
    """The metric filters of all groups."""

    def __init__(self, records: Records, metrics: MetricStore, root: Path, clock: Clock) -> None:
        self._records = records
        self._metrics = metrics
        self._root = root
        self._clock = clock
        self._working: dict[tuple[str, str, str, str], Measuring] = {}

    async def run(self) -> float | None:
        """One pass over all groups that have filters; returns after how long to look again, None
        when there are no filters."""
        groups = self._groups()
        if not groups:
            return None
        more = False
        for place, filters in groups.items():
            more = await self._group(place, filters) or more
        return 0.0 if more else _EVERY_S

    async def _group(self, place: Place, filters: list[MetricFilter]) -> bool:
        """True when there is more to read."""
        positions = progress_of(self._records, *place) or {}
        working = [self._measuring(place, one) for one in filters]
        read, data = await asyncio.to_thread(self._look, place, positions, working)
        if read.positions != positions and place in self._groups():
            with self._records.transaction():
                self._write(data)
                set_progress(self._records, *place, read.positions, self._clock.now())
        return read.more

    def _look(
        self, place: Place, positions: dict[str, int], working: list[Measuring]
    ) -> tuple[Read, list[Datum]]:
        """Read on, and measure what came; in a thread."""
        read = read_on(self._root, place, positions)
        now = self._clock.now()
        return read, [datum for one in working for datum in data_of(place, one, read.events, now)]

    def _write(self, data: list[Datum]) -> None:
        for datum in data:
            try:
                self._metrics.put_all([datum])
            except TooManySeries as error:
                log.warning("a metric filter's value of %s is lost: %s", datum.metric.name, error)

    def _groups(self) -> dict[Place, list[MetricFilter]]:
        """The filters of each group, the same objects as long as they are the same."""
        groups: dict[Place, list[MetricFilter]] = {}
        for record in self._records.find(FILTER):
            given = filter_of(record)
            groups.setdefault((record.account, record.region, given.group), []).append(given)
        return groups

    def _measuring(self, place: Place, given: MetricFilter) -> Measuring:
        key = (*place, given.name)
        there = self._working.get(key)
        if there is None or there.filter != given:
            there = self._working[key] = Measuring(given)
        return there


def data_of(
    place: Place, working: Measuring, events: list[tuple[str, Event]], now: float
) -> list[Datum]:
    """What the filter makes of these events, one datum for each minute and set of dimensions."""
    given, left_out = working.filter, working.left_out
    values: dict[tuple[int, tuple[tuple[str, str], ...]], list[float]] = {}
    for stream, event in events:
        if _came_before(given, stream, event):
            continue
        measure = working.measure(event.message, now)
        if measure is not None:
            key = event.timestamp_ms // _MINUTE_MS, measure.dimensions
            values.setdefault(key, []).append(measure.value)
    if working.left_out > left_out:
        log.warning("metric filter %s has too many values of its dimensions", given.name)
    account, region, _ = place
    told = given.transformation
    return [
        Datum(
            metric(account, region, told["metricNamespace"], told["metricName"], dict(dimensions)),
            minute * _MINUTE_MS / 1000,
            Sample.of_values(found),
            told.get("unit") or "None",
        )
        for (minute, dimensions), found in values.items()
    ]


def _came_before(given: MetricFilter, stream: str, event: Event) -> bool:
    """True for what was there when the filter was put. A clock that was put back does not matter,
    nor a stream that was made anew."""
    old = event.ingestion_ms < int(given.created * 1000)
    return old and event.position < given.after.get(stream, 0)
