"""Appends to one stream; lines of the platform never raise, they are counted when they are lost."""

import contextlib
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

from argosy.telemetry.logs.events import line_of, pieces
from argosy.telemetry.logs.folders import (
    folder_name,
    is_users,
    make_folder,
    mark_users,
    sync_folder,
)
from argosy.telemetry.logs.segments import segment_path, segments, whole_bytes

_SEGMENTS = 8
_SMALLEST_SEGMENT = 16 * 1024
_AT_ONCE = 16 * 1024


class LogWriter:
    """The one writer of a stream; makes its folder when the first line comes.

    While it is open it holds a shared lock on the newest segment, which ends with its process:
    so others can tell a stream that may still grow from one that is left behind.
    """

    def __init__(
        self,
        root: Path,
        account: str,
        region: str,
        group: str,
        stream: str,
        max_bytes: int,
        *,
        users: bool = False,
    ) -> None:
        """users: it is a stream that a user made; the platform's own writers make it theirs."""
        self._names = group, stream
        self._folder = root / account / region / folder_name(group) / folder_name(stream)
        self._max_bytes = max_bytes
        self._segment_bytes = max(max_bytes // _SEGMENTS, _SMALLEST_SEGMENT)
        self._users = users
        self._descriptor = -1
        self._start = 0
        self._size = 0
        self.dropped = 0
        """Lines lost because the disk did not take them."""

    def write(self, line: str, timestamp_ms: int) -> None:
        """Append a line of text (its own line end excluded) as one event, or several if long."""
        for piece in pieces(line):
            try:
                self._append(line_of(piece, timestamp_ms))
            except OSError:
                self.dropped += 1

    def write_all(self, lines: Iterable[tuple[int, str]]) -> None:
        """Append many lines (timestamp, text), with few writes."""
        waiting, count = bytearray(), 0
        for timestamp_ms, line in lines:
            for piece in pieces(line):
                waiting += line_of(piece, timestamp_ms)
                count += 1
            if len(waiting) >= _AT_ONCE:
                self._append_some(bytes(waiting), count)
                waiting, count = bytearray(), 0
        if waiting:
            self._append_some(bytes(waiting), count)

    def put(self, events: Iterable[tuple[int, str]], ingestion_ms: int) -> None:
        """Append events (timestamp, message); when it returns they survive power loss.

        Raises OSError; some of them may then be there.
        """
        for timestamp_ms, message in events:
            self._append(line_of(message, timestamp_ms, ingestion_ms))
        if self._descriptor >= 0:
            os.fsync(self._descriptor)

    def close(self) -> None:
        """Idempotent; a later write opens the stream again."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _append_some(self, data: bytes, count: int) -> None:
        try:
            self._append(data)
        except OSError:
            self.dropped += count

    def _append(self, data: bytes) -> None:
        if self._descriptor < 0 or os.fstat(self._descriptor).st_nlink == 0:
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
        make_folder(self._folder.parent, self._names[0])
        make_folder(self._folder, self._names[1])
        if not self._users and is_users(self._folder):
            mark_users(self._folder, users=False)
        found = segments(self._folder)
        self._open_segment(found[-1].start if found else 0)
        whole = whole_bytes(segment_path(self._folder, self._start))
        os.ftruncate(self._descriptor, whole)
        self._size = whole

    def _open_segment(self, start: int) -> None:
        path = segment_path(self._folder, start)
        known = path.exists()
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
        descriptor = os.open(path, flags, 0o600)
        with contextlib.suppress(OSError):  # where there are no locks, none can be asked for
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        if self._users and not known:
            self._sync_last(start)
        self.close()
        self._descriptor, self._start, self._size = descriptor, start, 0

    def _sync_last(self, start: int) -> None:
        """The segment that is left, and the name of the new one, survive power loss."""
        if self._descriptor >= 0 and start != self._start:
            os.fsync(self._descriptor)
        sync_folder(self._folder)

    def _trim(self) -> None:
        for start, _, _ in segments(self._folder):
            if start == self._start or self._start + self._segment_bytes - start <= self._max_bytes:
                return
            segment_path(self._folder, start).unlink(missing_ok=True)
