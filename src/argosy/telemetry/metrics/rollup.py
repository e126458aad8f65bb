"""Upkeep of the series, hour by hour: values go from rows into blocks, and in the end away.

What is of the last full hour or older is merged into the blocks of each tier at once (seconds,
minutes, five minutes, hours), so that a long range is read from few blocks; each tier's blocks are
removed when their time is over. Late values go the same way. It is done in slices that are short in
time, each a commit of its own: what a kill cuts off is simply done again.
"""

import logging
import time
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from argosy.ground.clock import Clock
from argosy.state.metric_tables import metric_blocks, metric_recent, metric_series
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics.packing import pack_points, unpack, unpack_points
from argosy.telemetry.metrics.sample import Sample, merge
from argosy.telemetry.metrics.series import SeriesIndex
from argosy.telemetry.metrics.tiers import HOURS, MINUTES, TIERS, Tier

log = logging.getLogger(__name__)

_SLICE_S = 0.015
_READ_AT_ONCE = 8
"""Series whose rows are in memory at the same time."""
_HOUR_S = 3600
_DAY_S = 86400
_TRUST_S = _DAY_S
"""After the clock was set forward, nothing is removed for so long: it may be set back."""

_recent, _blocks = metric_recent.c, metric_blocks.c

Rows = list[tuple[int, int, Sample]]
"""(start, period, sample)."""


class Rollup:
    """Of one database. Raises StorageError."""

    def __init__(
        self,
        transactions: Transactions,
        series: SeriesIndex,
        clock: Clock,
        most_bytes: int,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._transactions = transactions
        self._series = series
        self._clock = clock
        self._most_bytes = most_bytes
        self._monotonic = monotonic
        self._offset: float | None = None
        self._distrust_until = 0.0

    def slices(self, step: int = _HOUR_S) -> Iterator[None]:
        """Do all that is due, a short slice at each step.

        step: what goes into blocks is what is older than the last full `step` seconds.
        """
        now = self._clock.now()
        yield from self._into_blocks(int(now // step * step), now)
        if self._trusts(now):
            yield from self._expire(now)
            yield from self._forget(now)
        yield from self._bound()
        with self._transactions.begin():
            self._series.write_seen(self._series.all())

    # -- into blocks

    def _into_blocks(self, until: int, now: float) -> Iterator[None]:
        numbers = self._with_rows_before(until)
        for first in range(0, len(numbers), _READ_AT_ONCE):
            part = numbers[first : first + _READ_AT_ONCE]
            while part:
                part = self._move(part, until, now)
                yield

    def _move(self, numbers: list[int], until: int, now: float) -> list[int]:
        """Move the rows of some of these series; returns those that are left."""
        enough = self._monotonic() + _SLICE_S
        with self._transactions.begin() as connection:
            rows = self._rows_of(numbers, until)
            done: list[int] = []
            for number in numbers:
                if number in rows:
                    self._merge(connection, number, rows[number], now)
                done.append(number)
                if self._monotonic() >= enough:
                    break
            gone = (_recent.start < until, _recent.series.in_(done))
            connection.execute(sa.delete(metric_recent).where(*gone))
        return numbers[len(done) :]

    def _with_rows_before(self, until: int) -> list[int]:
        wanted = sa.select(_recent.series).where(_recent.start < until).distinct()
        return sorted(row.series for row in self._transactions.read(wanted))

    def _rows_of(self, numbers: list[int], until: int) -> dict[int, Rows]:
        wanted = sa.select(metric_recent).where(
            _recent.start < until, _recent.series >= numbers[0], _recent.series <= numbers[-1]
        )
        found: dict[int, Rows] = {}
        for row in self._transactions.read(wanted):
            sample = unpack(row.sample)[0]
            found.setdefault(row.series, []).append((row.start, row.period, sample))
        return found

    def _merge(self, connection: sa.Connection, number: int, rows: Rows, now: float) -> None:
        for tier in TIERS:
            for block, points in _by_block(tier, rows, now).items():
                self._merge_block(connection, number, tier, block, points)

    def _merge_block(
        self,
        connection: sa.Connection,
        number: int,
        tier: Tier,
        block: int,
        points: dict[int, list[Sample]],
    ) -> None:
        same = (_blocks.series == number, _blocks.period == tier.period, _blocks.start == block)
        found = self._transactions.read(sa.select(_blocks.points).where(*same))
        for place, sample in unpack_points(found[0].points) if found else ():
            points.setdefault(place, []).append(sample)
        packed = pack_points({place: merge(samples) for place, samples in points.items()})
        values: dict[str, Any] = {"points": packed, "size": len(packed)}
        if found:
            connection.execute(sa.update(metric_blocks).where(*same).values(values))
        else:
            key = {"series": number, "period": tier.period, "start": block}
            connection.execute(sa.insert(metric_blocks).values({**key, **values}))

    # -- the end

    def _trusts(self, now: float) -> bool:
        """False for a day after the clock was set forward by more than an hour."""
        offset = now - self._monotonic()
        if self._offset is not None and offset > self._offset + _HOUR_S:
            log.warning("the clock was set forward: no metrics are removed for a day")
            self._distrust_until = self._monotonic() + _TRUST_S
        self._offset = offset
        return self._monotonic() >= self._distrust_until

    def _expire(self, now: float) -> Iterator[None]:
        for tier in TIERS:
            with self._transactions.begin() as connection:
                over = int(now) - tier.kept - tier.span
                connection.execute(
                    sa.delete(metric_blocks).where(
                        _blocks.period == tier.period, _blocks.start < over
                    )
                )
            yield

    def _forget(self, now: float) -> Iterator[None]:
        """Series without values, and those of single instances once their minutes are over."""
        for one in self._series.all():
            if one.seen >= now - MINUTES.kept:
                continue
            short = any(name == "Host" for name, _ in one.metric.dimensions)
            if short or one.seen < now - HOURS.kept - HOURS.span or self._is_empty(one.number):
                with self._transactions.begin() as connection:
                    for column in (_recent.series, _blocks.series, metric_series.c.number):
                        gone = sa.delete(column.table).where(column == one.number)
                        connection.execute(gone)
                self._series.forget([one])
            yield

    def _is_empty(self, number: int) -> bool:
        blocks = sa.select(_blocks.series).where(_blocks.series == number).limit(1)
        recent = sa.select(_recent.series).where(_recent.series == number).limit(1)
        return not (self._transactions.read(blocks) or self._transactions.read(recent))

    def _bound(self) -> Iterator[None]:
        """While there is too much, the oldest day of that tier goes which takes most."""
        sizes = sa.select(_blocks.period, sa.func.sum(_blocks.size), sa.func.min(_blocks.start))
        if self.size() > self._most_bytes:
            log.warning("metrics take more than %d bytes: the oldest are removed", self._most_bytes)
        while self.size() > self._most_bytes:
            tiers: list[Any] = self._transactions.read(sizes.group_by(_blocks.period))
            period, _, oldest = max(tiers, key=lambda row: int(row[1]))
            gone = (_blocks.period == period, _blocks.start < oldest + _DAY_S)
            with self._transactions.begin() as connection:
                connection.execute(sa.delete(metric_blocks).where(*gone))
            yield

    def size(self) -> int:
        """Bytes of all blocks, without what the database needs to keep them."""
        (total,) = self._transactions.read(sa.select(sa.func.sum(_blocks.size)))[0]
        return int(total or 0)


def _by_block(tier: Tier, rows: Rows, now: float) -> dict[int, dict[int, list[Sample]]]:
    """Block → place in it → samples, of what this tier is to keep."""
    found: dict[int, dict[int, list[Sample]]] = {}
    for start, period, sample in rows:
        if period > tier.period or start < now - tier.kept:
            continue
        block = start // tier.span * tier.span
        place = (start - block) // tier.period
        found.setdefault(block, {}).setdefault(place, []).append(sample)
    return found
