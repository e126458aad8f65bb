"""Log groups and streams on disk: order, positions, bounds, crashes and full disks."""

import errno
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.telemetry.logs import (
    MAX_EVENT_BYTES,
    LogGroupMissing,
    LogKeeper,
    LogReader,
    LogStreamMissing,
    LogWriter,
    delete_all,
)

GROUP = "/aws/sagemaker/Endpoints/churn"
STREAM = "AllTraffic/i-1"
PLACE = ("000000000000", "us-east-1")


def writer(root: Path, max_bytes: int = 1 << 20, stream: str = STREAM) -> LogWriter:
    return LogWriter(root, *PLACE, GROUP, stream, max_bytes)


def reader(root: Path) -> LogReader:
    return LogReader(root, *PLACE)


def messages(root: Path) -> list[str]:
    return [event.message for event in reader(root).read(GROUP, STREAM, None)[0]]


def fill(root: Path, count: int, max_bytes: int = 1 << 20) -> None:
    log = writer(root, max_bytes)
    for number in range(count):
        log.write(f"line {number}", number)
    log.close()


def test_what_is_written_is_read_in_order_with_its_times(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    events, _, _ = reader(tmp_path).read(GROUP, STREAM, None)
    assert [(e.message, e.timestamp_ms) for e in events] == [
        ("line 0", 0),
        ("line 1", 1),
        ("line 2", 2),
    ]


def test_reading_on_from_the_end_gives_nothing_and_the_same_place(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    _, forward, _ = reader(tmp_path).read(GROUP, STREAM, None)
    events, again, _ = reader(tmp_path).read(GROUP, STREAM, forward)
    assert (events, again) == ([], forward)


def test_pages_forward_meet_without_gap_or_overlap(tmp_path: Path) -> None:
    fill(tmp_path, 25)
    position, seen = 0, []
    while page := reader(tmp_path).read(GROUP, STREAM, position, limit=10):
        seen += [event.message for event in page[0]]
        if page[1] == position:
            break
        position = page[1]
    assert seen == [f"line {n}" for n in range(25)]


def test_pages_backward_give_the_newest_first_page_and_go_to_the_head(tmp_path: Path) -> None:
    fill(tmp_path, 25)
    read = reader(tmp_path).read
    newest, _, backward = read(GROUP, STREAM, None, limit=10, backwards=True)
    older, _, _ = read(GROUP, STREAM, backward, limit=100, backwards=True)
    assert [e.message for e in older + newest] == [f"line {n}" for n in range(25)]


def test_a_page_is_bounded_in_bytes_but_never_empty(tmp_path: Path) -> None:
    log = writer(tmp_path)
    for _ in range(4):
        log.write("x" * 1000, 1)
    log.close()
    assert len(reader(tmp_path).read(GROUP, STREAM, None, max_bytes=2100)[0]) == 2
    assert len(reader(tmp_path).read(GROUP, STREAM, None, max_bytes=1)[0]) == 1


def test_a_time_range_leaves_out_its_end(tmp_path: Path) -> None:
    fill(tmp_path, 10)
    events, _, _ = reader(tmp_path).read(GROUP, STREAM, None, start_ms=3, end_ms=6)
    assert [e.timestamp_ms for e in events] == [3, 4, 5]


def test_a_stream_stays_below_its_bound_and_keeps_the_newest(tmp_path: Path) -> None:
    fill(tmp_path, 40_000, max_bytes=200_000)
    stream = reader(tmp_path).streams(GROUP)[0]
    assert 100_000 < stream.stored_bytes <= 200_000
    assert messages_at_end(tmp_path) == "line 39999"


def messages_at_end(root: Path) -> str:
    return reader(root).read(GROUP, STREAM, None, limit=1, backwards=True)[0][0].message


def test_positions_do_not_change_when_old_lines_are_trimmed(tmp_path: Path) -> None:
    fill(tmp_path, 8000, max_bytes=200_000)
    kept = reader(tmp_path).read(GROUP, STREAM, None, limit=1, backwards=True)[0][0]
    log = writer(tmp_path, 200_000)
    for number in range(8000, 18_000):
        log.write(f"line {number}", number)
    log.close()
    assert reader(tmp_path).streams(GROUP)[0].first_event_ms != 0
    assert reader(tmp_path).read(GROUP, STREAM, kept.position, limit=1)[0] == [kept]


def test_a_position_that_was_trimmed_away_goes_on_at_the_oldest_event(tmp_path: Path) -> None:
    fill(tmp_path, 40_000, max_bytes=200_000)
    first = reader(tmp_path).streams(GROUP)[0].first_event_ms
    assert reader(tmp_path).read(GROUP, STREAM, 0, limit=1)[0][0].timestamp_ms == first


def test_a_torn_last_line_is_ignored_and_repaired_by_the_next_writer(tmp_path: Path) -> None:
    fill(tmp_path, 2)
    segment = next(tmp_path.rglob("*.log"))
    with segment.open("ab") as file:
        file.write(b"123\ttorn in the mid")
    assert messages(tmp_path) == ["line 0", "line 1"]
    log = writer(tmp_path)
    log.write("after the crash", 9)
    log.close()
    assert messages(tmp_path) == ["line 0", "line 1", "after the crash"]


def test_a_full_disk_costs_lines_but_raises_nothing_and_tears_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = writer(tmp_path)
    log.write("before", 1)
    real = os.write

    def half_then_full(descriptor: int, data: bytes) -> int:
        real(descriptor, data[: len(data) // 2])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", half_then_full)
    log.write("lost", 2)
    monkeypatch.setattr(os, "write", real)
    log.write("after", 3)
    log.close()
    assert log.dropped == 1
    assert messages(tmp_path) == ["before", "after"]


def test_a_line_longer_than_an_event_becomes_several_within_characters(tmp_path: Path) -> None:
    line = "é" * MAX_EVENT_BYTES
    log = writer(tmp_path, 16 << 20)
    log.write(line, 1)
    log.close()
    events, _, _ = reader(tmp_path).read(GROUP, STREAM, None, max_bytes=16 << 20)
    assert all(len(e.message.encode()) <= MAX_EVENT_BYTES for e in events)
    assert "".join(e.message for e in events) == line


def test_groups_and_streams_are_listed_by_prefix_with_sizes(tmp_path: Path) -> None:
    fill(tmp_path, 3)
    other = LogWriter(tmp_path, *PLACE, "/other", "s", 1 << 20)
    other.write("x", 5)
    other.close()
    groups = reader(tmp_path).groups("/aws/")
    assert [g.name for g in groups] == [GROUP]
    assert groups[0].stored_bytes == len("0\tline 0\n") * 3
    stream = reader(tmp_path).streams(GROUP, "All")[0]
    assert (stream.name, stream.first_event_ms, stream.last_event_ms) == (STREAM, 0, 2)
    assert reader(tmp_path).streams(GROUP, "Canary") == []
    assert [g.name for g in LogReader(tmp_path, "111111111111", "us-east-1").groups()] == []


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(LogGroupMissing):
        reader(tmp_path).streams(GROUP)
    fill(tmp_path, 1)
    with pytest.raises(LogStreamMissing):
        reader(tmp_path).read(GROUP, "absent", None)


def test_a_deleted_group_is_gone_and_delete_all_empties_the_root(tmp_path: Path) -> None:
    fill(tmp_path, 1)
    LogKeeper(tmp_path, *PLACE).delete_group(GROUP)
    assert reader(tmp_path).groups() == []
    fill(tmp_path, 1)
    delete_all(tmp_path)
    assert list(tmp_path.iterdir()) == []


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=50), max_size=20))
def test_any_text_comes_back_as_it_was(lines: list[str]) -> None:
    with tempfile.TemporaryDirectory() as root:
        log = writer(Path(root))
        for line in ["head", *lines]:
            log.write(line, 1)
        log.close()
        assert messages(Path(root)) == ["head", *lines]


@given(st.sampled_from([GROUP, "..", ".", "a/b", "../../etc", "ü %2F"]))
def test_no_name_of_a_group_leaves_the_folder(name: str) -> None:
    with tempfile.TemporaryDirectory() as root:
        log = LogWriter(Path(root) / "logs", *PLACE, name, name, 1 << 20)
        log.write("x", 1)
        log.close()
        assert [g.name for g in LogReader(Path(root) / "logs", *PLACE).groups()] == [name]
        assert [p.name for p in Path(root).iterdir()] == ["logs"]


def test_many_lines_are_as_many_events(tmp_path: Path) -> None:
    writer = LogWriter(tmp_path, "1", "r", "group", "stream", 1 << 20)
    writer.write_all((number, f"line {number}") for number in range(3000))
    writer.close()

    reader = LogReader(tmp_path, "1", "r")
    events, _, _ = reader.read("group", "stream", None)
    assert [event.message for event in events] == [f"line {number}" for number in range(3000)]
