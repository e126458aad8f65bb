"""Objects that wait to be given out, read from the book some hundreds at a time."""

from collections import deque

from argosy.control.transforms.ledger import Ledger
from argosy.state import transform_book
from argosy.state.transform_book import ObjectRow, TransformBook

_READ_AT_ONCE = 1000
_SMALL = 256 << 10
"""Objects up to this size are given out many at a time."""
_MOST_AT_ONCE = 64
_BYTES_AT_ONCE = 4 << 20


class Shelf:
    """Rows in order of their numbers; those that came back first."""

    def __init__(self, job: str, book: TransformBook, ledger: Ledger) -> None:
        self._job = job
        self._book = book
        self._ledger = ledger
        self._rows: deque[ObjectRow] = deque()
        self._cursor = -1
        self.refill()

    @property
    def empty(self) -> bool:
        """Nothing waits that has been listed."""
        self._skip()
        if not self._rows:
            self.refill()
            self._skip()
        return not self._rows and not self._ledger.again

    def _skip(self) -> None:
        """Drop rows that were taken otherwise since they were read."""
        while self._rows and self._is_taken(self._rows[0]):
            self._rows.popleft()

    def _is_taken(self, row: ObjectRow) -> bool:
        return row.seq in self._ledger.adopted or self._ledger.holds(row.seq)

    def refill(self) -> None:
        """Read on, if little is left."""
        if len(self._rows) > _MOST_AT_ONCE * 4:
            return
        rows = self._book.with_state(self._job, transform_book.WAITING, self._cursor, _READ_AT_ONCE)
        if rows:
            self._cursor = rows[-1].seq
            self._rows += [row for row in rows if not self._is_taken(row)]

    def take(self, slots: int) -> list[ObjectRow]:
        """The next one; several if they are small, but not so many that others would wait.

        slots: how many may take something at once.
        """
        self.refill()
        first = self._next()
        if first is None:
            return []
        taken, size = [first], first.size
        fair = len(self._rows) // (2 * max(slots, 1))
        while len(taken) < min(fair, _MOST_AT_ONCE) and self._rows:
            size += self._rows[0].size
            if self._rows[0].size > _SMALL or first.size > _SMALL or size > _BYTES_AT_ONCE:
                break
            row = self._rows.popleft()
            if not self._is_taken(row):
                taken.append(row)
        return taken

    def _next(self) -> ObjectRow | None:
        if self._ledger.again:
            return self._ledger.again.popleft()
        self._skip()
        return self._rows.popleft() if self._rows else None
