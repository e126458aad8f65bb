"""What was sent to FIFO queues and topics within the last minutes, so that it is not sent twice."""

from dataclasses import dataclass

import sqlalchemy as sa

from argosy.state.message_tables import sent_lately as table
from argosy.state.transactions import Transactions

KIND = "sent-lately"
KEPT_S = 300.0
"""The deduplication interval of SQS and SNS."""


@dataclass(frozen=True)
class Sent:
    """What was answered to the first of the kind."""

    message_id: str
    sequence: str


class SentLately:
    """By owner (a queue or topic), scope (a group, or "" for all) and deduplication id."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def find(self, owner: str, scope: str, name: str, now: float) -> Sent | None:
        wanted = sa.select(table.c.message_id, table.c.sequence).where(
            *_key(owner, scope, name), table.c.at > now - KEPT_S
        )
        rows = self._transactions.read(wanted)
        return Sent(rows[0].message_id, rows[0].sequence) if rows else None

    def add(self, owner: str, scope: str, name: str, sent: Sent, now: float) -> int:
        """Remember it; forgets what is too old. Returns a number that rises from call to call."""
        with self._transactions.begin():
            self._transactions.write(KIND, sa.delete(table).where(table.c.at <= now - KEPT_S))
            values = {"owner": owner, "scope": scope, "name": name, "at": now, **vars(sent)}
            return self._transactions.add(KIND, sa.insert(table).values(values))

    def set_sequence(self, number: int, sequence: str) -> None:
        """Complete what was added before its sequence was known."""
        change = sa.update(table).where(table.c.number == number).values(sequence=sequence)
        self._transactions.write(KIND, change)

    def delete_all(self) -> None:
        self._transactions.write(KIND, sa.delete(table))


def _key(owner: str, scope: str, name: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.owner == owner, table.c.scope == scope, table.c.name == name)
