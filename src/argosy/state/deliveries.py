"""Deliveries that are still to be made over HTTP, each with the time of its next attempt."""

from dataclasses import dataclass, fields

import sqlalchemy as sa

from argosy.state.due import DueRows
from argosy.state.message_tables import deliveries as table

KIND = "deliveries"
"""What listeners are told."""


@dataclass(frozen=True)
class Delivery:
    """One message for one subscriber; times are epoch seconds."""

    subscription: str
    """ARN."""
    topic: str
    """ARN."""
    url: str
    kind: str
    """The message's type: Notification, SubscriptionConfirmation, UnsubscribeConfirmation."""
    message_id: str
    body: str
    raw: bool
    next_at: float
    created: float
    attempts: int = 0
    number: int = 0


class Deliveries(DueRows):
    """The outbox; what is in it survives whatever happens to the process."""

    _kind, _table = KIND, table

    def add(self, delivery: Delivery) -> int:
        values = {**vars(delivery)}
        del values["number"]
        return self._transactions.add(KIND, sa.insert(table).values(values))

    def due(self, now: float) -> list[str]:
        """Subscriptions that have something to be delivered now, those that wait longest first."""
        wanted = sa.select(table.c.subscription).where(table.c.next_at <= now)
        wanted = wanted.group_by(table.c.subscription).order_by(sa.func.min(table.c.next_at))
        return [row[0] for row in self._transactions.read(wanted)]

    def due_of(self, subscription: str, now: float, limit: int) -> list[Delivery]:
        """What is to be delivered now to one subscriber, oldest first."""
        wanted = (
            sa.select(table)
            .where(table.c.subscription == subscription, table.c.next_at <= now)
            .order_by(table.c.next_at, table.c.number)
            .limit(limit)
        )
        rows = self._transactions.read(wanted)
        return [Delivery(**{name: row._mapping[name] for name in _COLUMNS}) for row in rows]

    def postpone(self, number: int, attempts: int, next_at: float) -> None:
        change = sa.update(table).where(table.c.number == number)
        self._transactions.write(KIND, change.values(attempts=attempts, next_at=next_at))

    def delete_of(self, subscription: str) -> None:
        """All that is meant for a subscriber."""
        self._transactions.write(KIND, sa.delete(table).where(table.c.subscription == subscription))


_COLUMNS = tuple(field.name for field in fields(Delivery))
