"""What processes of this machine use, from /proc: a process and everything that it started.

Processor time is that of the living and of those that they have waited for, so that it only grows.
Memory that several processes share is divided among them (PSS). It refuses to know what the
processes are for.
"""

import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PPID, _TIMES = 1, slice(11, 15)
"""Fields of /proc/PID/stat, counted from the one after the name."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A process with all below it."""

    pids: tuple[int, ...]
    cpu_s: float
    """Seconds of one core, since each began."""


def trees(roots: Collection[int]) -> dict[int, Tree]:
    """The tree of each of these pids that is alive; one look at each process of the machine."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for pid, fields in _processes():
        parents[pid] = int(fields[_PPID])
        ticks[pid] = sum(int(number) for number in fields[_TIMES])
    children: dict[int, list[int]] = {}
    for pid, parent in parents.items():
        children.setdefault(parent, []).append(pid)
    return {root: _tree(root, children, ticks) for root in roots if root in parents}


def _tree(root: int, children: dict[int, list[int]], ticks: dict[int, int]) -> Tree:
    pids = [root]
    for pid in pids:
        pids += children.get(pid, ())
    return Tree(tuple(pids), sum(ticks[pid] for pid in pids) / _TICKS)


def _processes() -> Iterator[tuple[int, list[bytes]]]:
    for name in os.listdir("/proc"):
        if name.isdecimal():
            try:
                stat = Path(f"/proc/{name}/stat").read_bytes()
            except OSError:
                continue  # it ended just now
            yield int(name), stat.rpartition(b")")[2].split()


def memory(pids: Collection[int]) -> int:
    """Bytes of memory of these processes together; 0 for those that are gone."""
    return sum(_share(pid) for pid in pids)


def _share(pid: int) -> int:
    """Its share of the memory that it has in RAM; of another user's process, all of that."""
    try:
        text = Path(f"/proc/{pid}/smaps_rollup").read_bytes()
    except OSError:
        return _resident(pid)
    for line in text.splitlines():
        if line.startswith(b"Pss:"):
            return int(line.split()[1]) << 10
    return 0


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
    except OSError:
        return 0


def machine_memory() -> int:
    """The machine's memory in bytes, or what this process's cgroup may use if that is less."""
    total = next(
        int(line.split()[1]) << 10
        for line in Path("/proc/meminfo").read_text().splitlines()
        if line.startswith("MemTotal:")
    )
    try:
        allowed = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(allowed)) if allowed.isdecimal() else total


def disk_share(folder: Path) -> float:
    """How much of the file system that holds `folder` is taken, 0 to 1."""
    told = os.statvfs(folder)
    usable = told.f_blocks - told.f_bfree + told.f_bavail
    return (told.f_blocks - told.f_bfree) / usable if usable else 0.0
