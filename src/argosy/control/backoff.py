"""When the next instance may be launched, after some have died. Pure."""

from collections.abc import Iterable

WINDOW_S = 300.0
"""Launches older than this no longer count against a variant."""

_LONGEST_S = 60.0


def next_launch(launched: Iterable[float], now: float) -> float:
    """The earliest time for another launch, given when the variant's dead ones were launched.

    One death in the window costs nothing; from the second on the wait doubles: 1, 2, 4 … 60 s,
    counted from the latest launch. Times in epoch seconds.
    """
    recent = sorted(time for time in launched if time > now - WINDOW_S)
    if len(recent) < 2:
        return now
    return recent[-1] + min(2.0 ** (len(recent) - 2), _LONGEST_S)
