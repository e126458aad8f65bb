"""Which ranges of a shared object to give out next, and the part numbers of their output. Pure.

Positions are bytes of the object, or row groups of a Parquet file; ranges are [start, end).
"""

from collections.abc import Iterable

MAX_NUMBER = 10_000
"""The highest number of a part of an upload (S3 API reference)."""

_SMALLEST_RUN = 4 << 20
_LARGEST_RUN = 512 << 20
_NUMBERS = MAX_NUMBER - 2
"""Spread over the whole object, so that ranges done apart have numbers in their order."""

Range = tuple[int, int]


def gaps(total: int, taken: Iterable[Range]) -> list[Range]:
    """What of [0, total) nothing in `taken` covers, in order."""
    found, position = [], 0
    for start, end in sorted(taken):
        if start > position:
            found.append((position, start))
        position = max(position, end)
    if position < total:
        found.append((position, total))
    return found


def next_run(free: list[Range], slots: int, total: int, *, rows: bool = False) -> Range | None:
    """The range to give out next: large ones first, small ones towards the end, so that all who
    work on an object end at about the same time.

    free: gaps, in order; slots: how many may work at once; rows: positions are row groups.
    """
    if not free:
        return None
    start, end = free[0]
    left = sum(stop - begin for begin, stop in free)
    fair = -(-left // (2 * max(slots, 1)))
    smallest = 1 if rows else max(_SMALLEST_RUN, -(-total // (_NUMBERS // 4)))
    size = max(fair if rows else min(fair, max(_LARGEST_RUN, smallest)), smallest)
    return (start, end) if end - start < size + smallest else (start, start + size)


def number_at(position: int, total: int) -> int:
    """The part number of output that begins at a position of a shared object."""
    return 1 + position * _NUMBERS // total


def numbers_of(run: Range, total: int, used: Iterable[tuple[int, int]]) -> tuple[int, int]:
    """The first and last part number of a run.

    used: (end, number) of pieces that are there; those before the run were numbered before it.
    """
    start, end = run
    before = max((number for stop, number in used if stop <= start), default=0)
    last = MAX_NUMBER if end >= total else number_at(end, total) - 1
    return max(number_at(start, total), before + 1), last
