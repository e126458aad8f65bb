"""The event outbox: what happened to resources, in the order in which it happened.

An event is written in the transaction of the change that it tells of, so that there is never one
without the other; whoever passes events on reads them by position, and writes down how far it is in
the transaction of what it made of them. Only the newest are kept, and those that a reader has not
read. This file knows no source and no meaning of a detail.
"""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.table import metadata, number_column
from argosy.state.transactions import Transactions

KIND = "event"
"""What listeners are told."""
READ = "event-reader"
"""What listeners are told when a reader has moved on."""
MOST_EVENTS = 20_000
"""Kept at least."""
DEFAULT_BUS = "default"
_PRUNE_EVERY = 256

table = sa.Table(
    "event_outbox",
    metadata,
    number_column("position"),
    sa.Column("id", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("region", sa.String, nullable=False),
    sa.Column("source", sa.String, nullable=False),
    sa.Column("detail_type", sa.String, nullable=False),
    sa.Column("resources", sa.Text, nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("bus", sa.String, nullable=False, server_default=DEFAULT_BUS),
    sa.Column("trace", sa.String, nullable=False, server_default=""),
    sa.Column("hops", sa.Integer, nullable=False, server_default="0"),
    sqlite_autoincrement=True,
)

readers = sa.Table(
    "event_readers",
    metadata,
    sa.Column("reader", sa.String, primary_key=True),
    sa.Column("position", sa.BigInteger, nullable=False),
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
    bus: str = DEFAULT_BUS
    """The name of the event bus of this account and region that it came to."""
    trace: str = ""
    """X-Amzn-Trace-Id of the request that it comes from; "" for none."""
    hops: int = 0
    """How many other buses it came through."""
    text: str = ""
    """The detail as it was written: numbers are compared by their text."""


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
        detail: Mapping[str, Any] | str,
        now: float,
        *,
        bus: str = DEFAULT_BUS,
        trace: str = "",
        hops: int = 0,
        event_id: str = "",
    ) -> int:
        """Write an event, joining the transaction that is open; returns its position.

        detail: an object, or the JSON text of one.
        """
        row = {
            "id": event_id or str(uuid.uuid4()),
            "account": account,
            "region": region,
            "source": source,
            "detail_type": detail_type,
            "resources": json.dumps(list(resources)),
            "detail": detail if isinstance(detail, str) else json.dumps(detail),
            "at": now,
            "bus": bus,
            "trace": trace,
            "hops": hops,
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

    def position(self, reader: str) -> int:
        """How far that reader is; 0 when it has read nothing."""
        wanted = sa.select(readers.c.position).where(readers.c.reader == reader)
        found = self._transactions.read(wanted)
        return int(found[0][0]) if found else 0

    def move(self, reader: str, position: int) -> None:
        """Write down that the reader is done with all up to there."""
        same = readers.c.reader == reader
        change = sa.update(readers).where(same).values(position=position)
        if not self._transactions.write(READ, change):
            first = sa.insert(readers).values(reader=reader, position=position)
            self._transactions.write(READ, first)

    def prune(self) -> int:
        """Drop all but the newest events and those that are still to be read; returns how many
        went. `add` does so now and then."""
        slowest = self._transactions.read(sa.select(sa.func.min(readers.c.position)))[0][0]
        oldest = self.last() - MOST_EVENTS
        if slowest is not None:
            oldest = min(oldest, int(slowest))
        return self._transactions.write(KIND, sa.delete(table).where(table.c.position <= oldest))

    def delete_all(self) -> None:
        """Positions stay: no number comes twice."""
        self._transactions.write(KIND, sa.delete(table))


def _event(row: sa.Row[Any]) -> Event:
    columns = dict(row._mapping)
    columns["resources"] = json.loads(columns["resources"])
    columns["text"] = columns["detail"]
    columns["detail"] = json.loads(columns["text"])
    return Event(**columns)
