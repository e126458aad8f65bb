"""What is still to be delivered to the targets of events, each with the time of its next attempt.

A row is written in the transaction of what happened, and removed in that of its delivery, so that
nothing is lost whatever happens to the process. This file knows no kind of target.
"""

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.due import DueRows
from argosy.state.event_tables import deliveries as table

KIND = "event-deliveries"
"""What listeners are told."""


@dataclass(frozen=True)
class EventDelivery:
    """One thing to be delivered to one target; times are epoch seconds."""

    account: str
    region: str
    service: str
    """Who delivers, as policies name it: "events.amazonaws.com", "s3.amazonaws.com", …"""
    origin: str
    """ARN of the rule, the schedule or the bucket."""
    target: dict[str, Any]
    """As the API has it: Arn, RetryPolicy, DeadLetterConfig, SqsParameters, …"""
    body: str
    """What the target is given."""
    created: float
    """From when its age counts."""
    next_at: float
    trace: str = ""
    """X-Amzn-Trace-Id of what it comes from, by which circles are found."""
    hops: int = 0
    """How many event buses it came through."""
    attempts: int = 0
    number: int = 0


class EventDeliveries(DueRows):
    """The deliveries of every account."""

    _kind, _table = KIND, table

    def add(self, delivery: EventDelivery) -> int:
        """Write it, joining the transaction that is open; returns its number."""
        row = {**vars(delivery), "target": json.dumps(delivery.target)}
        del row["number"]
        return self._transactions.add(KIND, sa.insert(table), row)

    def due(
        self, now: float, limit: int = 100, without: Collection[int] = (), after: int = 0
    ) -> list[EventDelivery]:
        """What is to be delivered now, in the order of writing; `without` these numbers, and from
        the number `after` on."""
        wanted = sa.select(table).where(table.c.next_at <= now, table.c.number > after)
        if without:
            wanted = wanted.where(table.c.number.not_in(without))
        found = self._transactions.read(wanted.order_by(table.c.number).limit(limit))
        return [_delivery(row) for row in found]

    def postpone(self, number: int, attempts: int, next_at: float) -> None:
        change = sa.update(table).where(table.c.number == number)
        self._transactions.write(KIND, change.values(attempts=attempts, next_at=next_at))


def _delivery(row: sa.Row[Any]) -> EventDelivery:
    columns = dict(row._mapping)
    columns["target"] = json.loads(columns["target"])
    return EventDelivery(**columns)
