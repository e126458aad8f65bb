"""The table of what became of alarms."""

import sqlalchemy as sa
from alembic import op

revision = "r0007"
down_revision = "r0006"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "alarm_history",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("account", name, nullable=False),
        sa.Column("region", name, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("kind", name, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("item", name, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("alarm_history_by_name", "alarm_history", ["account", "region", "name", "at"])
    op.create_index("alarm_history_by_time", "alarm_history", ["account", "region", "at"])
