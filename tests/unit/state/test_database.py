"""Opening databases: new, old, newer, broken, read-only; and what migrations make."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from argosy.ground.errors import ArgosyError
from argosy.state import database
from argosy.state.database import StorageError, newest_revision, open_database
from argosy.state.records import Records
from argosy.state.table import metadata


def test_what_was_written_is_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "argosy.db"
    for opening in range(3):
        engine = open_database(path)
        records = Records(engine)
        assert len(records.find("model")) == opening
        records.create("model", "1", "r", f"m{opening}", {}, now=1.0)
        engine.dispose()


def test_a_url_opens_the_same_database(tmp_path: Path) -> None:
    path = tmp_path / "a b%20.db"
    engine = open_database(path)
    Records(engine).create("model", "1", "r", "m", {}, now=1.0)
    engine.dispose()
    engine = open_database(sa.URL.create("sqlite", database=str(path)).render_as_string())
    assert len(Records(engine).find("model")) == 1
    engine.dispose()


def test_opening_a_current_database_does_not_import_alembic(tmp_path: Path) -> None:
    open_database(tmp_path / "argosy.db").dispose()
    program = (
        "import sys; from argosy.state.database import open_database;"
        "open_database(sys.argv[1]).dispose(); sys.exit('alembic' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program, tmp_path / "argosy.db"], check=True, timeout=30)


def test_sqlite_is_durable_private_and_waits_for_a_lock(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "argosy.db")
    Records(engine).create("model", "1", "r", "m", {}, now=1.0)
    with engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    modes = {oct(file.stat().st_mode & 0o777) for file in tmp_path.iterdir()}
    engine.dispose()
    assert pragmas == {
        "journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000,
    }  # fmt: skip
    assert modes == {"0o600"}


def test_the_migrations_make_the_table_that_the_code_uses(tmp_path: Path) -> None:
    engine = open_database(tmp_path / "argosy.db")
    inspector = sa.inspect(engine)
    columns = {column["name"]: column["nullable"] for column in inspector.get_columns("records")}
    table = metadata.tables["records"]
    assert columns == {column.name: column.nullable for column in table.columns}
    assert inspector.get_pk_constraint("records")["constrained_columns"] == [
        column.name for column in table.primary_key
    ]
    assert {index["name"] for index in inspector.get_indexes("records")} == {
        index.name for index in table.indexes
    }
    engine.dispose()


def test_the_newest_file_in_versions_is_alembics_head() -> None:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    script = ScriptDirectory.from_config(config)
    assert script.get_heads() == [newest_revision()]
    for revision in script.walk_revisions():
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


def test_a_database_of_a_newer_argosy_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "argosy.db"
    engine = open_database(path)
    with engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = 'r9999'")
    engine.dispose()
    with pytest.raises(ArgosyError, match="r9999, newer than this Argosy"):
        open_database(path)


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    path = tmp_path / "argosy.db"
    path.write_bytes(b"these are not the bytes of a database, but there are quite a few" * 99)
    with pytest.raises(ArgosyError, match=r"argosy\.db is not a database of Argosy"):
        open_database(path)


def test_a_migration_cut_off_by_a_full_disk_leaves_nothing_and_can_be_done_again(
    tmp_path: Path,
) -> None:
    path = tmp_path / "argosy.db"
    program = (
        "import resource, signal, sys;"
        "from alembic import command;"
        "from argosy.state.database import open_database, StorageError;"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN);"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192));"
        "\ntry: open_database(sys.argv[1])"
        "\nexcept StorageError: sys.exit(7)"
    )
    done = subprocess.run([sys.executable, "-B", "-c", program, path], timeout=30, check=False)
    assert done.returncode == 7
    engine = open_database(path)
    assert Records(engine).find("model") == []
    engine.dispose()


def test_two_processes_can_open_a_new_database_one_after_the_other_writing(tmp_path: Path) -> None:
    path = tmp_path / "argosy.db"
    first, second = open_database(path), open_database(path)
    Records(first).create("model", "1", "r", "a", {}, now=1.0)
    Records(second).create("model", "1", "r", "b", {}, now=2.0)
    assert [record.name for record in Records(first).find("model")] == ["a", "b"]
    first.dispose()
    second.dispose()


def test_a_database_that_stays_locked_is_a_storage_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_PRAGMAS", ("PRAGMA busy_timeout = 10",))
    engine = open_database(tmp_path / "argosy.db")
    holder = sqlite3.connect(tmp_path / "argosy.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageError, match="locked"):
        Records(engine).create("model", "1", "r", "a", {}, now=1.0)
    holder.execute("ROLLBACK")
    holder.close()
    Records(engine).create("model", "1", "r", "a", {}, now=1.0)
    engine.dispose()


def test_a_missing_folder_is_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nowhere"):
        open_database(os.fspath(tmp_path / "nowhere" / "argosy.db"))
