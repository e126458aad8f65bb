"""The tables of queues and deliveries, as the newest migration leaves them.

Keys are numbers that only rise, also after the newest row is gone: they tell what came first.
"""

import sqlalchemy as sa

from argosy.state.table import metadata, number_column

queue_messages = sa.Table(
    "queue_messages",
    metadata,
    number_column("number"),
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
    sa.Index("queue_messages_by_time", "queue", "visible_at", "number"),
    sa.Index("queue_messages_by_age", "queue", "sent"),
    sqlite_autoincrement=True,
)
sa.Index(
    "queue_messages_by_group",
    queue_messages.c.queue,
    queue_messages.c.message_group,
    queue_messages.c.visible_at,
    sqlite_where=queue_messages.c.message_group != "",
    postgresql_where=queue_messages.c.message_group != "",
)
sa.Index(
    "queue_messages_in_order",
    queue_messages.c.queue,
    queue_messages.c.number,
    sqlite_where=queue_messages.c.message_group != "",
    postgresql_where=queue_messages.c.message_group != "",
)
sa.Index(
    "queue_messages_in_flight",
    queue_messages.c.queue,
    queue_messages.c.visible_at,
    sqlite_where=queue_messages.c.receipt != "",
    postgresql_where=queue_messages.c.receipt != "",
)

sent_lately = sa.Table(
    "sent_lately",
    metadata,
    number_column("number"),
    sa.Column("owner", sa.String, nullable=False),
    sa.Column("scope", sa.String, nullable=False),
    sa.Column("name", sa.String, nullable=False),
    sa.Column("message_id", sa.String, nullable=False),
    sa.Column("sequence", sa.String, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
    sa.UniqueConstraint("owner", "scope", "name", name="sent_lately_once"),
    sa.Index("sent_lately_by_time", "at"),
    sqlite_autoincrement=True,
)

deliveries = sa.Table(
    "deliveries",
    metadata,
    number_column("number"),
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
    sa.Index("deliveries_by_time", "subscription", "next_at", "number"),
    sqlite_autoincrement=True,
)
