"""The rows of values: written minute by minute, read by series. It knows no metric's name."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

import sqlalchemy as sa

from argosy.state.metric_tables import (
    metric_blocks,
    metric_recent,
    metric_series,
    metric_sources,
)
from argosy.state.transactions import Transactions
from argosy.telemetry.metrics.packing import pack, unpack, unpack_points
from argosy.telemetry.metrics.sample import Sample, merge
from argosy.telemetry.metrics.tiers import Tier

_MOST_IDS = 250


class Slot(NamedTuple):
    """Where a value goes: the seconds it belongs to, of one series."""

    start: int
    series: int
    period: int
    """1 or 60: the length in seconds."""


_recent, _blocks = metric_recent.c, metric_blocks.c
_UPDATE = (
    sa.update(metric_recent)
    .where(
        _recent.start == sa.bindparam("its_start"),
        _recent.series == sa.bindparam("its_series"),
        _recent.period == sa.bindparam("its_period"),
    )
    .values(sample=sa.bindparam("its_sample"))
)
_RECENT_OF = sa.select(_recent.start, _recent.sample).where(
    _recent.start >= sa.bindparam("low"),
    _recent.start < sa.bindparam("high"),
    _recent.series == sa.bindparam("number"),
    _recent.period <= sa.bindparam("longest"),
)
_BLOCKS_OF = (
    sa.select(_blocks.start, _blocks.points)
    .where(
        _blocks.series == sa.bindparam("number"),
        _blocks.period == sa.bindparam("tier"),
        _blocks.start > sa.bindparam("low"),
        _blocks.start < sa.bindparam("high"),
    )
    .order_by(_blocks.start)
)


class Rows:
    """Raises StorageError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, samples: Mapping[Slot, Sample]) -> None:
        """Merge samples into what is there; joins the open transaction."""
        with self._transactions.begin() as connection:
            there = self._there(samples)
            new: list[dict[str, Any]] = []
            changed: list[dict[str, Any]] = []
            for slot, sample in samples.items():
                before = there.get(slot)
                if before is None:
                    new.append({**slot._asdict(), "sample": pack(sample)})
                else:
                    merged = pack(merge([unpack(before)[0], sample]))
                    its = {f"its_{name}": value for name, value in slot._asdict().items()}
                    changed.append({**its, "its_sample": merged})
            if new:
                connection.execute(sa.insert(metric_recent), new)
            if changed:
                connection.execute(_UPDATE, changed)

    def delete_all(self) -> None:
        """Empty the tables, that of series too."""
        with self._transactions.begin() as connection:
            for table in (metric_recent, metric_blocks, metric_series, metric_sources):
                connection.execute(sa.delete(table))

    def _there(self, slots: Collection[Slot]) -> dict[Slot, bytes]:
        """What is written already for these slots, packed."""
        found: dict[Slot, bytes] = {}
        by_start: dict[int, list[int]] = {}
        for slot in slots:
            by_start.setdefault(slot.start, []).append(slot.series)
        for start, numbers in by_start.items():
            for first in range(0, len(numbers), _MOST_IDS):
                part = numbers[first : first + _MOST_IDS]
                wanted = sa.select(metric_recent).where(
                    _recent.start == start, _recent.series.in_(part)
                )
                for row in self._transactions.read(wanted):
                    found[Slot(row.start, row.series, row.period)] = row.sample
        return found

    def recent(
        self, series: int, low: int, high: int, longest: int
    ) -> Iterator[tuple[int, Sample]]:
        """(start, sample) of what is not in blocks yet, of periods up to `longest`."""
        values = {"low": low, "high": high, "number": series, "longest": longest}
        for row in self._transactions.read(_RECENT_OF, values):
            yield row.start, unpack(row.sample)[0]

    def in_blocks(
        self, series: int, tier: Tier, low: int, high: int
    ) -> Iterator[tuple[int, Sample]]:
        """(start, sample) of what is in the blocks of this tier."""
        values = {"low": low - tier.span, "high": high, "number": series, "tier": tier.period}
        for row in self._transactions.read(_BLOCKS_OF, values):
            for number, sample in unpack_points(row.points):
                start = row.start + number * tier.period
                if low <= start < high:
                    yield start, sample
