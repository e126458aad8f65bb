"""The two alarms that a target tracking policy looks through: what they watch, and when they ring.

In CloudWatch's own terms, as PutMetricAlarm would take them. Nothing here decides on a capacity.

A period of theirs is `settings.scaling_period`. At SageMaker's minute, three datapoints above the
target ring the high alarm; in shorter periods fewer do, so that a rush is met within seconds.
"""

from typing import Any

from argosy.state.alarms import ALARM, put_alarm
from argosy.state.records import Record, Records
from argosy.state.scaling import POLICY, TRACKING, PolicyDocument

_LOW_SHARE = 0.9
_LOW_POINTS = 15
_MINUTE_S = 60.0
_HIGH_RESOLUTION_S = 10.0

_PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": ("InvocationsPerInstance", "Sum"),
    "SageMakerInferenceComponentInvocationsPerCopy": ("InvocationsPerCopy", "Sum"),
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": (
        "ConcurrentRequestsPerModel",
        "Average",
    ),
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": (
        "ConcurrentRequestsPerCopy",
        "Average",
    ),
}


def managed_alarms(policy: PolicyDocument, scaling_period: float) -> dict[str, dict[str, Any]]:
    """ "high" and, unless scale-in is disabled, "low" → the members of the alarm."""
    asked = policy["configuration"]
    seconds = period_of(asked, scaling_period)
    target = threshold(asked, seconds)
    alarms = {"high": _alarm(policy, "high", "GreaterThanThreshold", target, seconds)}
    if not asked.get("DisableScaleIn"):
        low = target * _LOW_SHARE
        alarms["low"] = _alarm(policy, "low", "LessThanThreshold", low, seconds)
    return alarms


def keep_period(records: Records, scaling_period: float, now: float) -> None:
    """Make alarms anew that were made for periods of another length: the platform was started with
    another one, and metrics come in that one now."""
    for policy in records.find(POLICY):
        if policy.document["type"] != TRACKING:
            continue
        made = managed_alarms(policy.document, scaling_period)  # type: ignore[arg-type]
        for members in made.values():
            name = members["AlarmName"]
            alarm = records.get(ALARM, policy.account, policy.region, name)
            if alarm is not None and _periods(alarm) != _periods_of(members):
                put_alarm(records, policy.account, policy.region, members, now, managed=True)


def _periods(alarm: Record) -> list[int | None]:
    return _periods_of(alarm.document["members"])


def _periods_of(members: dict[str, Any]) -> list[int | None]:
    """Of the alarm itself, and of each of its queries."""
    queries = (query.get("MetricStat") or {} for query in members.get("Metrics") or ())
    return [members.get("Period"), *(query.get("Period") for query in queries)]


def period_of(asked: dict[str, Any], scaling_period: float) -> int:
    """Seconds of one datapoint; metrics of high resolution have ten at most."""
    name = _predefined(asked)
    if name.endswith("HighResolution"):
        return max(1, round(min(scaling_period, _HIGH_RESOLUTION_S)))
    return max(1, round(scaling_period))


def threshold(asked: dict[str, Any], seconds: int) -> float:
    """The target in terms of one datapoint: invocations are counted by the minute in TargetValue,
    however short a period is."""
    target = float(asked["TargetValue"])
    name = _predefined(asked)
    return target * seconds / _MINUTE_S if name and _PREDEFINED[name][1] == "Sum" else target


def high_points(seconds: int) -> int:
    """How many datapoints in a row ring the high alarm."""
    return 2 if seconds < 10 else 3


def _alarm(
    policy: PolicyDocument, side: str, comparison: str, target: float, seconds: int
) -> dict[str, Any]:
    name = policy["alarms"][side]
    points = high_points(seconds) if side == "high" else _LOW_POINTS
    return {
        "AlarmName": name,
        "AlarmDescription": (
            f"DO NOT EDIT OR DELETE. For TargetTrackingScaling policy {policy['arn']}."
        ),
        "ActionsEnabled": True,
        "OKActions": [],
        "AlarmActions": [policy["arn"]],
        "InsufficientDataActions": [],
        **_watched(policy, seconds),
        "EvaluationPeriods": points,
        "DatapointsToAlarm": points,
        "Threshold": target,
        "ComparisonOperator": comparison,
    }


def _watched(policy: PolicyDocument, seconds: int) -> dict[str, Any]:
    """The metric, as an alarm names it."""
    asked = policy["configuration"]
    if name := _predefined(asked):
        metric, statistic = _PREDEFINED[name]
        return {
            "Namespace": "AWS/SageMaker",
            "MetricName": metric,
            "Dimensions": dimensions_of(policy["resource_id"]),
            "Statistic": statistic,
            "Period": seconds,
        }
    custom = asked["CustomizedMetricSpecification"]
    if custom.get("Metrics"):
        return {"Metrics": [_query(query, seconds) for query in custom["Metrics"]]}
    watched = {
        "Namespace": custom["Namespace"],
        "MetricName": custom["MetricName"],
        "Dimensions": custom.get("Dimensions") or [],
        "Statistic": custom["Statistic"],
        "Period": seconds,
    }
    return {**watched, "Unit": custom["Unit"]} if custom.get("Unit") else watched


def dimensions_of(resource_id: str) -> list[dict[str, str]]:
    """Dimensions of SageMaker's own metrics of a resource."""
    kind, *names = resource_id.split("/")
    if kind == "endpoint":
        endpoint, _, variant = names
        return [
            {"Name": "EndpointName", "Value": endpoint},
            {"Name": "VariantName", "Value": variant},
        ]
    return [{"Name": "InferenceComponentName", "Value": names[0]}]


def _query(query: dict[str, Any], seconds: int) -> dict[str, Any]:
    """A query of the policy as one of an alarm, which has a period."""
    shown = {"Id": query["Id"], "ReturnData": query.get("ReturnData") is not False}
    if query.get("Label"):
        shown["Label"] = query["Label"]
    if query.get("Expression"):
        return {**shown, "Expression": query["Expression"]}
    return {**shown, "MetricStat": {**query["MetricStat"], "Period": seconds}}


def _predefined(asked: dict[str, Any]) -> str:
    specification = asked.get("PredefinedMetricSpecification") or {}
    return str(specification.get("PredefinedMetricType") or "")
