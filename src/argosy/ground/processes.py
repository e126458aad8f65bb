"""One process, named so that a reused pid is never mistaken for it: its pid and when it began."""

import os
import select
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ProcessId:
    """A pid with field 22 of /proc/PID/stat (start time in clock ticks since boot)."""

    pid: int
    start_ticks: int

    @classmethod
    def of(cls, pid: int) -> "ProcessId":
        """The process that has this pid now; start_ticks is 0 when there is none."""
        fields = _stat(pid)
        return cls(pid, int(fields[19]) if fields else 0)

    @property
    def alive(self) -> bool:
        """False once it has ended, also while it waits to be reaped."""
        if self.pid <= 0 or self.start_ticks <= 0:
            return False
        fields = _stat(self.pid)
        return bool(fields) and int(fields[19]) == self.start_ticks and fields[0] not in "ZXx"

    def send(self, number: signal.Signals) -> bool:
        """Send a signal; False when the process is no more. Never hits a later one of that pid."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return False
        try:
            if not self.alive:
                return False
            signal.pidfd_send_signal(descriptor, number)
        except ProcessLookupError:
            return False
        finally:
            os.close(descriptor)
        return True

    def wait(self, seconds: float) -> bool:
        """Wait for its end, also as a process that is not a child; False when it still lives."""
        try:
            descriptor = os.pidfd_open(self.pid)
        except OSError:
            return True
        try:
            if not self.alive:
                return True
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            return bool(poll.poll(seconds * 1000))
        finally:
            os.close(descriptor)


def children_of(pid: int) -> list[int]:
    """The pids of the children of a process's first thread; [] when it is gone."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def descendants(pid: int) -> Iterator[int]:
    """The processes below one that there are now, whichever of its threads has started them.

    Each is looked for when it is asked for: who fears very many takes no more than it needs.
    """
    waiting = [pid]
    while waiting:
        for child in _children_of_threads(waiting.pop()):
            yield child
            waiting.append(child)


def _children_of_threads(pid: int) -> Iterator[int]:
    try:
        threads = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for thread in threads:
        try:
            with open(f"/proc/{pid}/task/{thread}/children") as file:
                text = file.read()
        except OSError:
            continue
        yield from map(int, text.split())


def _stat(pid: int) -> list[str]:
    """/proc/PID/stat from field 3 (state) on; [] when there is no such process."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes().decode("latin-1")
    except OSError:
        return []
    return text.rpartition(")")[2].split()
