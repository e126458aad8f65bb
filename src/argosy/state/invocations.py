"""Asynchronous invocations of functions: written when they are accepted, removed when they ended.

    Invocations(records.transactions).add(account, region, arn, payload, now)

joins the transaction that is open, so that an event and what it sets off are one commit. Whoever
carries them out (`automation/queue`) is woken after it. What is here survives kill -9; an
invocation that was under way then is made again. This file decides nothing about attempts.
"""

import uuid
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any

import sqlalchemy as sa

from argosy.ground.names import function_arn
from argosy.state.due import DueRows
from argosy.state.functions import parse_name
from argosy.state.table import metadata, number_column

KIND = "invocation"
"""What listeners are told."""
MAX_PAYLOAD = 1 << 20
"""Bytes of an asynchronous event."""

table = sa.Table(
    "invocations",
    metadata,
    number_column("number"),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("region", sa.String, nullable=False),
    sa.Column("function", sa.String, nullable=False),
    sa.Column("arn", sa.String, nullable=False),
    sa.Column("request_id", sa.String, nullable=False),
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("trace", sa.Text, nullable=False),
    sa.Column("received", sa.Double, nullable=False),
    sa.Column("next_at", sa.Double, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("holdups", sa.Integer, nullable=False),
    sa.Index("invocations_by_time", "function", "next_at", "number"),
    sa.Index("invocations_by_next", "next_at"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Invocation:
    """One event for one function; times are epoch seconds."""

    account: str
    region: str
    function: str
    """The function's ARN, without qualifier."""
    arn: str
    """As it is to be invoked: with the version or alias that was named."""
    request_id: str
    payload: bytes
    received: float
    next_at: float
    """When to make the next attempt."""
    trace: str = ""
    """X-Amzn-Trace-Id: what led here, for the detection of loops (`ground/lineage.py`)."""
    attempts: int = 0
    """How often the function has failed at it."""
    holdups: int = 0
    """How often in a row it could not be given to the function."""
    number: int = 0


class Invocations(DueRows):
    """The queue of all functions. Every method raises StorageError as `Transactions` does."""

    _kind, _table = KIND, table

    def add(
        self,
        account: str,
        region: str,
        arn: str,
        payload: bytes,
        now: float,
        *,
        request_id: str = "",
        trace: str = "",
    ) -> str:
        """Write an invocation, joining the transaction that is open; returns its request id.

        arn: a function's ARN or name, with or without qualifier; that it is there is not checked
        (an event for a function that has gone ends in its dead letters, if it has any). payload:
        JSON, at most MAX_PAYLOAD bytes. trace: the X-Amzn-Trace-Id of what led here, if known.
        Raises ValueError for what is no function's name, and for a payload that is too large.
        """
        named = parse_name(arn)
        if named is None or len(payload) > MAX_PAYLOAD:
            raise ValueError(f"{arn[:200]!r} with {len(payload)} bytes cannot be invoked")
        place = named.region or region, named.account or account, named.name
        row = {
            "account": place[1],
            "region": place[0],
            "function": function_arn(*place),
            "arn": function_arn(*place, named.qualifier),
            "request_id": request_id or str(uuid.uuid4()),
            "payload": payload,
            "trace": trace,
            "received": now,
            "next_at": now,
            "attempts": 0,
            "holdups": 0,
        }
        self._transactions.add(KIND, _ADD, row)
        return str(row["request_id"])

    def due(self, now: float) -> list[str]:
        """Functions that have something to do now, those first whose events wait longest.

        Costs a look for each function, however many events wait.
        """
        rows = self._transactions.read(_HEADS)
        heads = sorted((row.head, row.function) for row in rows if row.head is not None)
        return [function for head, function in heads if head <= now]

    def due_of(
        self, function: str, now: float, limit: int, without: Collection[int] = ()
    ) -> list[Invocation]:
        """What one function has to do now, oldest first; `without` what is under way already."""
        wanted = sa.select(table).where(table.c.function == function, table.c.next_at <= now)
        wanted = wanted.order_by(table.c.next_at, table.c.number).limit(limit + len(without))
        found = [_invocation(row) for row in self._transactions.read(wanted)]
        return [one for one in found if one.number not in without][:limit]

    def count_of(self, function: str) -> int:
        """How many wait or are under way."""
        wanted = sa.select(sa.func.count()).where(table.c.function == function)
        return int(self._transactions.read(wanted)[0][0])

    def postpone(self, number: int, next_at: float, attempts: int, holdups: int) -> None:
        change = sa.update(table).where(table.c.number == number)
        values = {"next_at": next_at, "attempts": attempts, "holdups": holdups}
        self._transactions.write(KIND, change.values(values))


def _heads() -> sa.Select[Any]:
    """Each function once, with the time of its first event: from one to the next by the index."""
    first = sa.select(sa.func.min(table.c.function).label("function")).cte("each", recursive=True)
    following = (
        sa.select(sa.func.min(table.c.function))
        .where(table.c.function > first.c.function)
        .scalar_subquery()
    )
    each = first.union_all(sa.select(following).where(first.c.function.is_not(None)))
    head = (
        sa.select(sa.func.min(table.c.next_at))
        .where(table.c.function == each.c.function)
        .scalar_subquery()
    )
    return sa.select(each.c.function, head.label("head")).where(each.c.function.is_not(None))


_ADD = sa.insert(table)
_HEADS = _heads()
_COLUMNS = tuple(field.name for field in fields(Invocation))


def _invocation(row: sa.Row[Any]) -> Invocation:
    return Invocation(**{name: row._mapping[name] for name in _COLUMNS})
