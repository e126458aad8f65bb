"""Messages of queues: written, handed out for a while, removed.

A message is visible from `visible_at` on. Handing it out gives it a receipt and moves that time;
it is in flight until then. What a queue's attributes mean is decided above; this file only reads
and writes rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from argosy.state.message_tables import queue_messages as table
from argosy.state.transactions import Transactions

KIND = "queue-messages"
"""What listeners are told."""


@dataclass(frozen=True)
class Message:
    """One row; times are epoch seconds."""

    queue: str
    """The queue's own id: another queue of the same name has another."""
    message_id: str
    body: str
    sent: float
    visible_at: float
    attributes: str = ""
    """JSON; what it means, its writer knows. So with `system`."""
    system: str = ""
    message_group: str = ""
    receives: int = 0
    """How often it was handed out, by any queue."""
    receives_here: int = 0
    """By this queue."""
    first_received: float | None = None
    receipt: str = ""
    """Of its last handing out."""
    attempt: str = ""
    """By which its receiver can ask for the same once more."""
    number: int = 0
    """The order of arrival; 0 until it is written."""


@dataclass(frozen=True)
class Counts:
    """How many messages of a queue can be had, are in flight, are not visible yet."""

    visible: int
    in_flight: int
    delayed: int


class Messages:
    """The messages of all queues."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, message: Message) -> int:
        """Write a new message; returns its number."""
        row = {**vars(message)}
        del row["number"]
        return self._transactions.add(KIND, _ADD, row)

    def get(self, number: int) -> Message | None:
        found = self._read(_ONE, number=number)
        return found[0] if found else None

    def visible(
        self, queue: str, now: float, oldest: float, limit: int, *, ordered: bool
    ) -> list[Message]:
        """Messages that may be handed out, those that wait longest first.

        oldest: what was sent before is too old. ordered: only what leads its group, and nothing of
        a group that has a message in flight.
        """
        wanted = _ORDERED if ordered else _VISIBLE
        return self._read(wanted, queue=queue, now=now, oldest=oldest, limit=limit)

    def of_attempt(self, queue: str, attempt: str, now: float) -> list[Message]:
        """What this attempt was given and still holds, oldest first."""
        held = (table.c.queue == queue, table.c.receipt != _NOTHING, table.c.visible_at > now)
        wanted = sa.select(*_ROW).where(*held, table.c.attempt == attempt)
        return self._read(wanted.order_by(table.c.number))

    def next_visible(self, queue: str, now: float) -> float | None:
        """When the next one that cannot be had yet becomes visible."""
        (at,) = self._transactions.read(_NEXT, {"queue": queue, "now": now})[0]
        return None if at is None else float(at)

    def hand_out(self, messages: Sequence[Message]) -> None:
        """Write down who has them now: their times, counts and receipts, as given."""
        rows = [
            {"row": one.number, **{f"new_{name}": getattr(one, name) for name in _HANDED}}
            for one in messages
        ]
        self._transactions.write(KIND, _HAND_OUT, rows)

    def move(self, message: Message) -> int:
        """Remove the row and write the message anew, at the end of `message.queue`."""
        with self._transactions.begin():
            self.delete(message.number)
            return self.add(message)

    def delete(self, number: int) -> bool:
        """False when it was not there."""
        return self._transactions.write(KIND, _GONE, [{"row": number}]) > 0

    def delete_some(self, queue: str, most: int) -> int:
        """Some messages of a queue, any; returns how many there were."""
        return self._delete(table.c.queue == queue, most)

    def delete_older(self, queue: str, oldest: float, most: int) -> int:
        """Some of those that were sent before; returns how many there were."""
        return self._delete(sa.and_(table.c.queue == queue, table.c.sent <= oldest), most)

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))

    def counts(self, queue: str, now: float, oldest: float) -> Counts:
        """Each counted in an index alone, so that long queues are counted quickly."""
        every = self._count(table.c.queue == queue, table.c.sent > oldest)
        hidden = self._count(table.c.queue == queue, table.c.visible_at > now)
        flying = self._count(
            table.c.queue == queue, table.c.receipt != _NOTHING, table.c.visible_at > now
        )
        return Counts(max(0, every - hidden), flying, hidden - flying)

    def count_in_flight(self, queue: str, now: float, most: int) -> int:
        """How many are in flight, counted up to `most`."""
        values = {"queue": queue, "now": now, "limit": most}
        return int(self._transactions.read(_IN_FLIGHT, values)[0][0])

    def _count(self, *which: sa.ColumnElement[bool]) -> int:
        wanted = sa.select(sa.func.count()).select_from(table).where(*which)
        return int(self._transactions.read(wanted)[0][0])

    def _delete(self, which: sa.ColumnElement[bool], most: int) -> int:
        some = sa.select(table.c.number).where(which).limit(most)
        return self._transactions.write(KIND, sa.delete(table).where(table.c.number.in_(some)))

    def _read(self, wanted: sa.Select[Any], **values: Any) -> list[Message]:
        return [Message(**row._asdict()) for row in self._transactions.read(wanted, values)]


# Written into the statement, not bound: only so can an index of the rows that have something serve.
_NOTHING: sa.ColumnElement[str] = sa.literal_column("''", sa.String)
_HANDED = ("visible_at", "receives", "receives_here", "first_received", "receipt", "attempt")
_ROW = [table.c[field.name] for field in fields(Message)]
_QUEUE, _NOW = sa.bindparam("queue", type_=sa.String), sa.bindparam("now", type_=sa.Double)
_LIMIT = sa.bindparam("limit", type_=sa.Integer)


def _groups_in_flight() -> sa.Select[Any]:
    other = table.alias("flying")
    return sa.select(other.c.message_group).where(
        other.c.queue == _QUEUE, other.c.receipt != _NOTHING, other.c.visible_at > _NOW
    )


def _delayed_before() -> sa.ColumnElement[bool]:
    """True where a message of the group came before that is not visible yet."""
    other = table.alias("other")
    return (
        sa.select(sa.literal(1))
        .where(
            other.c.queue == table.c.queue,
            other.c.message_group == table.c.message_group,
            other.c.message_group != _NOTHING,
            other.c.visible_at > _NOW,
            other.c.number < table.c.number,
        )
        .exists()
    )


# Built once: putting a statement together costs more than carrying it out.
_ADD = sa.insert(table)
_OLDEST = sa.bindparam("oldest", type_=sa.Double)
_VISIBLE = (
    sa.select(*_ROW)
    .where(table.c.queue == _QUEUE, table.c.visible_at <= _NOW, table.c.sent > _OLDEST)
    .order_by(table.c.visible_at, table.c.number)
    .limit(_LIMIT)
)
# Sums have no index: so the one by number is taken, which ends with the first rows that fit.
_ORDERED = (
    sa.select(*_ROW)
    .where(
        table.c.queue == _QUEUE,
        table.c.message_group != _NOTHING,
        table.c.visible_at + 0.0 <= _NOW,
        table.c.sent + 0.0 > _OLDEST,
        table.c.message_group.not_in(_groups_in_flight()),
        ~_delayed_before(),
    )
    .order_by(table.c.number)
    .limit(_LIMIT)
)
_NEXT = sa.select(sa.func.min(table.c.visible_at)).where(
    table.c.queue == _QUEUE, table.c.visible_at > _NOW
)
_HAND_OUT = (
    sa.update(table)
    .where(table.c.number == sa.bindparam("row"))
    .values({name: sa.bindparam(f"new_{name}") for name in _HANDED})
)
_FLYING = (
    sa.select(table.c.number)
    .where(table.c.queue == _QUEUE, table.c.receipt != _NOTHING, table.c.visible_at > _NOW)
    .limit(_LIMIT)
)
_IN_FLIGHT = sa.select(sa.func.count()).select_from(_FLYING.subquery())
_ONE = sa.select(*_ROW).where(table.c.number == sa.bindparam("number"))
_GONE = sa.delete(table).where(table.c.number == sa.bindparam("row"))
