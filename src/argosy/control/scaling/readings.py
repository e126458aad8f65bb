"""What alarms said lately: the datapoint that rang, for each policy; and the wish it makes. Pure.

A reading counts until the alarm would have spoken again: while it rings it speaks every period.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.control.scaling.deciding import Situation, Wish
from argosy.control.scaling.policies import stepped, tracked
from argosy.state.scaling import TRACKING

_LOW_SHARE = 0.9
"""Below this share of the target rings the low alarm of a policy that tracks one."""
_DEFAULT_COOLDOWN = 5
"""Periods: five minutes at SageMaker's own."""
_SLACK_S = 1.0


@dataclass(frozen=True)
class Reading:
    """An alarm that rings for a policy."""

    alarm: str
    state: str
    low: bool
    """It is the alarm of a tracking policy that rings when there is too much capacity."""
    above: bool
    """It rings above its threshold, or at it."""
    threshold: float
    points: tuple[tuple[float, float], ...]
    """(value, begin of its period) of the datapoints that rang, newest first; none when somebody
    set the state by hand."""
    at: float
    period_s: float

    def fresh(self, now: float) -> bool:
        return abs(now - self.at) <= 1.5 * self.period_s + _SLACK_S


def reading_of(
    policy: Mapping[str, Any],
    alarm: Mapping[str, Any],
    state: str,
    points: tuple[tuple[float, float], ...],
    now: float,
) -> Reading:
    """What an alarm says to a policy; `alarm` are its members."""
    name = alarm["AlarmName"]
    return Reading(
        alarm=name,
        state=state,
        low=name == policy["alarms"].get("low"),
        above=alarm["ComparisonOperator"].startswith("GreaterThan"),
        threshold=float(alarm.get("Threshold", 0.0)),
        points=points,
        at=now,
        period_s=min(60.0, _period(alarm)),
    )


def wish_of(
    policy: Mapping[str, Any], reading: Reading, situation: Situation, scaling_period: float
) -> Wish | None:
    """What the policy would have then; None when nothing follows."""
    if policy["type"] == TRACKING:
        return _tracking(policy, reading, situation, scaling_period)
    return _step(policy, reading, situation, scaling_period)


def _tracking(
    policy: Mapping[str, Any], reading: Reading, situation: Situation, scaling_period: float
) -> Wish | None:
    if not reading.points:
        return None
    target = reading.threshold / _LOW_SHARE if reading.low else reading.threshold
    # In is for good: what the busiest period of all those needed stays.
    points = reading.points if reading.low else reading.points[:1]
    capacity = max(tracked(situation.base(at), value, target) for value, at in points)
    member = "ScaleInCooldown" if reading.low else "ScaleOutCooldown"
    return Wish(
        policy=policy["name"],
        cause=_cause(policy, reading),
        capacity=capacity,
        cooldown_s=_cooldown(policy["configuration"].get(member), scaling_period),
        wants_out=not reading.low,
        tracks=True,
    )


def _step(
    policy: Mapping[str, Any], reading: Reading, situation: Situation, scaling_period: float
) -> Wish | None:
    breach = reading.points[0][0] - reading.threshold if reading.points else 0.0
    base = situation.base(None)
    configuration = policy["configuration"]
    capacity = stepped(base, configuration, breach, above=reading.above)
    if capacity is None:
        return None
    return Wish(
        policy=policy["name"],
        cause=_cause(policy, reading),
        capacity=capacity,
        cooldown_s=_cooldown(configuration.get("Cooldown"), scaling_period),
        wants_out=capacity >= base,
    )


def _cause(policy: Mapping[str, Any], reading: Reading) -> str:
    alarm = f"monitor alarm {reading.alarm} in state {reading.state}"
    return f"{alarm} triggered policy {policy['name']}"


def _cooldown(given: int | None, scaling_period: float) -> float:
    return _DEFAULT_COOLDOWN * scaling_period if given is None else float(given)


def _period(alarm: Mapping[str, Any]) -> float:
    """How often the alarm is evaluated, in seconds."""
    if alarm.get("Period"):
        return float(alarm["Period"])
    stats = [query.get("MetricStat") or {} for query in alarm.get("Metrics") or ()]
    periods = [float(stat["Period"]) for stat in stats if stat.get("Period")]
    return min(periods, default=60.0)
