"""What processes take, as /proc tells: each alone, or with all that they have started."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_PROC = Path("/proc")


@dataclass(frozen=True)
class Usage:
    """CPU seconds since the start, and bytes in memory, shared pages counted for each."""

    cpu_s: float = 0.0
    memory_bytes: int = 0
    open_files: int = 0
    threads: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            self.cpu_s + other.cpu_s,
            self.memory_bytes + other.memory_bytes,
            self.open_files + other.open_files,
            self.threads + other.threads,
        )


def usage_of(pid: int) -> Usage | None:
    """Of one process; None when there is none of that pid."""
    fields = _stat(pid)
    if fields is None:
        return None
    return Usage(
        cpu_s=(int(fields[11]) + int(fields[12])) / _TICKS,
        memory_bytes=int(fields[21]) * _PAGE,
        open_files=_open_files(pid),
        threads=int(fields[17]),
    )


def usage_of_trees(roots: Iterable[int]) -> dict[int, Usage]:
    """Of each of these processes with all that descend from it; those that are gone are absent."""
    wanted = set(roots)
    if not wanted:
        return {}
    children: dict[int, list[int]] = {}
    for entry in os.listdir(_PROC):
        fields = _stat(int(entry)) if entry.isdigit() else None
        if fields is not None:
            children.setdefault(int(fields[1]), []).append(int(entry))
    found = {root: _tree(root, children) for root in wanted}
    return {root: usage for root, usage in found.items() if usage is not None}


def _tree(root: int, children: dict[int, list[int]]) -> Usage | None:
    total = usage_of(root)
    if total is None:
        return None
    waiting = list(children.get(root, ()))
    while waiting:
        pid = waiting.pop()
        total += usage_of(pid) or Usage()
        waiting += children.get(pid, ())
    return total


def _stat(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the third (the state) on."""
    try:
        text = (_PROC / str(pid) / "stat").read_text("utf-8", "replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    return text[text.rfind(")") + 1 :].split()


def _open_files(pid: int) -> int:
    try:
        return len(os.listdir(_PROC / str(pid) / "fd"))
    except OSError:
        return 0
