"""How much memory environments use, and which use more than they have.

A control group would be exact, but not every machine lets a user make one; so a thread looks at
/proc: ten times a second at busy environments, once at those that rest. A process that takes memory
faster than that is held back by its limit on data (RLIMIT_DATA), which is set well above.
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice

from argosy.ground.processes import descendants

_INTERVAL_S = 0.1
_RESTING_S = 1.0
_PAGE_KB = os.sysconf("SC_PAGE_SIZE") // 1024
_MUCH_KB = 32 << 10
MOST_PROCESSES = 1024
"""Processes and threads of an environment; Lambda's number."""


@dataclass(frozen=True)
class Watched:
    """An environment that is looked at."""

    pid: int
    limit_kb: int
    tell: Callable[[int], None]
    """Called from the watching thread, at most once, with what is used (KiB)."""


class MemoryWatch:
    """The thread that looks."""

    def __init__(self) -> None:
        self._watched: dict[int, Watched] = {}
        self._resting: dict[int, Watched] = {}
        self._changed = threading.Condition()
        self._stopped = False
        self._thread: threading.Thread | None = None

    def add(self, watched: Watched) -> None:
        if self._thread is None:
            self._stopped = False
            self._thread = threading.Thread(target=self._look, name="function-memory", daemon=True)
            self._thread.start()
        with self._changed:
            first = not self._watched
            self._watched[watched.pid] = watched
            self._resting.pop(watched.pid, None)
            if first:
                self._changed.notify()

    def rest(self, pid: int) -> None:
        """It has nothing to do; what it has started may go on."""
        with self._changed:
            watched = self._watched.pop(pid, None)
            if watched is not None:
                self._resting[pid] = watched

    def remove(self, pid: int) -> None:
        with self._changed:
            self._watched.pop(pid, None)
            self._resting.pop(pid, None)

    def stop(self) -> None:
        with self._changed:
            self._stopped = True
            self._watched.clear()
            self._resting.clear()
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(5)
            self._thread = None

    def _look(self) -> None:
        looked = time.monotonic()
        while True:
            with self._changed:
                if not self._watched and not self._stopped:
                    self._changed.wait(_RESTING_S if self._resting else None)
                if self._stopped:
                    return
            time.sleep(_INTERVAL_S)
            with self._changed:
                there = list(self._watched.values())
                if time.monotonic() - looked >= _RESTING_S:
                    looked = time.monotonic()
                    there += self._resting.values()
            for one in there:
                self._look_at(one)

    def _look_at(self, one: Watched) -> None:
        used = used_kb(one.pid, one.limit_kb)
        if used <= one.limit_kb:
            return
        with self._changed:
            still = one in (self._watched.get(one.pid), self._resting.get(one.pid))
        if still:
            self.remove(one.pid)
            one.tell(used)


def used_kb(pid: int, limit_kb: int) -> int:
    """Memory of a process and all below it that is theirs alone, KiB; what forked processes share
    is looked at closely only if it matters. Too many processes count as too much memory."""
    pids = list(family(pid))
    if len(pids) > MOST_PROCESSES:
        return limit_kb + 1
    rough = sum(_own_kb(one) for one in pids)
    return rough if rough <= limit_kb else sum(_share_kb(one) for one in pids)


def peak_kb(pid: int) -> int:
    """The most that a process and those below it have had in memory, each at its own time, KiB."""
    return sum(_peak_kb(one) for one in family(pid)) if pid else 0


def family(pid: int) -> Iterator[int]:
    """A process and its descendants that there are now, up to as many as it may have."""
    yield pid
    yield from islice(descendants(pid), MOST_PROCESSES)


def _own_kb(pid: int) -> int:
    """All but what it has of files, which are libraries mostly: memory that is nobody else's, and
    memory made to be shared, which is looked for only where it could be much."""
    fields = _read(f"/proc/{pid}/statm").split()
    if len(fields) < 3:
        return 0
    resident, shared = (int(field) * _PAGE_KB for field in fields[1:3])
    return resident - shared + (_told(pid, "status", "RssShmem") if shared > _MUCH_KB else 0)


def _peak_kb(pid: int) -> int:
    return _told(pid, "status", "VmHWM")


def _share_kb(pid: int) -> int:
    """What is its own, and its share of what several have."""
    return _told(pid, "smaps_rollup", "Pss_Anon", "Pss_Shmem") or _own_kb(pid)


def _told(pid: int, file: str, *names: str) -> int:
    """The sum of these figures (KiB) of a file about the process, 0 when it is gone."""
    lines = (line.split() for line in _read(f"/proc/{pid}/{file}").splitlines())
    return sum(int(words[1]) for words in lines if words and words[0][:-1] in names)


def _read(path: str) -> str:
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return ""
