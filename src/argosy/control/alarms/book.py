"""The alarms in memory, by when each is to be looked at next.

What is not due costs nothing. Only alarms that were changed are read again.
"""

import heapq
import logging
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from argosy.control.alarms.spec import AlarmSpec, spec_of
from argosy.state.alarm_rules import Rule, read
from argosy.state.alarms import ALARM, COMPOSITE
from argosy.state.record import Record
from argosy.state.records import Records

Key = tuple[str, str, str, str]
"""Kind, account, region, name."""

log = logging.getLogger(__name__)

_JUMPED_S = 5.0
_SLACK_S = 30.0


@dataclass
class Entry:
    """One alarm."""

    record: Record
    spec: AlarmSpec | None = None
    """Of an alarm on a metric."""
    rule: Rule | None = None
    """Of a composite alarm."""
    due: float = field(default=0.0)

    @property
    def key(self) -> Key:
        return key_of(self.record)


def key_of(record: Record) -> Key:
    return record.kind, record.account, record.region, record.name


def next_due(key: Key, interval: int, now: float) -> float:
    """Shortly after the end of the interval, when its values have come; not all at once."""
    end = (now // interval + 1) * interval
    if interval < 10:
        return end + 0.2
    spread = zlib.crc32("/".join(key).encode()) % 1000 / 1000
    return end + 1.0 + spread * min(5.0, interval / 10)


class Book:
    """The alarms of every account."""

    def __init__(self, records: Records) -> None:
        self._records = records
        self.entries: dict[Key, Entry] = {}
        self._heap: list[tuple[float, Key]] = []
        self._stale = True
        self._last = 0.0
        records.listen(self._changed)

    def _changed(self, kind: str) -> None:
        if kind in (ALARM, COMPOSITE):
            self._stale = True

    def refresh(self, now: float) -> set[Key]:
        """Read what was changed since; returns the alarms that are new, ask for something else, or
        are gone."""
        if not self._stale:
            return set()
        self._stale = False
        changed: set[Key] = set()
        for kind in (ALARM, COMPOSITE):
            versions = self._records.versions(kind)
            known = {key for key in self.entries if key[0] == kind}
            for gone in known - {(kind, *key) for key in versions}:
                del self.entries[gone]
                changed.add(gone)
            for key, version in versions.items():
                entry = self.entries.get((kind, *key))
                same = entry is not None and entry.record.version == version
                if not same and self._read((kind, *key), now):
                    changed.add((kind, *key))
        return changed

    def _read(self, key: Key, now: float) -> bool:
        """True when it asks for something else than before."""
        record = self._records.get(*key)
        if record is None:
            return False
        entry = self.entries.get(key)
        if entry is not None and _same(entry.record, record):
            entry.record = record
            return False
        self.entries[key] = made = _entry(record)
        self.plan(made, now)
        return True

    def plan(self, entry: Entry, at: float) -> None:
        """Look at an alarm on a metric at that time."""
        if entry.spec is not None:
            entry.due = at
            heapq.heappush(self._heap, (at, entry.key))

    def take_due(self, now: float) -> Iterator[Entry]:
        """Those that are due, each with its next time planned; all of them when the clock was put
        back."""
        if now < self._last - _JUMPED_S:
            for entry in self.entries.values():
                self.plan(entry, now)
        self._last = now
        while self._heap and self._heap[0][0] <= now:
            at, key = heapq.heappop(self._heap)
            found = self.entries.get(key)
            if found is None or found.due != at or found.spec is None:
                continue
            self.plan(found, next_due(key, found.spec.interval, now))
            yield found

    def pause(self, now: float) -> float:
        """Seconds until the next one is due."""
        return min(_SLACK_S, max(0.0, self._heap[0][0] - now)) if self._heap else _SLACK_S

    def states(self, account: str, region: str, names: frozenset[str]) -> dict[str, str]:
        """The states of the alarms that are there, by name."""
        found = {}
        for name in names:
            for kind in (ALARM, COMPOSITE):
                entry = self.entries.get((kind, account, region, name))
                if entry is not None:
                    found[name] = entry.record.status
        return found

    def composites(self) -> list[Entry]:
        return [entry for entry in self.entries.values() if entry.rule is not None]


def _same(before: Record, now: Record) -> bool:
    """Whether they ask for the same."""
    return all(before.document[name] == now.document[name] for name in ("configured", "members"))


def _entry(record: Record) -> Entry:
    """One that cannot be read is kept, and never looked at: it must not hold up the others."""
    members = record.document["members"]
    try:
        if record.kind == ALARM:
            return Entry(record, spec=spec_of(members, record.account, record.region))
        return Entry(record, rule=read(members["AlarmRule"]))
    except (ValueError, LookupError, TypeError):
        log.exception("alarm %s cannot be evaluated", record.name)
        return Entry(record)
