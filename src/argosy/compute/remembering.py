"""Files of JSON that are read over and over: one that has not changed is not parsed again.

They are replaced as a whole (`ground.files.write_json`). A file that was written a moment ago is
not remembered: one that is written again within the grain of the file system's clock looks the
same.
"""

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Generic, TypeVar

from argosy.ground.files import read_json

_SETTLED_NS = 100_000_000
"""So long ago must the last change be; clocks of file systems tick every few milliseconds."""

T = TypeVar("T")
_Mark = tuple[int, int, int]


class Remembered(Generic[T]):
    """What `parse` makes of files; `parse` takes the JSON, None where there is none."""

    def __init__(self, parse: Callable[[Any], T]) -> None:
        self._parse = parse
        self._known: dict[str, tuple[_Mark, T]] = {}
        self._before: dict[str, tuple[_Mark, T]] = {}

    def next_round(self) -> None:
        """What is not asked for in the round that begins will be forgotten in the next."""
        self._before, self._known = self._known, {}

    def read(self, path: str) -> T:
        """What the file says now."""
        now = time.time_ns()
        mark = _mark(path)
        known = self._known.get(path) or self._before.get(path)
        if known is None or known[0] != mark:
            known = (mark, self._parse(read_json(Path(path))))
        if 0 < mark[1] < now - _SETTLED_NS:
            self._known[path] = known
        return known[1]


def _mark(path: str) -> _Mark:
    """Which file it is, and when it was written; zeros for one that is not there."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return (0, 0, 0)
    return found.st_ino, found.st_mtime_ns, found.st_size
