"""Who serves a request: the variant by weight, the instance by what it has to do. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate

UNAVAILABLE = 1 << 60
"""Load of an instance that cannot take anything."""


def cumulative(weights: Iterable[float]) -> list[float]:
    """Running sums: the last one is the total."""
    return list(accumulate(weights))


def by_weight(sums: Sequence[float], dice: float) -> int | None:
    """The index whose share `dice` (0 ≤ dice < 1) falls into; None when all weights are zero.

    The share of an index is its weight over the sum of weights; a weight of zero is never chosen.
    """
    if not sums or sums[-1] <= 0:
        return None
    index = bisect_right(sums, dice * sums[-1])
    return index if index < len(sums) else bisect_left(sums, sums[-1])


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
