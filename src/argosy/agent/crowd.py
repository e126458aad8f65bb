"""How many processes run below an agent: a program that starts them without end is ended.

Counted at most a twentieth of the time; it starts nothing and ends nothing itself.
"""

import os
import time
from collections.abc import Iterator

_SHARE = 20


class Crowd:
    """The processes below this one; threads are not counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._next = 0.0

    def look(self) -> str:
        """What is wrong, as the end of a sentence; "" while all is well."""
        began = time.monotonic()
        if began < self._next:
            return ""
        is_too_large = below(os.getpid(), self._most) > self._most
        self._next = time.monotonic() + _SHARE * (time.monotonic() - began)
        return f"it has more than {self._most} processes at once" if is_too_large else ""


def below(pid: int, most: int) -> int:
    """How many processes descend from one; no more are counted than it takes to exceed `most`."""
    found, waiting = 0, [pid]
    while waiting and found <= most:
        for child in _children(waiting.pop()):
            found += 1
            waiting.append(child)
    return found


def _children(pid: int) -> Iterator[int]:
    """The children of all threads of a process; none when it is gone."""
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return
    for task in tasks:
        try:
            with open(f"/proc/{pid}/task/{task}/children") as file:
                text = file.read()
        except OSError:
            continue
        yield from map(int, text.split())
