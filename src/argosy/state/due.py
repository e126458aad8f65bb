"""Rows that wait for their time: each has a "number", its key, and "next_at", in epoch seconds.

What a row is, and which are taken first, is for whoever has the table.
"""

from typing import ClassVar

import sqlalchemy as sa

from argosy.state.transactions import Transactions


class DueRows:
    """One table of them. Every method raises StorageError as `Transactions` does."""

    _kind: ClassVar[str]
    """What listeners are told."""
    _table: ClassVar[sa.Table]

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def next_at(self, now: float) -> float | None:
        """When the next one is due that is not due yet."""
        times = self._table.c.next_at
        (at,) = self._transactions.read(sa.select(sa.func.min(times)).where(times > now))[0]
        return None if at is None else float(at)

    def delete(self, number: int) -> bool:
        """Whether it was there."""
        gone = sa.delete(self._table).where(self._table.c.number == number)
        return self._transactions.write(self._kind, gone) > 0

    def delete_all(self) -> None:
        self._transactions.write(self._kind, sa.delete(self._table))
