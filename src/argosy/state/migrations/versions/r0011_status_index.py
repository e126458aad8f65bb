"""Finds what is under way among many jobs that are over."""

from alembic import op

revision = "r0011"
down_revision = "r0010"


def upgrade() -> None:
    op.create_index("records_by_status", "records", ["kind", "status"])
