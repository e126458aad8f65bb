"""What became of alarms: changes of their state and configuration, and their actions.

Kept for two weeks, and no more than `MOST_ITEMS` of one platform; the oldest go first.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.table import Name, metadata, number_column
from argosy.state.transactions import Transactions

KIND = "alarm-history"
"""What listeners are told."""
KEPT_S = 14 * 86400
MOST_ITEMS = 100_000
_PRUNE_EVERY = 500
_LONGEST_DATA = 4095
_TOO_LONG = '{"version":"1.0","omitted":"it has more than 4095 characters"}'

STATE = "StateUpdate"
CONFIGURATION = "ConfigurationUpdate"
ACTION = "Action"

table = sa.Table(
    "alarm_history",
    metadata,
    number_column("number"),
    sa.Column("account", Name, nullable=False),
    sa.Column("region", Name, nullable=False),
    sa.Column("name", Name, nullable=False),
    sa.Column("kind", Name, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.Column("item", Name, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Index("alarm_history_by_name", "account", "region", "name", "at"),
    sa.Index("alarm_history_by_time", "account", "region", "at"),
    sqlite_autoincrement=True,
)


@dataclass(frozen=True)
class Item:
    """One entry of the history."""

    number: int
    account: str
    region: str
    name: str
    kind: str
    """The alarm's kind of record."""
    at: float
    item: str
    summary: str
    data: str
    """JSON."""


class AlarmHistory:
    """Of every account. Writes join the transaction that is open."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(
        self,
        account: str,
        region: str,
        name: str,
        kind: str,
        item: str,
        summary: str,
        data: str,
        now: float,
    ) -> None:
        row = {
            "account": account,
            "region": region,
            "name": name,
            "kind": kind,
            "at": now,
            "item": item,
            "summary": summary[:255],
            "data": data if len(data) <= _LONGEST_DATA else _TOO_LONG,
        }
        with self._transactions.begin():
            number = self._transactions.add(KIND, sa.insert(table), row)
            if number % _PRUNE_EVERY == 0:
                self.prune(now)

    def find(
        self,
        account: str,
        region: str,
        *,
        name: str | None = None,
        kinds: Collection[str] = (),
        item: str | None = None,
        start: float | None = None,
        end: float | None = None,
        descending: bool = True,
        offset: int = 0,
        limit: int = 100,
    ) -> list[Item]:
        """Items in the order of their time. start, end: inclusive, epoch seconds."""
        columns = table.c
        wanted = sa.select(table).where(columns.account == account, columns.region == region)
        for column, value in ((columns.name, name), (columns.item, item)):
            if value is not None:
                wanted = wanted.where(column == value)
        if kinds:
            wanted = wanted.where(columns.kind.in_(kinds))
        if start is not None:
            wanted = wanted.where(columns.at >= start)
        if end is not None:
            wanted = wanted.where(columns.at <= end)
        order = [columns.at, columns.number]
        wanted = wanted.order_by(*(one.desc() if descending else one.asc() for one in order))
        return [_item(row) for row in self._transactions.read(wanted.offset(offset).limit(limit))]

    def prune(self, now: float) -> None:
        """Drop what is too old, or too much. `add` does so now and then."""
        newest = self._transactions.read(sa.select(sa.func.max(table.c.number)))[0][0] or 0
        gone = sa.or_(table.c.at < now - KEPT_S, table.c.number <= newest - MOST_ITEMS)
        self._transactions.write(KIND, sa.delete(table).where(gone))

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))


def _item(row: sa.Row[Any]) -> Item:
    return Item(**row._mapping)
