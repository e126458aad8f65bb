"""What metric math works with: series of points, and the times that a series without gaps has."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from argosy.telemetry.metrics.math.syntax import BadExpression

MOST_POINTS = 100_800
"""Of one series: as many as GetMetricData answers."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The periods of a query: [start, end) in steps of `period` seconds."""

    start: int
    end: int
    period: int

    def times(self, period: int | None = None) -> range:
        """When each period begins. Raises BadExpression where there are too many."""
        step = period or self.period
        times = range(self.start, self.end, step)
        if len(times) > MOST_POINTS:
            raise BadExpression(f"A series has {len(times)} points; at most {MOST_POINTS} go.")
        return times


@dataclass(frozen=True, slots=True)
class Series:
    """Values by the beginning of their period, oldest first."""

    points: dict[int, float]
    period: int
    label: str = ""
    metrics: bool = field(default=False)
    """It is a metric, not what became of one."""

    def with_points(self, points: Iterable[tuple[int, float]]) -> "Series":
        """The same series with other values; those that are no finite numbers are dropped."""
        kept = {at: value for at, value in points if math.isfinite(value)}
        return replace(self, points=kept, metrics=False)

    def mapped(self, change: Callable[[float], float]) -> "Series":
        """Each value changed; those for which it cannot be done (ValueError …) are dropped."""
        return self.with_points((at, tried(change, value)) for at, value in self.points.items())


Value = float | Series | list[Series]
"""A scalar (NaN: none), a time series, or an array of them."""


def tried(function: Callable[..., float], *arguments: float) -> float:
    """The function's value; NaN where there is none, or none that is real."""
    try:
        value = function(*arguments)
    except (ValueError, ArithmeticError):
        return math.nan
    return value if isinstance(value, (int, float)) else math.nan


def union(several: Iterable[Series]) -> list[int]:
    """The times for which any of them has a value, in order."""
    times: set[int] = set()
    for one in several:
        times.update(one.points)
    return sorted(times)
