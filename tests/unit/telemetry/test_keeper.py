"""Groups and streams of users on disk: who writes them, and what a power loss leaves."""

import os
import threading
from pathlib import Path

import pytest

from argosy.telemetry.logs import (
    LogExists,
    LogGroupMissing,
    LogKeeper,
    LogReader,
    LogStreamMissing,
    LogWriter,
    NotUsers,
)

PLACE = ("000000000000", "us-east-1")
GROUP, STREAM = "/app", "web"
MOST = 1 << 20


@pytest.fixture
def keeper(tmp_path: Path) -> LogKeeper:
    found = LogKeeper(tmp_path, *PLACE)
    found.create_group(GROUP)
    found.create_stream(GROUP, STREAM)
    return found


def messages(root: Path, stream: str = STREAM) -> list[str]:
    return [e.message for e in LogReader(root, *PLACE).read(GROUP, stream, None)[0]]


def test_what_is_put_is_on_disk_before_it_is_acknowledged(
    keeper: LogKeeper, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file that was written is synced after the last write to it, and so is the name of a
    file that is new."""
    unsynced: set[str] = set()
    write, fsync, opened = os.write, os.fsync, os.open

    def path_of(descriptor: int) -> str:
        return os.readlink(f"/proc/self/fd/{descriptor}")

    def noted_open(path: os.PathLike[str], flags: int, mode: int = 0o777) -> int:
        if flags & os.O_CREAT and not os.path.exists(path):
            unsynced.add(str(Path(path).parent))
        return opened(path, flags, mode)

    def noted_write(descriptor: int, data: bytes) -> int:
        unsynced.add(path_of(descriptor))
        return write(descriptor, data)

    def noted_fsync(descriptor: int) -> None:
        unsynced.discard(path_of(descriptor))
        fsync(descriptor)

    monkeypatch.setattr(os, "open", noted_open)
    monkeypatch.setattr(os, "write", noted_write)
    monkeypatch.setattr(os, "fsync", noted_fsync)
    keeper.put(GROUP, STREAM, [(1, "x" * 500)], 1, MOST)
    assert unsynced == set()
    keeper.put(GROUP, STREAM, [(1, "x" * 500)] * 1000, 1, MOST)  # several segments
    assert unsynced == set()
    assert len(list(tmp_path.rglob("*.log"))) > 2


def test_a_stream_of_the_platform_is_not_put_into(keeper: LogKeeper, tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, *PLACE, GROUP, "All/i-1", MOST)
    writer.write("from a model", 1)
    writer.close()
    with pytest.raises(NotUsers):
        keeper.put(GROUP, "All/i-1", [(1, "x")], 1, MOST)


def test_the_platform_takes_over_a_stream_that_it_writes(keeper: LogKeeper, tmp_path: Path) -> None:
    keeper.put(GROUP, STREAM, [(1, "mine")], 1, MOST)
    writer = LogWriter(tmp_path, *PLACE, GROUP, STREAM, MOST)
    writer.write("the platform's", 2)
    writer.close()
    with pytest.raises(NotUsers):
        keeper.put(GROUP, STREAM, [(1, "x")], 1, MOST)
    assert messages(tmp_path) == ["mine", "the platform's"]


def test_many_threads_put_whole_events(keeper: LogKeeper, tmp_path: Path) -> None:
    def put(number: int) -> None:
        for turn in range(20):
            keeper.put(GROUP, STREAM, [(1, f"{number} {turn} {i}") for i in range(10)], 1, MOST)

    threads = [threading.Thread(target=put, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = messages(tmp_path)
    assert sorted(found) == sorted(
        f"{n} {turn} {i}" for n in range(4) for turn in range(20) for i in range(10)
    )


def test_a_torn_end_of_a_stream_is_cut_off_by_the_next_put(
    keeper: LogKeeper, tmp_path: Path
) -> None:
    keeper.put(GROUP, STREAM, [(1, "one")], 1, MOST)
    (segment,) = tmp_path.rglob("*.log")
    with segment.open("ab") as file:
        file.write(b"1\ttorn by a power lo")
    keeper.put(GROUP, STREAM, [(1, "two")], 1, MOST)
    assert messages(tmp_path) == ["one", "two"]


def test_what_is_there_or_is_not_is_said(keeper: LogKeeper) -> None:
    with pytest.raises(LogExists):
        keeper.create_group(GROUP)
    with pytest.raises(LogExists):
        keeper.create_stream(GROUP, STREAM)
    with pytest.raises(LogGroupMissing):
        keeper.put("/absent", STREAM, [(1, "x")], 1, MOST)
    with pytest.raises(LogStreamMissing):
        keeper.put(GROUP, "absent", [(1, "x")], 1, MOST)
    keeper.delete_stream(GROUP, STREAM)
    keeper.delete_group(GROUP)
    with pytest.raises(LogGroupMissing):
        keeper.delete_group(GROUP)


def test_late_events_keep_both_their_times(keeper: LogKeeper, tmp_path: Path) -> None:
    keeper.put(GROUP, STREAM, [(100, "late"), (900, "early")], 500, MOST)
    events, _, _ = LogReader(tmp_path, *PLACE).read(GROUP, STREAM, None)
    assert [(e.timestamp_ms, e.ingestion_ms) for e in events] == [(100, 500), (900, 500)]
