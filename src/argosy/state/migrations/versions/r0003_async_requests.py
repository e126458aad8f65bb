"""The queue of asynchronous requests."""

import sqlalchemy as sa
from alembic import op

revision = "r0003"
down_revision = "r0002"


def upgrade() -> None:
    """Written out, not taken from argosy.state.async_requests: that file moves on, this never."""
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "async_requests",
        sa.Column("seq", sa.Integer().with_variant(sa.BigInteger, "postgresql"), primary_key=True),
        sa.Column("id", name, nullable=False, unique=True),
        sa.Column("queue", name, nullable=False),
        sa.Column("received", sa.Double, nullable=False),
        sa.Column("expires", sa.Double, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("body", sa.LargeBinary, nullable=True),
    )
    op.create_index("async_requests_by_queue", "async_requests", ["queue", "seq"])
    op.create_index("async_requests_by_expiry", "async_requests", ["expires"])
