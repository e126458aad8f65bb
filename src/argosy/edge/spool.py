"""Spool files as an edge writes them, and the thread that does it: the loop never waits for a disk.

Nothing here raises for a full disk: what cannot be written is counted, and capture stops until
there is room again. Files are not synced: they survive the death of any process, not that of the
machine. Refuses to know what is captured, or when.
"""

import contextlib
import fcntl
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from queue import SimpleQueue
from uuid import uuid4

from argosy.ground.spool import END, NEW, OPEN, READY

log = logging.getLogger(__name__)

LARGEST_FILE = 8 * 1024 * 1024
_MOST_OPEN = 128
_LOOK_EVERY_S = 1.0

Key = tuple[bytes, int]
"""A place's line, and the number of the hour since the epoch."""
Batch = dict[Key, list[bytes]]


class _File:
    """One file that is being written."""

    def __init__(self, folder: Path, line: bytes, now: float) -> None:
        self._path = folder / uuid4().hex
        self.since = now
        self.size = 0
        new = self._path.with_suffix(NEW)
        self._fd = os.open(new, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
            new.rename(self._path.with_suffix(OPEN))
            self.write([line])
        except OSError:
            os.close(self._fd)
            raise

    def write(self, chunks: list[bytes]) -> None:
        """Append all of it or, with an OSError, nothing."""
        left = memoryview(b"".join(chunks))
        try:
            while left:
                left = left[os.write(self._fd, left) :]
        except OSError:
            os.ftruncate(self._fd, self.size)
            raise
        self.size += sum(map(len, chunks))

    def close(self) -> None:
        """It is complete: control may take it."""
        with contextlib.suppress(OSError):
            self._path.with_suffix(OPEN).rename(self._path.with_suffix(READY))
        os.close(self._fd)


class Spool:
    """The files of one edge, by place and hour. For one thread."""

    def __init__(self, folder: Path, delay_s: float, most_bytes: int, free_bytes: int) -> None:
        """delay_s: how long a file is written to; most_bytes: of all files that wait;
        free_bytes: what has to stay free on the disk."""
        self._folder = folder
        self._delay_s = delay_s
        self._most_bytes = most_bytes
        self._free_bytes = free_bytes
        self._files: dict[Key, _File] = {}
        self._looked = -_LOOK_EVERY_S
        self.full = False
        """Nothing shall be captured for the moment."""

    def write(self, batch: Batch, now: float) -> dict[bytes, int]:
        """Append records, each a run of chunks; what could not be written: place → records.

        now: of a clock that is never set.
        """
        lost: dict[bytes, int] = {}
        for key, chunks in batch.items():
            try:
                self._file(key, now).write(chunks)
            except OSError as error:
                log.error("captured requests cannot be kept: %s", error)
                self.full = True
                records = sum(chunk is END for chunk in chunks)
                lost[key[0]] = lost.get(key[0], 0) + records
        self.tend(now)
        return lost

    def _file(self, key: Key, now: float) -> _File:
        file = self._files.get(key)
        if file is None:
            if len(self._files) >= _MOST_OPEN:
                self._files.pop(next(iter(self._files))).close()
            file = self._files[key] = _File(self._folder, key[0], now)
        return file

    def tend(self, now: float) -> None:
        """Complete files that are old or large, and see how much room there is."""
        for key, file in list(self._files.items()):
            if now - file.since >= self._delay_s or file.size >= LARGEST_FILE:
                self._files.pop(key).close()
        if now - self._looked >= _LOOK_EVERY_S:
            self._looked = now
            self.full = not self._has_room()

    def _has_room(self) -> bool:
        try:
            waiting = sum(map(_size, self._folder.iterdir()))
            free = shutil.disk_usage(self._folder).free
        except OSError as error:
            log.error("the folder of captured requests cannot be read: %s", error)
            return False
        return waiting < self._most_bytes and free >= self._free_bytes

    def close(self) -> None:
        """Complete all files."""
        while self._files:
            self._files.popitem()[1].close()


def _size(path: Path) -> int:
    """Bytes of a file, which may be gone by now."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


class SpoolThread:
    """Writes batches one after another; `done` is called in this thread with each that is over and
    what of it was lost."""

    def __init__(self, spool: Spool, done: Callable[[Batch, dict[bytes, int]], None]) -> None:
        self._spool = spool
        self._done = done
        self._queue: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="capture", daemon=True)
        self._thread.start()

    @property
    def full(self) -> bool:
        return self._spool.full

    def write(self, batch: Batch) -> None:
        """Take a batch; an empty one only has files tended."""
        self._queue.put(batch)

    def close(self, patience_s: float) -> None:
        """Write what is there, complete all files, and end."""
        self._queue.put(None)
        self._thread.join(patience_s)

    def _run(self) -> None:
        while (batch := self._queue.get()) is not None:
            lost = self._spool.write(batch, time.monotonic())
            if batch:
                self._done(batch, lost)
        self._spool.close()
