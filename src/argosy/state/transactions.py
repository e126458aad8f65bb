"""Transactions that several tables share: what belongs together is one commit.

    with transactions.begin():
        requests.finish(…)        # each writes through `write`, and joins
        topics.publish(…)

One thread at a time is inside. Whoever listens is called after each commit, with the name of every
kind of thing that was written in it. This file knows no table.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from argosy.state.database import WRITES, StorageError

_log = logging.getLogger(__name__)

CLOCK = "clock"
"""What listeners are told when the clock was moved, which only tests do."""

Rows = Sequence[Mapping[str, Any]]


class Transactions:
    """Reads and writes of one database.

    Every method raises StorageError (an OSError) when the database cannot be read or written, the
    disk being full included; the transaction is then undone as a whole.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._lock = threading.RLock()
        self._open: sa.Connection | None = None
        self._touched: set[str] = set()
        self._listeners: list[Callable[[str], None]] = []
        self.kept: dict[str, Any] = {}
        """What parts of `state` remember for as long as these last, by name."""

    @contextmanager
    def begin(self) -> Iterator[sa.Connection]:
        """Several calls in one commit; an exception undoes them all. A nested one joins.

        What is written by the connection itself, not through `write`, rings nobody.
        """
        with self._lock:
            if self._open is not None:
                yield self._open
                return
            with self._outermost() as (connection, kinds):
                yield connection
        self._ring(kinds)

    def write(self, kind: str, change: sa.Executable, rows: Rows | None = None) -> int:
        """Carry out one change, for each of `rows` where they are given; returns rows changed.

        kind: what listeners are told, if anything was changed.
        """
        with self.begin() as connection:
            result = connection.execute(change, rows) if rows else connection.execute(change)
            changed = int(result.rowcount)
            if changed:
                self._touched.add(kind)
            return changed

    def add(self, kind: str, insert: sa.Insert, row: Mapping[str, Any] | None = None) -> int:
        """Insert one row; returns the number that is its key, by which rows are in order."""
        with self.begin() as connection:
            result = connection.execute(insert, row)
            self._touched.add(kind)
            assert result.inserted_primary_key is not None
            return int(result.inserted_primary_key[0])

    def read(
        self, wanted: sa.Select[Any], values: Mapping[str, Any] | None = None
    ) -> list[sa.Row[Any]]:
        """All rows of a query; within a transaction, as it has left them.

        values: those of the query's bound parameters, by name.
        """
        with self._lock, _translated():
            if self._open is not None:
                return list(self._open.execute(wanted, values))
            with self._engine.connect() as connection:
                return list(connection.execute(wanted, values))

    def touches(self, kind: str) -> bool:
        """Whether the transaction that is open has written something of that kind."""
        return self._open is not None and kind in self._touched

    def listen(self, callback: Callable[[str], None]) -> None:
        """Have `callback(kind)` called after each commit that wrote something of that kind."""
        self._listeners.append(callback)

    @contextmanager
    def _outermost(self) -> Iterator[tuple[sa.Connection, set[str]]]:
        """A transaction of its own, and the kinds written in it."""
        kinds: set[str] = set()
        with _translated(), self._engine.connect() as plain:
            connection = plain.execution_options(**WRITES)
            with connection.begin():
                self._open, self._touched = connection, kinds
                try:
                    yield connection, kinds
                finally:
                    self._open = None

    def clock_moved(self) -> None:
        """Have all who wait for a time look again."""
        self._ring({CLOCK})

    def _ring(self, kinds: set[str]) -> None:
        for kind in sorted(kinds):
            for callback in self._listeners:
                try:
                    callback(kind)
                except Exception:
                    # The write is done and acknowledged; a listener cannot take that back.
                    _log.exception("a listener failed on a change of %s", kind)


@contextmanager
def _translated() -> Iterator[None]:
    """The database's own errors become StorageError; nobody above knows SQLAlchemy's."""
    try:
        yield
    except sa.exc.DBAPIError as error:
        raise StorageError(f"the database failed: {error.orig}") from error
