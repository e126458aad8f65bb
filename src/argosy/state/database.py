"""Opens the database: SQLite in a file (default) or any SQLAlchemy URL, at the newest revision.

Alembic is imported only when there is something to migrate, for start-up time and memory.
SQLite runs with WAL and synchronous=FULL: what was committed survives kill -9 and power loss.
"""

import os
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from argosy.ground.errors import ArgosyError

WRITES = {"argosy_writes": True}
"""Execution options of a connection that is about to write."""

_MIGRATIONS = Path(__file__).parent / "migrations"

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA busy_timeout = 5000",
)


class StorageError(OSError):
    """The database could not be read or written (disk full, I/O error); nothing was half-done."""


def open_database(url_or_path: str | os.PathLike[str]) -> sa.Engine:
    """An engine on a database at the newest revision.

    Raises ArgosyError when it was written by a newer Argosy or is not a database at all, and
    StorageError when it cannot be migrated (disk full).
    """
    url = _url(url_or_path)
    if url.get_backend_name() == "sqlite":
        _create_private(url)
    # Parameters hold users' documents, secrets included: they must not get into tracebacks.
    engine = sa.create_engine(url, hide_parameters=True)
    if engine.dialect.name == "sqlite":
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    try:
        _migrate(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def newest_revision() -> str:
    """The revision this code needs: files in versions/ are named by their revision."""
    return max(path.name.split("_")[0] for path in (_MIGRATIONS / "versions").glob("r*.py"))


def _url(url_or_path: str | os.PathLike[str]) -> sa.URL:
    text = os.fspath(url_or_path)
    if "://" in text:
        return sa.make_url(text)
    return sa.URL.create("sqlite", database=text)


def _create_private(url: sa.URL) -> None:
    """SQLite gives its WAL the mode of the database, so the mode comes first."""
    if url.database and url.database != ":memory:":
        os.close(os.open(url.database, os.O_CREAT | os.O_RDWR, 0o600))


def _prepare_sqlite(connection: Any, _: Any) -> None:
    # None: the driver begins no transaction of its own; SQLAlchemy's begin does (_begin_sqlite).
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: sa.Connection) -> None:
    """Writers take the lock at once: a reader that becomes a writer could be refused half-way."""
    writes = connection.get_execution_options().get("argosy_writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _migrate(engine: sa.Engine) -> None:
    try:
        current = _revision(engine)
        if current != newest_revision():
            _upgrade(engine, current)
    except sa.exc.DatabaseError as error:
        if "not a database" in str(error.orig):
            raise ArgosyError(f"{engine.url.database} is not a database of Argosy") from error
        raise StorageError(f"the database cannot be opened: {error.orig}") from error


def _revision(engine: sa.Engine) -> str | None:
    """The revision the database is at; None for a new one."""
    with engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        row = connection.exec_driver_sql("SELECT version_num FROM alembic_version").first()
        return str(row[0]) if row else None


def _upgrade(engine: sa.Engine, current: str | None) -> None:
    if current is not None and current > newest_revision():
        raise ArgosyError(
            f"the database is at revision {current}, newer than this Argosy knows "
            f"({newest_revision()}): start the newer Argosy, or use another data folder"
        )
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    with engine.connect() as plain:
        connection = plain.execution_options(**WRITES)
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
