"""Watches a platform's processes by what they are: memory and processor time along a run.

A platform's processes are those that were given its data folder and all they started; a worker in
its sandbox was given nothing, but its agent started it.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench.memory import resident_mib
from bench.processes import cpu_seconds, descendants

KINDS = (
    ("porter", b"argosy.agent.porter"),
    ("worker", b"argosy.runtimes."),
    ("agent", b"argosy.agent"),
    ("control", b"argosy.api"),
    ("edge", b"argosy.edge"),
    ("store", b"weed"),
)
"""What the command line of a process of that kind holds; the first that fits is taken."""


def kind_of(command: bytes) -> str:
    """The kind of a process by its command line (words apart by NUL); "other" where none fits."""
    return next((kind for kind, part in KINDS if part in command), "other")


@dataclass
class Seen:
    """What was seen of each kind: MiB resident over time, and processor seconds."""

    memory: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    """(seconds since the beginning, MiB)"""
    cpu: dict[str, float] = field(default_factory=dict)

    def peak(self, kind: str, start: float = 0.0, end: float = 1.0) -> float | None:
        """The most MiB within that share of the time that was watched; None when never seen."""
        series = self.memory.get(kind, [])
        last = max((moment for points in self.memory.values() for moment, _ in points), default=0)
        within = [mib for moment, mib in series if start * last <= moment <= end * last]
        return max(within, default=None)

    def growth(self, kind: str) -> float | None:
        """MiB by which the last third's peak is over the middle third's."""
        before, after = self.peak(kind, 1 / 3, 2 / 3), self.peak(kind, 2 / 3, 1)
        return None if before is None or after is None else after - before


@contextlib.contextmanager
def watching(data_dir: Path, interval: float = 0.2) -> Iterator[Seen]:
    """Look at the platform's processes every `interval` seconds while the block runs."""
    watch = _Watch(data_dir)
    stop = threading.Event()

    def look() -> None:
        while not stop.wait(interval):
            watch.look()

    watch.look()
    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    try:
        yield watch.seen
    finally:
        stop.set()
        thread.join()
        watch.look()
        watch.sum_up()


class _Watch:
    def __init__(self, data_dir: Path) -> None:
        self._mark = f"ARGOSY_DATA_DIR={data_dir}".encode()
        self._began = time.monotonic()
        self._kinds: dict[int, str] = {}
        self._first: dict[int, float] = {}
        self._last: dict[int, float] = {}
        self._started = True
        self.seen = Seen()

    def look(self) -> None:
        sums: dict[str, float] = {}
        for pid in self._pids():
            kind = self._kinds.get(pid) or self._kinds.setdefault(
                pid, kind_of(_read(pid, "cmdline"))
            )
            sums[kind] = sums.get(kind, 0.0) + resident_mib([pid])
            spent = cpu_seconds({pid})
            # What a process that began later had spent when it was seen first belongs to the run.
            self._first.setdefault(pid, spent if self._started else 0.0)
            self._last[pid] = max(spent, self._last.get(pid, 0.0))
        self._started = False
        moment = time.monotonic() - self._began
        for kind, mib in sums.items():
            self.seen.memory.setdefault(kind, []).append((moment, mib))

    def sum_up(self) -> None:
        for pid, spent in self._last.items():
            kind = self._kinds[pid]
            self.seen.cpu[kind] = self.seen.cpu.get(kind, 0.0) + spent - self._first[pid]

    def _pids(self) -> set[int]:
        everybody = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        roots = {pid for pid in everybody if self._mark in _read(pid, "environ").split(b"\0")}
        return descendants(roots) - {os.getpid()}


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""
