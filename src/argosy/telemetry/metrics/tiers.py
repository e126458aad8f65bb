"""How long values are kept, and how finely. Pure.

Source: reference/autoscaling-and-monitoring.md §8.
"""

from dataclasses import dataclass

_HOUR, _DAY = 3600, 86400


@dataclass(frozen=True, slots=True)
class Tier:
    """Values by periods of one length, in seconds."""

    period: int
    kept: int
    span: int
    """Of one block; a multiple of the period."""


SECONDS = Tier(1, 3 * _HOUR, _HOUR)
MINUTES = Tier(60, 15 * _DAY, 6 * _HOUR)
FIVE_MINUTES = Tier(300, 63 * _DAY, _DAY)
HOURS = Tier(3600, 455 * _DAY, 10 * _DAY)

TIERS = (SECONDS, MINUTES, FIVE_MINUTES, HOURS)


def tier_for(period: int) -> Tier:
    """The coarsest one from which values of `period` seconds can be made."""
    return next(tier for tier in reversed(TIERS) if period % tier.period == 0)


def resolution(at: float, now: float, wanted: int) -> int:
    """How finely a value of the time `at` is kept when it comes at `now`: 1 or 60 seconds."""
    return 60 if wanted >= MINUTES.period or at < now - SECONDS.kept else 1
