"""How many requests each key has made under each usage plan, day by day, for quotas."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert

from argosy.state.table import metadata
from argosy.state.transactions import Transactions

KIND = "api-usage"

table = sa.Table(
    "api_usage",
    metadata,
    sa.Column("plan", sa.String(64), primary_key=True),
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("day", sa.String(10), primary_key=True),
    sa.Column("used", sa.Integer, nullable=False),
)


class Used(NamedTuple):
    """Whose count it is; day is YYYY-MM-DD of UTC."""

    plan: str
    key: str
    day: str


class ApiUsage:
    """The counts of all plans; ids of plans and keys are unique on a platform."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, counts: Mapping[Used, int]) -> None:
        """Count on, in one commit."""
        with self._transactions.begin() as connection:
            insert = sqlite_insert if connection.dialect.name == "sqlite" else postgresql_insert
            change = insert(table)
            summed = change.on_conflict_do_update(
                index_elements=["plan", "key", "day"],
                set_={"used": table.c.used + change.excluded.used},
            )
            rows = [{**used._asdict(), "used": count} for used, count in counts.items()]
            if rows:
                self._transactions.write(KIND, summed, rows)

    def between(self, plan: str, first: str, last: str, key: str = "") -> dict[Used, int]:
        """The counts of a plan, and perhaps of one key, from one day to another, both included."""
        wanted = sa.select(table).where(
            table.c.plan == plan, table.c.day >= first, table.c.day <= last
        )
        if key:
            wanted = wanted.where(table.c.key == key)
        rows = self._transactions.read(wanted)
        return {Used(row.plan, row.key, row.day): int(row.used) for row in rows}

    def forget(self, plan: str, keys: Iterable[str] | None = None) -> None:
        """Remove the counts of a plan, or of some of its keys."""
        gone = sa.delete(table).where(table.c.plan == plan)
        if keys is not None:
            gone = gone.where(table.c.key.in_(list(keys)))
        self._transactions.write(KIND, gone)

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))
