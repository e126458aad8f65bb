"""Who serves a request: the variant by weight, the instance by what it has to do. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from hashlib import blake2b
from itertools import accumulate
from typing import Generic, NamedTuple, TypeVar

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


BUSY_MODEL = 32
"""Requests open on one copy of a model from which on another instance may load it too."""
BUSY_INSTANCE = 256
"""Requests open on an instance from which on models are rather loaded by another one."""


class Standing(NamedTuple):
    """One instance of many models, seen by a request for one of them."""

    ready: bool
    load: int
    """Open requests for all its models."""
    warm: int | None
    """Open requests for this model; None where it is not loaded, as far as we know."""


def homes(target: bytes, names: Sequence[str]) -> list[int]:
    """The instances in the order in which they should have a model: every edge finds the same one,
    and a new instance takes over no more than its share (rendezvous hashing)."""

    def score(index: int) -> bytes:
        return blake2b(target, key=names[index].encode()[:64], digest_size=8).digest()

    return sorted(range(len(names)), key=score, reverse=True)


def for_model(standings: Sequence[Standing], limit: int) -> int | None:
    """Whom to ask, of instances in the order of `homes`: where it is loaded and not busy, else the
    first that is not busy, else the one with least to do; None when none can take anything."""
    for index, one in enumerate(standings):
        if one.ready and one.warm is not None and one.warm < min(BUSY_MODEL, limit):
            return index
    for index, one in enumerate(standings):
        if one.ready and one.warm is None and one.load < min(BUSY_INSTANCE, limit):
            return index
    loads = [
        (one.load if one.warm is None else one.warm) if one.ready else UNAVAILABLE
        for one in standings
    ]
    least = least_loaded(loads, 0)
    return least if least is not None and loads[least] < limit else None
