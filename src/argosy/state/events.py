"""The event outbox: what happened to resources, in the order in which it happened.

An event is written in the transaction of the change that it tells of, so that there is never one
without the other; whoever passes events on reads them by position. Only the newest are kept. This
file knows no source and no meaning of a detail.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.table import metadata
from argosy.state.transactions import Transactions

KIND = "event"
"""What listeners are told."""
MOST_EVENTS = 20_000
"""Kept at least; a reader that is further behind has lost the older ones."""
_PRUNE_EVERY = 256

table = sa.Table(
    "event_outbox",
    metadata,
    sa.Column(
        "position",
        sa.BigInteger().with_variant(sa.Integer, "sqlite"),
        primary_key=True,
        autoincrement=True,
    ),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("region", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("detail_type", sa.String, nullable=False),
    sa.Column("resources", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Event:
    """One event, with the members of EventBridge's envelope."""

    position: int
    """Grows with every event; numbers may be left out, none comes twice."""
    id: str
    account: str
    region: str
    source: str
    """"aws.sagemaker", "aws.cloudwatch", …"""
    detail_type: str
    resources: list[str]
    """ARNs."""
    detail: dict[str, Any]
    at: float
    """Epoch seconds."""


class EventOutbox:
    """The events of every account. Every method raises StorageError as `Transactions` does."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(
        self,
        account: str,
        region: str,
        source: str,
        detail_type: str,
        resources: Sequence[str],
        detail: Mapping[str, Any],
        now: float,
    ) -> int:
        """Write an event, joining the transaction that is open; returns its position."""
        row = {
            "id": str(uuid.uuid4()),
            "account": account,
            "region": region,
            "source": source,
            "detail_type": detail_type,
            "resources": json.dumps(list(resources)),
            "detail": json.dumps(detail),
            "at": now,
        }
        with self._transactions.begin():
            position = self._transactions.add(KIND, sa.insert(table), row)
            if position % _PRUNE_EVERY == 0:
                self.prune()
        return position

    def after(self, position: int, limit: int = 100) -> list[Event]:
        """The events after that position, oldest first; 0 is before all of them."""
        wanted = sa.select(table).where(table.c.position > position)
        wanted = wanted.order_by(table.c.position).limit(limit)
        return [_event(row) for row in self._transactions.read(wanted)]

    def last(self) -> int:
        """The position of the newest event, 0 when there is none."""
        newest = self._transactions.read(sa.select(sa.func.max(table.c.position)))
        return int(newest[0][0] or 0)

    def prune(self) -> int:
        """Drop all but the newest events; returns how many went. `add` does so now and then."""
        oldest = self.last() - MOST_EVENTS
        return self._transactions.write(KIND, sa.delete(table).where(table.c.position <= oldest))

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))


def _event(row: sa.Row[Any]) -> Event:
    columns = dict(row._mapping)
    columns["resources"] = json.loads(columns["resources"])
    columns["detail"] = json.loads(columns["detail"])
    return Event(**columns)
