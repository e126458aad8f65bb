"""A fresh database for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from argosy.state.database import open_database
from argosy.state.records import Records


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[sa.Engine]:
    engine = open_database(tmp_path / "argosy.db")
    yield engine
    engine.dispose()


@pytest.fixture
def records(engine: sa.Engine) -> Records:
    return Records(engine)
