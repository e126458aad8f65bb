"""Which lines of which edge are taken already, so that a line that is told again counts once.

The number of the last one is written in the commit that writes what the lines said; only then is
the edge told, and forgets them.
"""

import sqlalchemy as sa

from argosy.state.metric_tables import metric_sources as table
from argosy.state.transactions import Transactions

_KEPT_S = 7 * 86400.0
"""An edge that was away for longer is another process."""


class Sources:
    """Of one database. Raises StorageError."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions
        rows = transactions.read(sa.select(table.c.source, table.c.taken))
        self._taken: dict[str, int] = {row.source: int(row.taken) for row in rows}
        self._written = dict(self._taken)

    def take(self, source: str, line: int) -> bool:
        """Whether this line is new; from now on it is not."""
        if line <= self._taken.get(source, 0):
            return False
        self._taken[source] = line
        return True

    def is_written(self, source: str, line: int) -> bool:
        return line <= self._written.get(source, 0)

    @property
    def unwritten(self) -> bool:
        return self._taken != self._written

    def write(self, now: float) -> None:
        """Write down what is taken, within the open transaction; forgets those long away."""
        changed = [
            {"source": source, "taken": line, "at": now}
            for source, line in self._taken.items()
            if self._written.get(source) != line
        ]
        with self._transactions.begin() as connection:
            if changed:
                names = [row["source"] for row in changed]
                connection.execute(sa.delete(table).where(table.c.source.in_(names)))
                connection.execute(sa.insert(table), changed)
            connection.execute(sa.delete(table).where(table.c.at < now - _KEPT_S))

    def written(self) -> list[tuple[str, int]]:
        """To be called once the commit is made: who has to be told, and the line they told last."""
        new = [item for item in self._taken.items() if self._written.get(item[0]) != item[1]]
        self._written = dict(self._taken)
        return new
