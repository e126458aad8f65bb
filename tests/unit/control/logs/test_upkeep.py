"""Logs are swept as settings and retention say."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from argosy.control.logs.whole import LogUpkeep
from argosy.ground.clock import SystemClock
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings
from argosy.state.database import open_database
from argosy.state.log_groups import GroupSettings, set_settings
from argosy.state.records import Records
from argosy.telemetry.logs import LogReader, LogWriter

PLACE = ("000000000000", "us-east-1")


@pytest.fixture
def means(tmp_path: Path) -> Iterator[Any]:
    """What a part of control is made of, as far as logs want it."""
    engine = open_database(tmp_path / "test.db")
    yield SimpleNamespace(
        records=Records(engine),
        metrics=None,
        clock=SystemClock(),
        data_dir=DataDir.at(tmp_path),
        settings=Settings(log_idle_days=3, log_group_mb=1, log_total_gb=1.5 / 1024),
    )
    engine.dispose()


def fill(means: Any, group: str, size: int = 1, days: float = 0.0) -> None:
    """A stream of about so many bytes, left that many days ago."""
    writer = LogWriter(means.data_dir.logs, *PLACE, group, "s", 4 << 20)
    for _ in range(max(1, size // 1000)):
        writer.write("x" * 985, 0)
    writer.close()
    moment = time.time() - days * 86_400
    for path in means.data_dir.logs.rglob("*"):
        if days and group.strip("/") in str(path) and path.is_file():
            if path.name == "created":
                path.write_text(str(int(moment * 1000)))
            os.utime(path, (moment, moment))


def sizes(means: Any) -> dict[str, int]:
    found = LogReader(means.data_dir.logs, *PLACE).groups()
    return {group.name: group.stored_bytes for group in found}


def test_streams_that_are_left_go_after_the_days_that_are_set(means: Any) -> None:
    fill(means, "/old", days=3.1)
    fill(means, "/young", days=2.9)
    assert LogUpkeep(means).sweep().streams == 1
    assert sizes(means)["/old"] == 0 < sizes(means)["/young"]


def test_events_go_after_the_retention_of_their_group(means: Any) -> None:
    fill(means, "/kept", days=2)
    fill(means, "/gone", days=2)
    set_settings(means.records, *PLACE, "/gone", GroupSettings(retention_days=1), 0.0)
    LogUpkeep(means).sweep()
    assert sizes(means)["/gone"] == 0 < sizes(means)["/kept"]


def test_a_group_and_all_groups_keep_within_what_is_set(means: Any) -> None:
    fill(means, "/a", size=1_400_000)
    assert LogUpkeep(means).sweep().bytes > 0
    assert 0 < sizes(means)["/a"] <= 1 << 20
    fill(means, "/b", size=900_000)
    LogUpkeep(means).sweep()
    assert sum(sizes(means).values()) <= 1.5 * (1 << 20)
