"""The tables of what is to be delivered to targets and of timers, as the newest migration leaves
them."""

import sqlalchemy as sa

from argosy.state.table import metadata, number_column

deliveries = sa.Table(
    "event_deliveries",
    metadata,
    number_column("number"),
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
    sa.Index("event_deliveries_by_time", "next_at", "number"),
    sqlite_autoincrement=True,
)

timers = sa.Table(
    "event_timers",
    metadata,
    sa.Column("arn", sa.String, primary_key=True),
    sa.Column("kind", sa.String, nullable=False),
    sa.Column("account", sa.String, nullable=False),
    sa.Column("region", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("scheduled", sa.Double, nullable=False),
    sa.Column("due", sa.Double, nullable=False),
    sa.Index("event_timers_by_time", "due"),
)
