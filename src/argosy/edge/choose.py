"""Who serves a request: the variant by weight, the instance by what it has to do. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Generic, TypeVar

T = TypeVar("T")

UNAVAILABLE = 1 << 60
"""Load of an instance that cannot take anything."""


class Wheel(Generic[T]):
    """Things with weights, to be chosen by chance: a share is a weight over the sum of weights."""

    __slots__ = ("_last", "_sums", "_things", "_total")

    def __init__(self, things: Sequence[T], weights: Iterable[float]) -> None:
        self._things = things
        self._sums = list(accumulate(weights))
        self._total = self._sums[-1] if self._sums else 0.0
        self._last = bisect_left(self._sums, self._total)
        """The last thing with a weight: where rounding must not lead beyond."""

    def spin(self, dice: float) -> T | None:
        """The thing whose share `dice` (0 ≤ dice < 1) falls into; None when all weights are zero.

        A thing with a weight of zero is never chosen.
        """
        total = self._total
        if total <= 0:
            return None
        index = bisect_right(self._sums, dice * total)
        return self._things[index if index < self._last else self._last]


def least_loaded(loads: Sequence[int], start: int) -> int | None:
    """The index with the smallest load, ties going to the first one from `start` on (which the
    caller moves from request to request); None when none is available."""
    count = len(loads)
    best, fewest = None, UNAVAILABLE
    for step in range(count):
        index = (start + step) % count
        if loads[index] < fewest:
            best, fewest = index, loads[index]
    return best
