"""From a metric to a capacity: what one policy alone would have. Pure.

Bounds, cooldowns and other policies are `deciding`'s.
"""

import math
from collections.abc import Mapping
from typing import Any

_ROUNDING = 1e-9
"""So that 3 × 0.1 / 0.1 needs three instances, not four."""


def tracked(capacity: int, metric: float, target: float) -> int:
    """The least capacity at which a metric, measured at `capacity`, is at its target or below: it
    falls in proportion. With no capacity the metric is taken to be that of one."""
    return max(0, math.ceil(max(1, capacity) * metric / target - _ROUNDING))


def stepped(
    capacity: int, configuration: Mapping[str, Any], breach: float, *, above: bool
) -> int | None:
    """The capacity that a step scaling configuration asks for; None when no step is meant.

    breach: how far the metric is above the alarm's threshold. above: whether the alarm rings above
    it; then a step's lower bound belongs to it, else its upper one does.
    """
    for step in configuration["StepAdjustments"]:
        if _within(step, breach, above):
            return max(0, _adjusted(capacity, configuration, step["ScalingAdjustment"]))
    return None


def _within(step: Mapping[str, Any], breach: float, above: bool) -> bool:
    lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    low = -math.inf if lower is None else lower
    high = math.inf if upper is None else upper
    return low <= breach < high if above else low < breach <= high


def _adjusted(capacity: int, configuration: Mapping[str, Any], adjustment: int) -> int:
    kind = configuration["AdjustmentType"]
    if kind == "ExactCapacity":
        return adjustment
    if kind == "ChangeInCapacity":
        return capacity + adjustment
    least = configuration.get("MinAdjustmentMagnitude") or 0
    change = _whole(capacity * adjustment / 100)
    if change and abs(change) < least:
        change = least if change > 0 else -least
    return capacity + change


def _whole(change: float) -> int:
    """Towards zero, but at least one where there is a change (User Guide, "Step adjustments")."""
    if change and abs(change) < 1:
        return 1 if change > 0 else -1
    return math.trunc(change)
