"""Lines of metrics that control has not put on disk yet: told again when it comes back.

Each line has a number and this edge's name, by which control knows what it has already, and the
time that it is for. While control is away there is a line for each minute. When there are too many
no more are made: what is counted stays where it is counted, and goes into a later line.
"""

import os
import time
from collections import deque
from collections.abc import Iterable
from time import perf_counter
from typing import Any

from argosy.edge.metrics import Metrics

_MOST = 1500
"""A day without control, and a little more."""
_MINUTE_S = 60


class Untaken:
    """Of one edge process."""

    def __init__(self) -> None:
        self._source = os.urandom(8).hex()
        self._number = 0
        self._lines: deque[dict[str, Any]] = deque()
        self._minute = 0

    def collect(self, metrics: Metrics, *, connected: bool) -> Iterable[dict[str, Any]]:
        """A new line of what was counted; none when nothing was, or when it is not time."""
        now = time.time()
        minute = int(now // _MINUTE_S)
        if len(self._lines) >= _MOST or not (connected or minute != self._minute):
            return ()
        counted = metrics.take(perf_counter())
        if not counted:
            return ()
        self._minute = minute
        self._number += 1
        line = {"metrics": counted, "source": self._source, "line": self._number, "at": now}
        self._lines.append(line)
        return (line,)

    def took(self, number: int) -> None:
        """Control has all lines up to this one."""
        while self._lines and self._lines[0]["line"] <= number:
            self._lines.popleft()

    def lines(self) -> list[dict[str, Any]]:
        """Those that control may not have, oldest first."""
        return list(self._lines)
