"""The queues of asynchronous requests: a row from the moment one is accepted until it is finished.

A row says nothing of who works on it: that is known to the instances themselves, and whoever deals
requests out asks them (`argosy.control.asynchronous`). So a request costs two writes, one to be
kept and one to be finished, each of which may be one commit for many. This file knows no meaning of
a document; its members are those that `argosy.edge.asynchronous` writes.
"""

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import sqlalchemy as sa

from argosy.state.table import Name, metadata
from argosy.state.transactions import Transactions

SMALL = 4096
"""Bytes of an inline body up to which it is read with its request."""
_MOST_IDS = 500
"""In one statement: databases bound the number of its parameters."""

table = sa.Table(
    "async_requests",
    metadata,
    sa.Column("seq", sa.Integer().with_variant(sa.BigInteger, "postgresql"), primary_key=True),
    sa.Column("id", Name, nullable=False, unique=True),
    sa.Column("queue", Name, nullable=False),
    sa.Column("received", sa.Double, nullable=False),
    sa.Column("expires", sa.Double, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=True),
    sa.Index("async_requests_by_queue", "queue", "seq"),
    sa.Index("async_requests_by_expiry", "expires"),
)

_COLUMNS = (
    table.c.seq,
    table.c.id,
    table.c.queue,
    table.c.received,
    table.c.expires,
    table.c.document,
    table.c.body.is_not(None).label("inline"),
    sa.case((sa.func.length(table.c.body) <= SMALL, table.c.body)).label("small"),
)
_FINISH = sa.delete(table).where(table.c.id == sa.bindparam("number"))


@dataclass(frozen=True, slots=True)
class AsyncRequest:
    """One request that waits or is being worked on; a large inline body stays in the table."""

    seq: int
    """Grows with every request that is kept: the order of the queue."""
    id: str
    queue: str
    received: float
    expires: float
    """Epoch seconds after which it shall not begin, as `received`."""
    text: str
    inline: bool
    """It came with its payload."""
    body: bytes | None = None
    """The payload, if it is small."""

    @property
    def document(self) -> dict[str, Any]:
        """What is needed to carry it out."""
        found: dict[str, Any] = json.loads(self.text)
        return found


@dataclass(frozen=True, slots=True)
class NewRequest:
    """One to be kept."""

    queue: str
    id: str
    ttl_s: float
    text: str
    body: bytes | None


class AsyncRequests:
    """Reads and writes the queues. Every method raises StorageError, as `Transactions` does.

    There has to be one only of a database: it numbers the requests.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        newest = transactions.read(sa.select(sa.func.max(table.c.seq).label("newest")))
        self._last = int(newest[0].newest or 0)

    @property
    def newest(self) -> int:
        """The number of the last request that was kept."""
        return self._last

    def keep(self, asked: Sequence[NewRequest], now: float) -> list[AsyncRequest]:
        """Add requests, in their order, in one commit."""
        first = self._last + 1
        kept = [
            AsyncRequest(
                *(seq, new.id, new.queue, now, now + new.ttl_s, new.text),
                inline=new.body is not None,
                body=new.body if new.body is not None and len(new.body) <= SMALL else None,
            )
            for seq, new in enumerate(asked, first)
        ]
        rows = [
            {
                "seq": one.seq,
                "id": one.id,
                "queue": one.queue,
                "received": one.received,
                "expires": one.expires,
                "document": one.text,
                "body": new.body,
            }
            for one, new in zip(kept, asked, strict=True)
        ]
        with self._transactions.begin() as connection:
            connection.execute(sa.insert(table), rows)
        self._last += len(rows)
        return kept

    def finish(self, ids: Iterable[str]) -> None:
        """Remove requests; they need not be there."""
        rows = [{"number": number} for number in ids]
        if rows:
            with self._transactions.begin() as connection:
                connection.execute(_FINISH, rows)

    def drop(self, queue: str) -> None:
        """Remove all requests of a queue."""
        with self._transactions.begin() as connection:
            connection.execute(sa.delete(table).where(table.c.queue == queue))

    def find(self, ids: Collection[str]) -> list[AsyncRequest]:
        """Those of them that are there."""
        return [
            _request(row)
            for some in _portions(ids)
            for row in self._transactions.read(
                sa.select(*_COLUMNS).where(table.c.id.in_(some)).order_by(table.c.seq)
            )
        ]

    def after(self, queue: str, seq: int, limit: int) -> list[AsyncRequest]:
        """The oldest requests of a queue that are younger than `seq`."""
        wanted = (
            sa.select(*_COLUMNS)
            .where(table.c.queue == queue, table.c.seq > seq)
            .order_by(table.c.seq)
            .limit(limit)
        )
        return [_request(row) for row in self._transactions.read(wanted)]

    def expired(self, now: float, limit: int) -> list[AsyncRequest]:
        """Those whose time is over, the longest over first."""
        wanted = (
            sa.select(*_COLUMNS)
            .where(table.c.expires <= now)
            .order_by(table.c.expires)
            .limit(limit)
        )
        return [_request(row) for row in self._transactions.read(wanted)]

    def bodies(self, ids: Collection[str]) -> dict[str, bytes]:
        """The inline bodies of requests, by id."""
        return {
            row.id: bytes(row.body)
            for some in _portions(ids)
            for row in self._transactions.read(
                sa.select(table.c.id, table.c.body).where(table.c.id.in_(some))
            )
            if row.body is not None
        }

    def sizes(self) -> dict[str, int]:
        """How many requests each queue holds; those that are empty are not told."""
        wanted = sa.select(table.c.queue, sa.func.count().label("size")).group_by(table.c.queue)
        return {row.queue: int(row.size) for row in self._transactions.read(wanted)}


def _request(row: Any) -> AsyncRequest:
    seq, number, queue, received, expires, text, inline, small = row
    body = None if small is None else bytes(small)
    return AsyncRequest(seq, number, queue, received, expires, text, bool(inline), body)


def _portions(ids: Iterable[str]) -> Iterator[list[str]]:
    remaining = iter(ids)
    while some := list(islice(remaining, _MOST_IDS)):
        yield some
