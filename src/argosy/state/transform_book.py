"""The book of transform jobs: their objects and the pieces of output that are durable already.

A row for each object from the moment it is listed, a row for each piece; a million of either are
fine, for nothing here loads them all. Who works on what is not written down: that is known to the
instances themselves (`control.transforms`). Methods may be called within a transaction, which they
join, or without one; they ring nobody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from argosy.state.transactions import Transactions
from argosy.state.transform_tables import books, objects, pieces

WAITING = 0
"""Nothing of it is durable."""
OPEN = 1
"""It has an upload, or pieces."""
COVERED = 2
"""Pieces cover it; they are to be put together."""
DONE = 3
FAILED = 4

_ENDED = (DONE, FAILED)
_DELETED_AT_ONCE = 5000


@dataclass(frozen=True, kw_only=True)
class Listing:
    """How far the input has been listed."""

    bucket: str
    base: str
    """What output keys are relative to (`control.transforms.outputs`)."""
    after: str = ""
    """The last key that was taken, or how many entries of a manifest."""
    listed: bool = False


@dataclass(frozen=True, kw_only=True)
class ObjectRow:
    """One object of the input."""

    seq: int
    key: str
    size: int
    etag: str
    state: int = WAITING
    attempts: int = 0
    """How often in a row it was given out in vain."""
    upload_id: str = ""
    units: int | None = None
    """Row groups of a Parquet file, once an instance has looked."""
    records: int = 0
    bytes_out: int = 0
    failure: str = ""


@dataclass(frozen=True, kw_only=True)
class Piece:
    """Output of the input's [start, end), in order; see `upload parts` and temporaries in
    ARCHITECTURE.md."""

    start: int
    end: int
    kind: str
    """"part" of the upload, "temp"orary object, or "none" where there is no output."""
    number: int = 0
    etag: str = ""
    uri: str = ""
    bytes: int = 0
    records: int = 0


@dataclass(frozen=True, kw_only=True)
class Totals:
    """Sums over a job's objects; bytes of input unless they are called out."""

    objects: int = 0
    done: int = 0
    failed: int = 0
    bytes: int = 0
    bytes_ended: int = 0
    bytes_out: int = 0
    records: int = 0


class TransformBook:
    """All jobs' books; `job` is the id of the job's deployment. Raises StorageError."""

    def __init__(self, transactions: Transactions) -> None:
        self.transactions = transactions

    def listing(self, job: str) -> Listing | None:
        """How far the listing is; None when it has not begun."""
        rows = self.transactions.read(sa.select(books).where(books.c.job == job))
        return Listing(**_values(rows[0])) if rows else None

    def begin(self, job: str, listing: Listing) -> None:
        """Open a job's book."""
        self._run(sa.insert(books), [{"job": job, **asdict(listing)}])

    def add(self, job: str, found: Sequence[ObjectRow], after: str, listed: bool) -> None:
        """Note objects, and how far the listing is now; one commit."""
        with self.transactions.begin():
            if found:
                self._run(sa.insert(objects), [{"job": job, **vars(one)} for one in found])
            self._run(sa.update(books).where(books.c.job == job).values(after=after, listed=listed))

    def last_seq(self, job: str) -> int:
        """The highest number of an object; -1 when there is none."""
        wanted = sa.select(sa.func.max(objects.c.seq)).where(objects.c.job == job)
        (row,) = self.transactions.read(wanted)
        return -1 if row[0] is None else int(row[0])

    def with_state(
        self, job: str, state: int, after: int = -1, limit: int = 1000
    ) -> list[ObjectRow]:
        """The next objects in that state, in order, whose number is above `after`."""
        wanted = (
            sa.select(objects)
            .where(objects.c.job == job, objects.c.state == state, objects.c.seq > after)
            .order_by(objects.c.seq)
            .limit(limit)
        )
        return [ObjectRow(**_values(row)) for row in self.transactions.read(wanted)]

    def find(self, job: str, seq: int) -> ObjectRow | None:
        """One object."""
        wanted = sa.select(objects).where(objects.c.job == job, objects.c.seq == seq)
        rows = self.transactions.read(wanted)
        return ObjectRow(**_values(rows[0])) if rows else None

    def pieces(self, job: str, seq: int) -> list[Piece]:
        """What is durable of an object, in order."""
        wanted = (
            sa.select(pieces)
            .where(pieces.c.job == job, pieces.c.object == seq)
            .order_by(pieces.c.start)
        )
        return [Piece(**_values(row)) for row in self.transactions.read(wanted)]

    def change(self, job: str, seq: int, **values: Any) -> None:
        """Write down members of `ObjectRow`."""
        same = (objects.c.job == job, objects.c.seq == seq)
        self._run(sa.update(objects).where(*same).values(values))

    def finish(self, job: str, ended: Iterable[tuple[int, int, int]]) -> None:
        """Objects whose output is there: (seq, records, bytes of output) each."""
        rows = [
            {"the_seq": seq, "the_records": records, "the_bytes": size}
            for seq, records, size in ended
        ]
        change = (
            sa.update(objects)
            .where(objects.c.job == job, objects.c.seq == sa.bindparam("the_seq"))
            .values(
                state=DONE,
                records=sa.bindparam("the_records"),
                bytes_out=sa.bindparam("the_bytes"),
            )
        )
        self._run(change, rows)

    def keep(self, job: str, seq: int, piece: Piece) -> None:
        """Note a piece."""
        self._run(sa.insert(pieces), [{"job": job, "object": seq, **vars(piece)}])

    def forget_pieces(self, job: str, seq: int) -> None:
        """An object is to be done again from its beginning."""
        self._run(sa.delete(pieces).where(pieces.c.job == job, pieces.c.object == seq))

    def totals(self, job: str) -> Totals:
        """Sums over all objects; those of a million take a fraction of a second."""
        of = objects.c
        ended = of.state.in_(_ENDED)
        wanted = sa.select(
            sa.func.count(),
            _sum(sa.case((of.state == DONE, 1), else_=0)),
            _sum(sa.case((of.state == FAILED, 1), else_=0)),
            _sum(of.size),
            _sum(sa.case((ended, of.size), else_=0)),
            _sum(of.bytes_out),
            _sum(of.records),
        ).where(of.job == job)
        (row,) = self.transactions.read(wanted)
        names = ("objects", "done", "failed", "bytes", "bytes_ended", "bytes_out", "records")
        return Totals(**dict(zip(names, map(int, row), strict=True)))

    def uploads(self, job: str) -> list[ObjectRow]:
        """Objects that may have an open upload: not those whose output is there."""
        wanted = sa.select(objects).where(
            objects.c.job == job, objects.c.upload_id != "", objects.c.state != DONE
        )
        return [ObjectRow(**_values(row)) for row in self.transactions.read(wanted)]

    def delete(self, job: str) -> None:
        """Remove some thousands of a finished job's rows; call until `listing` is None."""
        for table in (pieces, objects):
            with self.transactions.begin() as connection:
                some = sa.select(*table.primary_key).where(table.c.job == job)
                some = some.limit(_DELETED_AT_ONCE)
                keys = sa.tuple_(*table.primary_key)
                if connection.execute(sa.delete(table).where(keys.in_(some))).rowcount:
                    return
        self._run(sa.delete(books).where(books.c.job == job))

    def known(self) -> list[str]:
        """Jobs that have a book."""
        return [str(row[0]) for row in self.transactions.read(sa.select(books.c.job))]

    def delete_all(self) -> None:
        """Remove every job's book."""
        with self.transactions.begin():
            for table in (pieces, objects, books):
                self._run(sa.delete(table))

    def _run(self, change: sa.Executable, rows: list[dict[str, Any]] | None = None) -> None:
        if rows == []:
            return
        with self.transactions.begin() as connection:
            connection.execute(change, rows) if rows else connection.execute(change)


def _sum(column: sa.ColumnElement[Any]) -> sa.ColumnElement[Any]:
    return sa.func.coalesce(sa.func.sum(column), 0)


def _values(row: sa.Row[Any]) -> dict[str, Any]:
    return {name: value for name, value in row._mapping.items() if name not in ("job", "object")}
