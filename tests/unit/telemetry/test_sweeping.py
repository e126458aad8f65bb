"""What is too old or too much goes: whole segments, never where somebody still writes."""

import os
import time
from pathlib import Path

from argosy.telemetry.logs import LogKeeper, LogReader, LogWriter
from argosy.telemetry.logs.sweeping import Bounds, Swept, sweep

PLACE = ("000000000000", "us-east-1")
GROUP = "/group"
DAY = 86_400
NOW = time.time()
WIDE = Bounds(idle_days=30, group_bytes=1 << 40, total_bytes=1 << 40)


NEVER: dict[tuple[str, str, str], int | None] = {}
WEEK: dict[tuple[str, str, str], int | None] = {(*PLACE, GROUP): 7}


def fill(root: Path, stream: str = "s", count: int = 1, group: str = GROUP) -> LogWriter:
    """Lines in segments of 16 KiB; the writer stays open."""
    writer = LogWriter(root, *PLACE, group, stream, 128 << 10)
    for number in range(count):
        writer.write(f"{number:>1000}", number)
    return writer


def age(root: Path, days: float) -> None:
    """As if everything had been made and written that long ago."""
    moment = NOW - days * DAY
    for path in sorted(root.rglob("*"), reverse=True):
        if path.name == "created":
            path.write_text(str(int(moment * 1000)))
        os.utime(path, (moment, moment))


def streams(root: Path, group: str = GROUP) -> list[str]:
    return LogReader(root, *PLACE).stream_names(group)


def stored(root: Path, group: str = GROUP) -> int:
    return LogReader(root, *PLACE).group(group).stored_bytes


def test_nothing_goes_that_is_young_and_fits(tmp_path: Path) -> None:
    fill(tmp_path, count=50).close()
    before = stored(tmp_path)
    assert sweep(tmp_path, WEEK, WIDE, NOW) == Swept(0, 0)
    assert stored(tmp_path) == before


def test_events_past_their_retention_go_and_positions_stay(tmp_path: Path) -> None:
    fill(tmp_path, count=50).close()
    end = LogReader(tmp_path, *PLACE).extent(GROUP, "s")[1]
    age(tmp_path, 8)
    assert sweep(tmp_path, NEVER, WIDE, NOW).bytes == 0
    assert sweep(tmp_path, WEEK, WIDE, NOW).bytes == end
    assert stored(tmp_path) == 0
    fill(tmp_path).close()
    (event,), _, _ = LogReader(tmp_path, *PLACE).read(GROUP, "s", end)
    assert event.position == end


def test_a_stream_that_may_still_grow_keeps_its_newest_segment(tmp_path: Path) -> None:
    writer = fill(tmp_path, count=50)
    age(tmp_path, 100)
    sweep(tmp_path, WEEK, Bounds(30, 0, 0), NOW)
    assert streams(tmp_path) == ["s"]
    assert 0 < stored(tmp_path) <= 16 << 10
    writer.write("goes on", 99)
    writer.close()
    events, _, _ = LogReader(tmp_path, *PLACE).read(GROUP, "s", None, limit=1, backwards=True)
    assert events[0].message == "goes on"


def test_streams_that_were_left_behind_go_and_those_of_users_stay(tmp_path: Path) -> None:
    fill(tmp_path).close()
    LogKeeper(tmp_path, *PLACE).create_stream(GROUP, "mine")
    age(tmp_path, 31)
    fill(tmp_path, "young").close()
    assert sweep(tmp_path, NEVER, WIDE, NOW).streams == 1
    assert streams(tmp_path) == ["mine", "young"]


def test_a_group_and_all_groups_together_are_bounded(tmp_path: Path) -> None:
    fill(tmp_path, "oldest", count=60).close()
    age(tmp_path, 3)
    fill(tmp_path, "older", count=60).close()
    (older,) = tmp_path.rglob("older")
    age(older, 2)
    fill(tmp_path, "newest", count=60).close()
    fill(tmp_path, "s", count=60, group="/other").close()
    whole = stored(tmp_path)
    sweep(tmp_path, NEVER, Bounds(30, whole - 40_000, 1 << 40), NOW)
    assert stored(tmp_path) <= whole - 40_000
    reader = LogReader(tmp_path, *PLACE)
    sizes = {name: reader.stream(GROUP, name).stored_bytes for name in streams(tmp_path)}
    assert sizes["oldest"] < sizes["older"] == sizes["newest"]
    sweep(tmp_path, NEVER, Bounds(30, 1 << 40, 50_000), NOW)
    assert stored(tmp_path) + stored(tmp_path, "/other") <= 50_000


def test_groups_go_when_they_have_been_empty_for_long_and_nobody_made_them(tmp_path: Path) -> None:
    fill(tmp_path, group="/of-models").close()
    LogKeeper(tmp_path, *PLACE).create_group("/mine")
    age(tmp_path, 31)
    known: dict[tuple[str, str, str], int | None] = {(*PLACE, "/mine"): None}
    sweep(tmp_path, known, WIDE, NOW)
    assert LogReader(tmp_path, *PLACE).group_names() == ["/mine", "/of-models"]
    age(tmp_path, 31)
    sweep(tmp_path, known, WIDE, NOW)
    assert LogReader(tmp_path, *PLACE).group_names() == ["/mine"]
