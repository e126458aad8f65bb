"""The one table that holds every resource, as the newest migration leaves it.

Columns that are searched or sorted stand beside the document; nothing asks SQL to look inside it.
"""

import sqlalchemy as sa

metadata = sa.MetaData()

# Byte order on every database, so that pages by name are the same everywhere.
Name = sa.String().with_variant(sa.String(collation="C"), "postgresql")
# SQLite numbers rows by itself only where the key is an INTEGER.
_Number = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def number_column(name: str) -> sa.Column[int]:
    """A key that the database counts up; with `sqlite_autoincrement` no number comes twice."""
    return sa.Column(name, _Number, primary_key=True, autoincrement=True)


records = sa.Table(
    "records",
    metadata,
    sa.Column("kind", Name, primary_key=True),
    sa.Column("account", Name, primary_key=True),
    sa.Column("region", Name, primary_key=True),
    sa.Column("name", Name, primary_key=True),
    sa.Column("name_lower", Name, nullable=False),
    sa.Column("document", sa.Text, nullable=False),
    sa.Column("status", Name, nullable=False),
    sa.Column("version", sa.BigInteger, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("modified", sa.Double, nullable=False),
    sa.Index("records_by_lower_name", "kind", "account", "region", "name_lower"),
    sa.Index("records_by_status", "kind", "status"),
)
