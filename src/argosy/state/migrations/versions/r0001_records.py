"""The table of records."""

import sqlalchemy as sa
from alembic import op

revision = "r0001"
down_revision = None


def upgrade() -> None:
    """Written out, not taken from argosy.state.table: that file moves on, this one never."""
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "records",
        sa.Column("kind", name, primary_key=True),
        sa.Column("account", name, primary_key=True),
        sa.Column("region", name, primary_key=True),
        sa.Column("name", name, primary_key=True),
        sa.Column("name_lower", name, nullable=False),
        sa.Column("document", sa.Text, nullable=False),
        sa.Column("status", name, nullable=False),
        sa.Column("version", sa.BigInteger, nullable=False),
        sa.Column("created", sa.Double, nullable=False),
        sa.Column("modified", sa.Double, nullable=False),
    )
    op.create_index("records_by_lower_name", "records", ["kind", "account", "region", "name_lower"])
