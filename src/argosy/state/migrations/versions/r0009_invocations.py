"""The table of asynchronous invocations of functions."""

import sqlalchemy as sa
from alembic import op

revision = "r0009"
down_revision = "r0008"


def upgrade() -> None:
    number = sa.BigInteger().with_variant(sa.Integer, "sqlite")
    op.create_table(
        "invocations",
        sa.Column("number", number, primary_key=True, autoincrement=True),
        sa.Column("account", sa.String, nullable=False),
        sa.Column("region", sa.String, nullable=False),
        sa.Column("function", sa.String, nullable=False),
        sa.Column("arn", sa.String, nullable=False),
        sa.Column("request_id", sa.String, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("trace", sa.Text, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
        sa.Column("next_at", sa.Double, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("holdups", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_index("invocations_by_time", "invocations", ["function", "next_at", "number"])
    op.create_index("invocations_by_next", "invocations", ["next_at"])
