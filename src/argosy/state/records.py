"""The records: every resource of every account as one row, written durably, read by anybody.

A record is a JSON document with a name, a status and a version. Writes are optimistic: an update
of a record that has moved on raises Stale. Whoever listens is called after each commit. This
file knows no service and no meaning of a document.
"""

import json
from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from argosy.state.database import StorageError
from argosy.state.query import BadToken, Query, begins, statement, token_after
from argosy.state.record import Page, Record
from argosy.state.table import records as table
from argosy.state.transactions import Transactions

__all__ = [
    "AlreadyThere",
    "BadToken",
    "Page",
    "Query",
    "Record",
    "Records",
    "Stale",
    "StorageError",
]


class AlreadyThere(Exception):
    """A record of that kind and name exists in this account and region."""


class Stale(Exception):
    """The record was changed or removed since it was read."""


class Records:
    """Reads and writes records; one thread at a time is inside.

    Every method raises StorageError (an OSError) when the database cannot be read or written, the
    disk being full included; the transaction is then undone as a whole.
    """

    def __init__(self, database: sa.Engine | Transactions) -> None:
        """`database`: its transactions, to share them with other tables; or an engine."""
        self.transactions = (
            database if isinstance(database, Transactions) else Transactions(database)
        )

    def get(self, kind: str, account: str, region: str, name: str) -> Record | None:
        """The record of exactly this name, or None."""
        found = self._read(sa.select(table).where(*_key(kind, account, region, name)))
        return found[0] if found else None

    def get_any_case(self, kind: str, account: str, region: str, name: str) -> Record | None:
        """The oldest record whose name differs at most in case, or None (ARNs are lower-cased)."""
        same = (
            table.c.kind == kind,
            table.c.account == account,
            table.c.region == region,
            table.c.name_lower == name.lower(),
        )
        found = self._read(sa.select(table).where(*same).order_by(table.c.created).limit(1))
        return found[0] if found else None

    def find(
        self,
        kind: str,
        account: str | None = None,
        region: str | None = None,
        *,
        prefix: str = "",
        statuses: Collection[str] = (),
    ) -> list[Record]:
        """All records of a kind, oldest first; only those whose name begins with `prefix`, and
        with one of the statuses where some are given."""
        wanted = sa.select(table).where(table.c.kind == kind)
        if statuses:
            wanted = wanted.where(table.c.status.in_(statuses))
        if account is not None:
            wanted = wanted.where(table.c.account == account)
        if region is not None:
            wanted = wanted.where(table.c.region == region)
        if prefix:
            wanted = wanted.where(*begins(prefix))
        return self._read(wanted.order_by(table.c.created, table.c.name))

    def versions(self, kind: str) -> dict[tuple[str, str, str], int]:
        """The version of every record of a kind, by account, region and name: to see what is new
        without reading it."""
        columns = table.c
        rows = self._rows(
            sa.select(columns.account, columns.region, columns.name, columns.version).where(
                columns.kind == kind
            )
        )
        return {(row.account, row.region, row.name): row.version for row in rows}

    def query(self, kind: str, account: str, region: str, query: Query) -> Page:
        """One page of a List call; raises BadToken when `query.after` is not a token of it."""
        found = self._read(statement(kind, account, region, query))
        page, more = found[: query.limit], found[query.limit :]
        if not more:
            return Page(page)
        last = page[-1]
        return Page(page, token_after(query, getattr(last, query.sort_by), last.name))

    def create(
        self,
        kind: str,
        account: str,
        region: str,
        name: str,
        document: dict[str, Any],
        *,
        now: float,
        status: str = "",
    ) -> Record:
        """Add a record; raises AlreadyThere."""
        text = _dump(document)
        row = Record(kind, account, region, name, json.loads(text), status, 1, now, now)
        values = {**row.__dict__, "document": text, "name_lower": name.lower()}
        with self.transaction():
            if self.get(kind, account, region, name) is not None:
                raise AlreadyThere(f"{kind} {name}")
            self._write(kind, sa.insert(table).values(values))
        return row

    def update(
        self,
        record: Record,
        *,
        now: float,
        document: dict[str, Any] | None = None,
        status: str | None = None,
        touch: bool = True,
    ) -> Record:
        """Change what is given, if nobody did since `record` was read; else raises Stale.

        `touch=False` leaves `modified` as it is: for what a user would not call a change.
        """
        text = _dump(record.document if document is None else document)
        changed = replace(
            record,
            document=json.loads(text),
            status=record.status if status is None else status,
            version=record.version + 1,
            modified=now if touch else record.modified,
        )
        same = _key(record.kind, record.account, record.region, record.name)
        change = sa.update(table).where(*same, table.c.version == record.version)
        change = change.values(
            document=text,
            status=changed.status,
            version=changed.version,
            modified=changed.modified,
        )
        if not self._write(record.kind, change):
            raise Stale(f"{record.kind} {record.name}")
        return changed

    def delete(self, kind: str, account: str, region: str, name: str) -> bool:
        """Remove a record; False when there was none."""
        gone = self._write(kind, sa.delete(table).where(*_key(kind, account, region, name)))
        return gone > 0

    def delete_all(self) -> None:
        """Remove every record of every account."""
        with self.transaction():
            kinds = self._rows(sa.select(table.c.kind).distinct())
            for (kind,) in kinds:
                self._write(kind, sa.delete(table).where(table.c.kind == kind))

    def transaction(self) -> AbstractContextManager[object]:
        """Several calls in one commit; an exception undoes them all. A nested one joins."""
        return self.transactions.begin()

    def listen(self, callback: Callable[[str], None]) -> None:
        """Have `callback(kind)` called after each commit that wrote records of that kind."""
        self.transactions.listen(callback)

    def _write(self, kind: str, change: sa.Executable) -> int:
        """Rows changed."""
        return self.transactions.write(kind, change)

    def _read(self, wanted: sa.Select[Any]) -> list[Record]:
        return [_record(row) for row in self._rows(wanted)]

    def _rows(self, wanted: sa.Select[Any]) -> list[sa.Row[Any]]:
        return self.transactions.read(wanted)


def _key(kind: str, account: str, region: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    columns = table.c
    return (
        columns.kind == kind,
        columns.account == account,
        columns.region == region,
        columns.name == name,
    )


def _dump(document: dict[str, Any]) -> str:
    return json.dumps(document, separators=(",", ":"))


def _record(row: sa.Row[Any]) -> Record:
    columns = row._mapping
    return Record(
        kind=columns["kind"],
        account=columns["account"],
        region=columns["region"],
        name=columns["name"],
        document=json.loads(columns["document"]),
        status=columns["status"],
        version=columns["version"],
        created=columns["created"],
        modified=columns["modified"],
    )
