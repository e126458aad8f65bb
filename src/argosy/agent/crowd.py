"""How many processes run below an agent: a program that starts them without end is ended.

It starts nothing and ends nothing itself.
"""

import os
from itertools import islice

from argosy.agent.pace import Pace
from argosy.ground.processes import descendants


class Crowd:
    """The processes below this one; threads are not counted."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._pace = Pace()

    def look(self) -> str:
        """What is wrong, as the end of a sentence; "" while all is well."""
        if not self._pace.due:
            return ""
        with self._pace.measuring():
            is_too_large = below(os.getpid(), self._most) > self._most
        return f"it has more than {self._most} processes at once" if is_too_large else ""


def below(pid: int, most: int) -> int:
    """How many processes descend from one; no more are counted than it takes to exceed `most`."""
    return sum(1 for _ in islice(descendants(pid), most + 1))
