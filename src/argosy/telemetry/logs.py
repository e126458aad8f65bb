"""Log groups and streams on disk: what CloudWatch Logs would keep, bounded in size.

    <root>/<account>/<region>/<quoted group>/<quoted stream>/00000000000000000000.log
                                                            00000000000004194304.log

A stream is a row of segments, each named by the offset of its first byte in the whole stream; the
oldest go when the stream is larger than its bound, so an event's offset (its `position`) never
changes. An event is one line, `<timestamp ms>\\t<escaped text>\\n`; a last line without its newline
was torn by a crash and does not count.

One process writes a stream, any number read it. Writing never raises: a full disk costs lines,
which are counted. Nothing here knows CloudWatch's tokens or limits on a call.
"""

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from time import time
from urllib.parse import quote, unquote

MAX_EVENT_BYTES = 256 * 1024
"""A longer line becomes several events (the limit of CloudWatch Logs)."""

_SEGMENTS = 8
_SMALLEST_SEGMENT = 16 * 1024
_CREATED = "created"


class LogGroupMissing(LookupError):
    """The log group does not exist."""


class LogStreamMissing(LookupError):
    """The log stream does not exist in its group."""


@dataclass(frozen=True)
class Event:
    """One line of a log. `position` is its byte offset in the stream, stable for ever."""

    position: int
    timestamp_ms: int
    message: str
    ingestion_ms: int


@dataclass(frozen=True)
class Group:
    """A log group; sizes are what lies on disk now."""

    name: str
    created_ms: int
    stored_bytes: int


@dataclass(frozen=True)
class Stream:
    """A log stream; the times of events are None while it holds none."""

    name: str
    created_ms: int
    first_event_ms: int | None
    last_event_ms: int | None
    last_ingestion_ms: int | None
    stored_bytes: int


class LogWriter:
    """Appends to one stream; makes its folder when the first line comes."""

    def __init__(
        self, root: Path, account: str, region: str, group: str, stream: str, max_bytes: int
    ) -> None:
        self._folder = root / account / region / _quoted(group) / _quoted(stream)
        self._max_bytes = max_bytes
        self._segment_bytes = max(max_bytes // _SEGMENTS, _SMALLEST_SEGMENT)
        self._descriptor = -1
        self._start = 0
        self._size = 0
        self.dropped = 0
        """Lines lost because the disk did not take them."""

    def write(self, line: str, timestamp_ms: int) -> None:
        """Append a line of text (its own line end excluded) as one event, or several if long."""
        for piece in _pieces(line):
            try:
                self._append(f"{timestamp_ms}\t{_escape(piece)}\n".encode("utf-8", "replace"))
            except OSError:
                self.dropped += 1

    def close(self) -> None:
        """Idempotent; a later write opens the stream again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append(self, data: bytes) -> None:
        if self._descriptor < 0:
            self._open_last()
        if self._size and self._size + len(data) > self._segment_bytes:
            self._open_segment(self._start + self._size)
            self._trim()
        try:
            written = os.write(self._descriptor, data)
            if written < len(data):
                raise OSError("short write")
        except OSError:
            os.ftruncate(self._descriptor, self._size)
            raise
        self._size += len(data)

    def _open_last(self) -> None:
        _make_folder(self._folder.parent)
        _make_folder(self._folder)
        segments = _segments(self._folder)
        self._open_segment(segments[-1][0] if segments else 0)
        whole = _whole_bytes(self._folder / _segment_name(self._start))
        os.ftruncate(self._descriptor, whole)
        self._size = whole

    def _open_segment(self, start: int) -> None:
        path = self._folder / _segment_name(start)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        self.close()
        self._descriptor, self._start, self._size = descriptor, start, 0

    def _trim(self) -> None:
        for start, _ in _segments(self._folder):
            if start == self._start or self._start + self._segment_bytes - start <= self._max_bytes:
                return
            (self._folder / _segment_name(start)).unlink(missing_ok=True)


class LogReader:
    """Reads the groups of one account and region."""

    def __init__(self, root: Path, account: str, region: str) -> None:
        self._root = root / account / region

    def groups(self, prefix: str = "") -> list[Group]:
        """Every group whose name begins with `prefix`, by name."""
        return [
            Group(name, _created_ms(folder), _stored_bytes(folder))
            for name, folder in _children(self._root)
            if name.startswith(prefix)
        ]

    def streams(self, group: str, prefix: str = "") -> list[Stream]:
        """Every stream of the group whose name begins with `prefix`, by name.

        Raises LogGroupMissing.
        """
        return [
            _describe(name, folder)
            for name, folder in _children(self._group(group))
            if name.startswith(prefix)
        ]

    def read(
        self,
        group: str,
        stream: str,
        position: int | None,
        limit: int = 10_000,
        max_bytes: int = 1 << 20,
        start_ms: int | None = None,
        end_ms: int | None = None,
        backwards: bool = False,
    ) -> tuple[list[Event], int, int]:
        """Events from `position` on, or with `backwards` those that end there; oldest first.

        position: byte offset in the stream; None is the head, or the tail when backwards. One that
            was trimmed away or lies in mid-line moves to the next event there is.
        limit, max_bytes: how many events and bytes to return at most; at least one
            event is returned when there is one.
        start_ms, end_ms: keep events with start_ms <= timestamp < end_ms.
        Returns (events, where to read on forwards, where to read on backwards).
        Raises LogGroupMissing, LogStreamMissing.
        """
        folder = self._stream(group, stream)
        first, end = _extent(folder)
        wanted = end if backwards and position is None else position or 0
        at = min(max(wanted, first), end)
        walk = _walk_back(folder, at) if backwards else _walk(folder, at)
        events: list[Event] = []
        scanned, room = at, max_bytes
        for event, after in walk:
            if _within(event, start_ms, end_ms):
                room -= after - event.position
                if events and (room < 0 or len(events) >= limit):
                    break
                events.append(event)
            scanned = event.position if backwards else after
        if backwards:
            events.reverse()
            return events, at, scanned
        return events, scanned, events[0].position if events else at

    def delete_group(self, group: str) -> None:
        """Remove the group with all its streams. Raises LogGroupMissing."""
        shutil.rmtree(self._group(group), ignore_errors=True)

    def _group(self, group: str) -> Path:
        folder = self._root / _quoted(group)
        if not folder.is_dir():
            raise LogGroupMissing(group)
        return folder

    def _stream(self, group: str, stream: str) -> Path:
        folder = self._group(group) / _quoted(stream)
        if not folder.is_dir():
            raise LogStreamMissing(stream)
        return folder


def delete_all(root: Path) -> None:
    """Remove every log of every account below `root`; `root` itself stays."""
    for folder in list(root.iterdir()) if root.is_dir() else []:
        shutil.rmtree(folder, ignore_errors=True)


def _within(event: Event, start_ms: int | None, end_ms: int | None) -> bool:
    return (start_ms is None or event.timestamp_ms >= start_ms) and (
        end_ms is None or event.timestamp_ms < end_ms
    )


def _walk(folder: Path, position: int) -> Iterator[tuple[Event, int]]:
    """Events from `position` on, each with the offset after it."""
    for start, size in _segments(folder):
        if start + size <= position:
            continue
        data = _read_whole(folder / _segment_name(start))
        at = _line_start(data, max(position - start, 0))
        while at < len(data):
            after = data.index(b"\n", at) + 1
            yield _parse(data[at : after - 1], start + at), start + after
            at = after


def _walk_back(folder: Path, position: int) -> Iterator[tuple[Event, int]]:
    """Events that end at or before `position`, newest first."""
    for start, _ in reversed(_segments(folder)):
        if start >= position:
            continue
        data = _read_whole(folder / _segment_name(start))
        after = data.rfind(b"\n", 0, position - start) + 1
        while after > 0:
            at = data.rfind(b"\n", 0, after - 1) + 1
            yield _parse(data[at : after - 1], start + at), start + after
            after = at


def _line_start(data: bytes, at: int) -> int:
    """The first offset from `at` on where a line begins."""
    if at == 0 or data[at - 1 : at] == b"\n":
        return at
    newline = data.find(b"\n", at)
    return len(data) if newline < 0 else newline + 1


def _parse(line: bytes, position: int) -> Event:
    stamp, _, text = line.partition(b"\t")
    timestamp = int(stamp) if stamp.isdigit() else 0
    return Event(position, timestamp, _unescape(text.decode("utf-8", "replace")), timestamp)


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r")


def _unescape(text: str) -> str:
    if "\\" not in text:
        return text
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\n", "\n").replace("\\r", "\r") for part in parts)


def _pieces(line: str) -> Iterator[str]:
    """The line in pieces of at most MAX_EVENT_BYTES bytes of UTF-8, never within a character."""
    if len(line) * 4 <= MAX_EVENT_BYTES:
        yield line
        return
    data = line.encode("utf-8", "replace")
    for at in _cuts(data):
        yield data[at[0] : at[1]].decode("utf-8", "replace")


def _cuts(data: bytes) -> Iterator[tuple[int, int]]:
    start = 0
    while start < len(data):
        end = min(start + MAX_EVENT_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield start, end
        start = end


def _describe(name: str, folder: Path) -> Stream:
    first, end = _extent(folder)
    oldest = next(_walk(folder, first), None)
    newest = next(_walk_back(folder, end), None)
    return Stream(
        name=name,
        created_ms=_created_ms(folder),
        first_event_ms=oldest[0].timestamp_ms if oldest else None,
        last_event_ms=newest[0].timestamp_ms if newest else None,
        last_ingestion_ms=newest[0].ingestion_ms if newest else None,
        stored_bytes=end - first,
    )


def _extent(folder: Path) -> tuple[int, int]:
    """Offsets of the first byte there still is and of the byte after the last whole line."""
    segments = _segments(folder)
    if not segments:
        return 0, 0
    last = segments[-1][0]
    return segments[0][0], last + _whole_bytes(folder / _segment_name(last))


def _segments(folder: Path) -> list[tuple[int, int]]:
    """(offset, size) of each segment, oldest first; [] when the folder has just gone."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".log") and entry.name[:-4].isdigit():
                with contextlib.suppress(FileNotFoundError):
                    found.append((int(entry.name[:-4]), entry.stat().st_size))
    return sorted(found)


def _segment_name(start: int) -> str:
    return f"{start:020d}.log"


def _read_whole(path: Path) -> bytes:
    """The segment's whole lines; b"" when it was trimmed away meanwhile."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return b""
    return data[: data.rfind(b"\n") + 1]


def _whole_bytes(path: Path) -> int:
    """How many bytes of the segment are whole lines; reads its end only."""
    try:
        with path.open("rb") as file:
            size = file.seek(0, os.SEEK_END)
            while size > 0:
                start = max(0, size - (MAX_EVENT_BYTES + 64))
                file.seek(start)
                newline = file.read(size - start).rfind(b"\n")
                if newline >= 0:
                    return start + newline + 1
                size = start
    except FileNotFoundError:
        pass
    return 0


def _stored_bytes(group: Path) -> int:
    return sum(size for _, folder in _children(group) for _, size in _segments(folder))


def _children(folder: Path) -> list[tuple[str, Path]]:
    """(unquoted name, path) of the folders below, by name; [] when there is no such folder."""
    try:
        return sorted((unquote(p.name), p) for p in folder.iterdir() if p.is_dir())
    except FileNotFoundError:
        return []


def _quoted(name: str) -> str:
    """A group's or stream's name as one file name: no slash, no leading dot."""
    quoted = quote(name, safe="")
    return "%2E" + quoted[1:] if quoted.startswith(".") else quoted


def _make_folder(folder: Path) -> None:
    if folder.is_dir():
        return
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    (folder / _CREATED).write_text(str(int(time() * 1000)))


def _created_ms(folder: Path) -> int:
    try:
        return int((folder / _CREATED).read_text())
    except (OSError, ValueError):
        return int(folder.stat().st_mtime * 1000) if folder.exists() else 0
