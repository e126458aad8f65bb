"""What is to be delivered to the targets of events, and when schedules are due."""

import sqlalchemy as sa
from alembic import op

revision = "r0008"
down_revision = "r0007"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    bus = sa.Column("bus", sa.String, nullable=False, server_default="default")
    op.add_column("event_outbox", bus)
    op.add_column("event_outbox", sa.Column("trace", sa.String, nullable=False, server_default=""))
    op.add_column("event_outbox", sa.Column("hops", sa.Integer, nullable=False, server_default="0"))
    op.create_table(
        "event_readers",
        sa.Column("reader", sa.String, primary_key=True),
        sa.Column("position", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "event_deliveries",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("service", sa.String, nullable=False),
        sa.Column("origin", sa.String, nullable=False),
        sa.Column("target", sa.Text, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("trace", sa.String, nullable=False),
        sa.Column("hops", sa.Integer, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("event_deliveries_by_time", "event_deliveries", ["next_at", "number"])
    op.create_table(
        "event_timers",
        sa.Column("arn", sa.String, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("name", sa.String, nullable=False),
        sa.Column("scheduled", sa.Double, nullable=False),
        sa.Column("due", sa.Double, nullable=False),
    )
    op.create_index("event_timers_by_time", "event_timers", ["due"])
