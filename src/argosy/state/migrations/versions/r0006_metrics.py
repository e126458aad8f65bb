"""The tables of metric series."""

import sqlalchemy as sa
from alembic import op

revision = "r0006"
down_revision = "r0005"


def upgrade() -> None:
    """Written out, not taken from argosy.state.metric_tables: that file moves on, this never."""
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "metric_series",
        sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("account", name, nullable=False),
        sa.Column("region", name, nullable=False),
        sa.Column("namespace", name, nullable=False),
        sa.Column("name", name, nullable=False),
        sa.Column("dimensions", sa.Text, nullable=False),
        sa.Column("unit", name, nullable=False),
        sa.Column("seen", sa.Double, nullable=False),
    )
    op.create_table(
        "metric_recent",
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("series", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("sample", sa.LargeBinary, nullable=False),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_blocks",
        sa.Column("series", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("points", sa.LargeBinary, nullable=False),
    )
    op.create_index("metric_blocks_by_age", "metric_blocks", ["period", "start", "size"])
    op.create_table(
        "metric_sources",
        sa.Column("source", name, primary_key=True),
        sa.Column("taken", sa.BigInteger, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
    )
