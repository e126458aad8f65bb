"""What is unloaded when memory is short, and what is deleted when the disk is. Pure.

Least recently used first, those without open requests before those with (whose processes finish
what they have before they go). Source: reference/multi-model-and-pipelines.md §2.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from dataclasses import dataclass

_REMEMBERED = 10_000
_RECENT = 64
_FIRST_GUESS = 16 << 20
_AMPLE = 0.9


@dataclass(frozen=True)
class Loaded:
    """A model in memory. Sizes in bytes, times in seconds of one clock."""

    target: str
    memory: int
    used: float
    busy: bool = False
    leaving: bool = False
    """It is being unloaded: its memory will be free in a moment."""


@dataclass(frozen=True)
class OnDisk:
    """The files of a model that is not in memory."""

    target: str
    size: int
    used: float


def to_unload(models: Iterable[Loaded], free: int, need: int) -> list[str]:
    """Whom to unload so that `need` bytes fit where `free` are free now (less than none, maybe).

    What is leaving already counts as free. All of them may be too few.
    """
    known = list(models)
    missing = need - free - sum(one.memory for one in known if one.leaving)
    chosen = []
    for one in sorted((m for m in known if not m.leaving), key=lambda m: (m.busy, m.used)):
        if missing <= 0:
            break
        chosen.append(one.target)
        missing -= one.memory
    return chosen


def to_delete(files: Iterable[OnDisk], total: int, limit: int) -> list[str]:
    """Whose files to delete so that `total` bytes become `limit`; files in use are not given."""
    excess = total - limit
    chosen = []
    for one in sorted(files, key=lambda f: f.used):
        if excess <= 0:
            break
        chosen.append(one.target)
        excess -= one.size
    return chosen


class Estimates:
    """How much memory a model will take, from what models took before."""

    def __init__(self) -> None:
        self._known: OrderedDict[str, int] = OrderedDict()
        self._surplus: deque[int] = deque(maxlen=_RECENT)

    def learn(self, target: str, files: int, memory: int) -> None:
        """A model whose files have that size took that much memory."""
        self._known[target] = max(memory, 0)
        self._known.move_to_end(target)
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        self._surplus.append(memory - files)

    def of(self, target: str, files: int) -> int:
        """Bytes to set aside: what it took the last time, else the size of its files and what
        nine in ten models took beyond theirs."""
        known = self._known.get(target)
        if known is not None:
            return known
        surplus = sorted(self._surplus)
        beyond = surplus[int(len(surplus) * _AMPLE)] if surplus else _FIRST_GUESS
        return max(files + beyond, 1 << 20)
