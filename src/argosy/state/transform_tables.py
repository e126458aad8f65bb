"""The tables of the book that control keeps of transform jobs' objects (`state.transform_book`)."""

import sqlalchemy as sa

from argosy.state.table import Name, metadata

books = sa.Table(
    "transform_books",
    metadata,
    sa.Column("job", Name, primary_key=True),
    sa.Column("bucket", Name, nullable=False),
    sa.Column("base", sa.Text, nullable=False),
    sa.Column("after", sa.Text, nullable=False),
    sa.Column("listed", sa.Boolean, nullable=False),
)

objects = sa.Table(
    "transform_objects",
    metadata,
    sa.Column("job", Name, primary_key=True),
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
    sa.Index("transform_objects_by_state", "job", "state", "seq"),
)

pieces = sa.Table(
    "transform_pieces",
    metadata,
    sa.Column("job", Name, primary_key=True),
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
