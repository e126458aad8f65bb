"""The tables of metric series, as the newest migration leaves them.

What comes in is a row for each series and minute (or second), in the order of time; later it is
moved into blocks, which hold hours or days of one series. See `argosy.telemetry.metrics`.
"""

import sqlalchemy as sa

from argosy.state.table import Name, metadata

metric_series = sa.Table(
    "metric_series",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("account", Name, nullable=False),
    sa.Column("region", Name, nullable=False),
    sa.Column("namespace", Name, nullable=False),
    sa.Column("name", Name, nullable=False),
    sa.Column("dimensions", sa.Text, nullable=False),
    sa.Column("unit", Name, nullable=False),
    sa.Column("seen", sa.Double, nullable=False),
)

metric_recent = sa.Table(
    "metric_recent",
    metadata,
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("series", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("sample", sa.LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

metric_blocks = sa.Table(
    "metric_blocks",
    metadata,
    sa.Column("series", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("period", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("start", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("size", sa.Integer, nullable=False),
    sa.Column("points", sa.LargeBinary, nullable=False),
    sa.Index("metric_blocks_by_age", "period", "start", "size"),
)

metric_sources = sa.Table(
    "metric_sources",
    metadata,
    sa.Column("source", Name, primary_key=True),
    sa.Column("taken", sa.BigInteger, nullable=False),
    sa.Column("at", sa.Double, nullable=False),
)
