"""When schedules are due next: of rules and of EventBridge Scheduler.

A timer is moved on in the transaction of what it had happen. One whose time has passed while nobody
looked is still there, with that time.
"""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.event_tables import timers as table
from argosy.state.transactions import Transactions

KIND = "event-timers"
"""What listeners are told."""


@dataclass(frozen=True)
class Timer:
    """The next time of one schedule; times are epoch seconds."""

    arn: str
    kind: str
    """The kind of the record that has the schedule."""
    account: str
    region: str
    name: str
    """The record's name."""
    scheduled: float
    """The time that the schedule says."""
    due: float
    """When it is to happen, which may be later by a flexible window."""


class Timers:
    """The timers of every account."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def put(self, timer: Timer) -> None:
        """In place of the one of the same ARN."""
        with self._transactions.begin():
            self.delete(timer.arn)
            self._transactions.write(KIND, sa.insert(table).values(**vars(timer)))

    def get(self, arn: str) -> Timer | None:
        found = self._transactions.read(sa.select(table).where(table.c.arn == arn))
        return _timer(found[0]) if found else None

    def delete(self, arn: str) -> None:
        self._transactions.write(KIND, sa.delete(table).where(table.c.arn == arn))

    def due(self, now: float, limit: int = 100) -> list[Timer]:
        """Those that are due, those that wait longest first."""
        wanted = sa.select(table).where(table.c.due <= now).order_by(table.c.due, table.c.arn)
        return [_timer(row) for row in self._transactions.read(wanted.limit(limit))]

    def next_due(self) -> float | None:
        """When the first is due."""
        (at,) = self._transactions.read(sa.select(sa.func.min(table.c.due)))[0]
        return None if at is None else float(at)

    def due_times(self) -> dict[str, float]:
        """When each is due, by ARN."""
        rows = self._transactions.read(sa.select(table.c.arn, table.c.due))
        return {row.arn: row.due for row in rows}

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))


def _timer(row: sa.Row[Any]) -> Timer:
    return Timer(**dict(row._mapping))
