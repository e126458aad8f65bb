"""Removes what is too old or too much. A stream that may still grow keeps its newest segment.

Whole segments go, the oldest first, and positions do not change: where the newest segment of a
stream goes, an empty one that begins at its end stays behind.
"""

import contextlib
import fcntl
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from argosy.telemetry.logs.folders import children, created_ms, is_users
from argosy.telemetry.logs.reader import FUTURE_MS
from argosy.telemetry.logs.segments import Segment, segment_path, segments, whole_bytes

_DAY_MS = 86_400_000

Known = Mapping[tuple[str, str, str], int | None]
"""(account, region, group) → days its events are kept, None for ever: the groups for which
something was set. Others are kept for ever, and go when nothing was in them for long."""


@dataclass(frozen=True)
class Bounds:
    """What may lie on disk. `idle_days`: how long streams of instances that are gone are kept."""

    idle_days: float
    group_bytes: int
    total_bytes: int


@dataclass(frozen=True)
class Swept:
    """What went."""

    bytes: int = 0
    streams: int = 0


@dataclass(frozen=True)
class _Place:
    account: str
    region: str
    group: str
    folder: Path

    @property
    def key(self) -> tuple[str, str, str]:
        return self.account, self.region, self.group


def sweep(root: Path, known: Known, bounds: Bounds, now: float) -> Swept:
    """One pass over all streams below `root`; `now` in seconds since the epoch."""
    now_ms = int(now * 1000)
    idle_ms = now_ms - int(bounds.idle_days * _DAY_MS)
    bytes_gone, streams_gone = 0, 0
    for place in _streams(root):
        days = known.get(place.key)
        if days is not None:
            bytes_gone += _expire(place.folder, now_ms - days * _DAY_MS - FUTURE_MS)
        if _is_left_behind(place.folder, idle_ms):
            shutil.rmtree(place.folder, ignore_errors=True)
            streams_gone += 1
    for place in _groups(root):
        if place.key not in known and _is_empty(place.folder, idle_ms):
            shutil.rmtree(place.folder, ignore_errors=True)
    for _, places in groupby(_streams(root), key=lambda place: place.key):
        bytes_gone += _shrink([place.folder for place in places], bounds.group_bytes)
    bytes_gone += _shrink([place.folder for place in _streams(root)], bounds.total_bytes)
    return Swept(bytes_gone, streams_gone)


def _groups(root: Path) -> Iterator[_Place]:
    for account, in_account in children(root):
        for region, in_region in children(in_account):
            for group, folder in children(in_region):
                yield _Place(account, region, group, folder)


def _streams(root: Path) -> Iterator[_Place]:
    for group in _groups(root):
        for _, folder in children(group.folder):
            yield replace(group, folder=folder)


def _is_empty(group: Path, before_ms: int) -> bool:
    """True for a group without streams to which nothing was added or removed since that time."""
    try:
        touched = max(created_ms(group), group.stat().st_mtime_ns // 1_000_000)
    except FileNotFoundError:
        return False
    return touched < before_ms and not children(group)


def _expire(folder: Path, before_ms: int) -> int:
    """Remove segments that were written last before that time; returns their bytes."""
    found = segments(folder)
    old = [segment for segment in found if segment.size and segment.modified_ms < before_ms]
    return sum(segment.size for segment in old if _drop(folder, segment, found[-1]))


def _shrink(folders: list[Path], most: int) -> int:
    """Remove the oldest segments of these streams until they fit; returns the bytes gone."""
    there = [(segment, folder) for folder in folders for segment in segments(folder)]
    size = sum(segment.size for segment, _ in there)
    if size <= most:
        return 0
    gone = 0
    for segment, folder in sorted(there, key=lambda one: one[0].modified_ms):
        if size - gone <= most:
            break
        if segment.size and _drop(folder, segment, segments(folder)[-1]):
            gone += segment.size
    return gone


def _drop(folder: Path, segment: Segment, last: Segment) -> bool:
    """Remove a segment; False when its stream may still grow there."""
    path = segment_path(folder, segment.start)
    if segment.start < last.start:
        path.unlink(missing_ok=True)
        return True
    with _left_alone(path) as alone:
        if alone:
            segment_path(folder, segment.start + whole_bytes(path)).touch(0o600)
            path.unlink(missing_ok=True)
        return alone


def _is_left_behind(folder: Path, before_ms: int) -> bool:
    """True for a stream of the platform that has no writer and was written last before then."""
    if is_users(folder):
        return False
    found = segments(folder)
    newest = max([created_ms(folder), *(segment.modified_ms for segment in found)])
    if newest >= before_ms:
        return False
    if not found:
        return True
    with _left_alone(segment_path(folder, found[-1].start)) as alone:
        return alone


@contextlib.contextmanager
def _left_alone(path: Path) -> Iterator[bool]:
    """Whether no process has the segment open for writing; none opens it meanwhile."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        yield False
        return
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            yield False
            return
        yield True
    finally:
        os.close(descriptor)
