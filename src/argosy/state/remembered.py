"""What was read of records, kept in memory until something of that kind is written.

For what is asked for with every message: a queue, a topic, who is subscribed.
"""

from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from argosy.state.transactions import Transactions

T = TypeVar("T")

_MOST = 10_000


class Remembered(Generic[T]):
    """Values by key, each made of records of some kinds.

    A transaction that has written such records reads for itself, and leaves nothing behind when it
    is undone.
    """

    def __init__(self, transactions: Transactions, *kinds: str) -> None:
        self._transactions = transactions
        self._kinds = frozenset(kinds)
        self._kept: dict[Hashable, T] = {}
        transactions.listen(self._changed)

    def get(self, key: Hashable, read: Callable[[], T]) -> T:
        """The value; `read` is asked where it is not known."""
        if any(map(self._transactions.touches, self._kinds)):
            return read()
        if key not in self._kept:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[key] = read()
        return self._kept[key]

    def _changed(self, kind: str) -> None:
        if kind in self._kinds:
            self._kept = {}
