"""The tables of queues' messages, of what was sent lately, and of deliveries."""

import sqlalchemy as sa
from alembic import op

revision = "r0004"
down_revision = "r0003"


def upgrade() -> None:
    _queue_messages()
    _sent_lately()
    _deliveries()


def _number() -> sa.Column[int]:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    return sa.Column("number", number, primary_key=True, autoincrement=True)


def _queue_messages() -> None:
    table = op.create_table(
        "queue_messages",
        _number(),
        sa.Column("queue", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("system", sa.Text, nullable=False),
        sa.Column("message_group", sa.String, nullable=False),
        sa.Column("sent", sa.Double, nullable=False),
        sa.Column("visible_at", sa.Double, nullable=False),
        sa.Column("receives", sa.Integer, nullable=False),
        sa.Column("receives_here", sa.Integer, nullable=False),
        sa.Column("first_received", sa.Double, nullable=True),
        sa.Column("receipt", sa.String, nullable=False),
        sa.Column("attempt", sa.String, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("queue_messages_by_time", "queue_messages", ["queue", "visible_at", "number"])
    op.create_index("queue_messages_by_age", "queue_messages", ["queue", "sent"])
    _partial(
        "queue_messages_by_group", ["queue", "message_group", "visible_at"], table, "message_group"
    )
    _partial("queue_messages_in_order", ["queue", "number"], table, "message_group")
    _partial("queue_messages_in_flight", ["queue", "visible_at"], table, "receipt")


def _partial(name: str, columns: list[str], table: sa.Table, where: str) -> None:
    """An index of the rows that have something in a column."""
    there = table.c[where] != ""
    op.create_index(name, table.name, columns, sqlite_where=there, postgresql_where=there)


def _sent_lately() -> None:
    op.create_table(
        "sent_lately",
        _number(),
        sa.Column("owner", sa.String, nullable=False),
        sa.Column("scope", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("sequence", sa.String, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.UniqueConstraint("owner", "scope", "name", name="sent_lately_once"),
        sqlite_autoincrement=True,
    )
    op.create_index("sent_lately_by_time", "sent_lately", ["at"])


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        _number(),
        sa.Column("subscription", sa.String, nullable=False),
        sa.Column("topic", sa.String, nullable=False),
        sa.Column("url", sa.Text, nullable=False),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("message_id", sa.String, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("raw", sa.Boolean, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("deliveries_by_time", "deliveries", ["subscription", "next_at", "number"])
