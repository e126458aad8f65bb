"""The files of one stream: which bytes there are, and its events forwards and backwards."""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from argosy.telemetry.logs.events import MAX_EVENT_BYTES, Event, event_of

_LONGEST_LINE = 2 * MAX_EVENT_BYTES + 64
_END = 8 * 1024


class Segment(NamedTuple):
    """A file of a stream: the offset of its first byte, its size, and when it was written last."""

    start: int
    size: int
    modified_ms: int


def segments(folder: Path) -> list[Segment]:
    """Oldest first; [] when the folder has just gone."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".log") and entry.name[:-4].isdigit():
                with contextlib.suppress(FileNotFoundError):
                    status = entry.stat()
                    modified = status.st_mtime_ns // 1_000_000
                    found.append(Segment(int(entry.name[:-4]), status.st_size, modified))
    return sorted(found)


def segment_path(folder: Path, start: int) -> Path:
    return folder / f"{start:020d}.log"


def extent(folder: Path) -> tuple[int, int]:
    """Offsets of the first byte there still is and of the byte after the last whole line."""
    found = segments(folder)
    if not found:
        return 0, 0
    last = found[-1].start
    return found[0].start, last + whole_bytes(segment_path(folder, last))


def whole_bytes(path: Path) -> int:
    """How many bytes of the segment are whole lines; reads its end only."""
    try:
        with path.open("rb") as file:
            size, chunk = file.seek(0, os.SEEK_END), _END
            while size > 0:
                start = max(0, size - chunk)
                file.seek(start)
                newline = file.read(size - start).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
                size, chunk = start, _LONGEST_LINE
    except FileNotFoundError:
        pass
    return 0


def walk(folder: Path, position: int, since_ms: int = 0) -> Iterator[tuple[Event, int]]:
    """Events from `position` on, each with the offset after it.

    since_ms: files that were not written since may be left out.
    """
    for start, size, modified_ms in segments(folder):
        if start + size <= position or modified_ms < since_ms:
            continue
        data = _read_whole(segment_path(folder, start))
        at = _line_start(data, max(position - start, 0))
        while at < len(data):
            after = data.index(b"\n", at) + 1
            yield event_of(data[at : after - 1], start + at), start + after
            at = after


def walk_back(folder: Path, position: int, since_ms: int = 0) -> Iterator[tuple[Event, int]]:
    """Events that end at or before `position`, newest first; `since_ms` as for `walk`."""
    for start, _, modified_ms in reversed(segments(folder)):
        if start >= position or modified_ms < since_ms:
            continue
        data = _read_whole(segment_path(folder, start))
        after = data.rfind(b"\n", 0, position - start) + 1
        while after > 0:
            at = data.rfind(b"\n", 0, after - 1) + 1
            yield event_of(data[at : after - 1], start + at), start + after
            after = at


def first_event(folder: Path) -> Event | None:
    """The oldest event there still is; reads one line."""
    for segment in segments(folder):
        with contextlib.suppress(FileNotFoundError):
            with segment_path(folder, segment.start).open("rb") as file:
                line = file.readline()
            if line.endswith(b"\n"):
                return event_of(line[:-1], segment.start)
    return None


def last_event(folder: Path) -> Event | None:
    """The newest event; reads the end of one file."""
    for segment in reversed(segments(folder)):
        path = segment_path(folder, segment.start)
        for reach in (_END, _LONGEST_LINE, segment.size):
            found = _last_line(path, reach)
            if found is not None:
                at, line = found
                return event_of(line, segment.start + at)
    return None


def _last_line(path: Path, reach: int) -> tuple[int, bytes] | None:
    """(offset, line) of the last whole line, if it begins within `reach` bytes of the end."""
    end = whole_bytes(path)
    try:
        with path.open("rb") as file:
            start = max(0, end - reach)
            file.seek(start)
            data = file.read(max(0, end - start - 1))
    except FileNotFoundError:
        return None
    newline = data.rfind(b"\n")
    if end == 0 or (newline < 0 and start > 0):
        return None
    return start + newline + 1, data[newline + 1 :]


def _line_start(data: bytes, at: int) -> int:
    """The first offset from `at` on where a line begins."""
    if at == 0 or data[at - 1 : at] == b"\n":
        return at
    newline = data.find(b"\n", at)
    return len(data) if newline < 0 else newline + 1


def _read_whole(path: Path) -> bytes:
    """The segment's whole lines; b"" when it was trimmed away meanwhile."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]
