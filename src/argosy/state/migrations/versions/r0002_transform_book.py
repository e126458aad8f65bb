"""The book of transform jobs."""

import sqlalchemy as sa
from alembic import op

revision = "r0002"
down_revision = "r0001"


def upgrade() -> None:
    """Written out, not taken from argosy.state: those files move on, this one never."""
    name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
    op.create_table(
        "transform_books",
        sa.Column("job", name, primary_key=True),
        sa.Column("bucket", name, nullable=False),
        sa.Column("base", sa.Text, nullable=False),
        sa.Column("after", sa.Text, nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
    )
    op.create_table(
        "transform_objects",
        sa.Column("job", name, primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True),
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("size", sa.BigInteger, nullable=False),
        sa.Column("etag", sa.Text, nullable=False),
        sa.Column("state", sa.SmallInteger, nullable=False),
        sa.Column("attempts", sa.SmallInteger, nullable=False),
        sa.Column("upload_id", sa.Text, nullable=False),
        sa.Column("units", sa.BigInteger, nullable=True),
        sa.Column("records", sa.BigInteger, nullable=False),
        sa.Column("bytes_out", sa.BigInteger, nullable=False),
        sa.Column("failure", sa.Text, nullable=False),
    )
    op.create_index("transform_objects_by_state", "transform_objects", ["job", "state", "seq"])
    op.create_table(
        "transform_pieces",
        sa.Column("job", name, primary_key=True),
        sa.Column("object", sa.BigInteger, primary_key=True),
        sa.Column("start", sa.BigInteger, primary_key=True),
        sa.Column("end", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("etag", sa.Text, nullable=False),
        sa.Column("uri", sa.Text, nullable=False),
        sa.Column("bytes", sa.BigInteger, nullable=False),
        sa.Column("records", sa.BigInteger, nullable=False),
    )
