"""Reads the groups of one account and region. It changes nothing."""

from dataclasses import dataclass
from pathlib import Path

from argosy.telemetry.logs.events import Event
from argosy.telemetry.logs.folders import (
    children,
    created_ms,
    group_folder,
    is_users,
    stream_folder,
)
from argosy.telemetry.logs.segments import (
    extent,
    first_event,
    last_event,
    segments,
    walk,
    walk_back,
)

FUTURE_MS = 2 * 3600 * 1000
"""How far in the future an event of a user may be (CloudWatch Logs, PutLogEvents)."""

_CLOCK_MS = 60_000
"""By how much the clock of the files may be behind that of the events."""


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


class LogReader:
    """What lies below `root` for this account and region."""

    def __init__(self, root: Path, account: str, region: str) -> None:
        self._root = root / account / region

    def group_names(self, prefix: str = "") -> list[str]:
        """The names of all groups that begin with `prefix`, sorted."""
        return [name for name, _ in children(self._root) if name.startswith(prefix)]

    def groups(self, prefix: str = "") -> list[Group]:
        """Every group whose name begins with `prefix`, by name."""
        return [self.group(name) for name in self.group_names(prefix)]

    def group(self, name: str) -> Group:
        """Raises LogGroupMissing."""
        folder = group_folder(self._root, name)
        size = sum(s.size for _, stream in children(folder) for s in segments(stream))
        return Group(name, created_ms(folder), size)

    def created_ms(self, group: str) -> int:
        """When the group was made. Raises LogGroupMissing."""
        return created_ms(group_folder(self._root, group))

    def stream_names(self, group: str, prefix: str = "") -> list[str]:
        """The names of the group's streams that begin with `prefix`, sorted.

        Raises LogGroupMissing.
        """
        found = children(group_folder(self._root, group))
        return [name for name, _ in found if name.startswith(prefix)]

    def streams(self, group: str, prefix: str = "") -> list[Stream]:
        """Every stream of the group whose name begins with `prefix`, by name.

        Raises LogGroupMissing.
        """
        return [
            _describe(name, folder)
            for name, folder in children(group_folder(self._root, group))
            if name.startswith(prefix)
        ]

    def stream(self, group: str, name: str) -> Stream:
        """Raises LogGroupMissing, LogStreamMissing."""
        return _describe(name, stream_folder(self._root, group, name))

    def extent(self, group: str, stream: str) -> tuple[int, int]:
        """Where the stream begins and ends now, as positions.

        Raises LogGroupMissing, LogStreamMissing.
        """
        return extent(stream_folder(self._root, group, stream))

    def ends(self, group: str) -> dict[str, int]:
        """Where each stream of the group ends now. Raises LogGroupMissing."""
        return {
            name: extent(folder)[1] for name, folder in children(group_folder(self._root, group))
        }

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
        """Events from `position` on, or with `backwards` those that end there; as they came.

        position: byte offset in the stream; None is the head, or the tail when backwards. One that
            was trimmed away or lies in mid-line moves to the next event there is.
        limit, max_bytes: how many events and bytes to return at most; at least one
            event is returned when there is one.
        start_ms, end_ms: keep events with start_ms <= timestamp < end_ms.
        Returns (events, where to read on forwards, where to read on backwards).
        Raises LogGroupMissing, LogStreamMissing.
        """
        folder = stream_folder(self._root, group, stream)
        first, end = extent(folder)
        wanted = end if backwards and position is None else position or 0
        at = min(max(wanted, first), end)
        since_ms = _written_since(folder, start_ms)
        steps = walk_back(folder, at, since_ms) if backwards else walk(folder, at, since_ms)
        events: list[Event] = []
        scanned, room, cut = at, max_bytes, False
        for event, after in steps:
            if _within(event, start_ms, end_ms):
                room -= after - event.position
                if events and (room < 0 or len(events) >= limit):
                    cut = True
                    break
                events.append(event)
            scanned = event.position if backwards else after
        if backwards:
            events.reverse()
            return events, at, scanned if cut else first
        return events, scanned if cut else max(scanned, end), events[0].position if events else at


def _written_since(folder: Path, start_ms: int | None) -> int:
    """What was not written since this time has no event from `start_ms` on."""
    if start_ms is None:
        return 0
    return start_ms - _CLOCK_MS - (FUTURE_MS if is_users(folder) else 0)


def _within(event: Event, start_ms: int | None, end_ms: int | None) -> bool:
    return (start_ms is None or event.timestamp_ms >= start_ms) and (
        end_ms is None or event.timestamp_ms < end_ms
    )


def _describe(name: str, folder: Path) -> Stream:
    first, end = extent(folder)
    oldest, newest = first_event(folder), last_event(folder)
    return Stream(
        name=name,
        created_ms=created_ms(folder),
        first_event_ms=oldest.timestamp_ms if oldest else None,
        last_event_ms=newest.timestamp_ms if newest else None,
        last_ingestion_ms=newest.ingestion_ms if newest else None,
        stored_bytes=end - first,
    )
