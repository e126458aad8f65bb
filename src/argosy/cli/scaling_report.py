"""What scales an endpoint, asked for through AWS's own calls, as plain data."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from argosy.ground.errors import ArgosyError

Client = Callable[[str], Any]

_LOOK_BACK = 30
"""Periods among which the newest datapoint is looked for."""


def report_of(client: Client, endpoint: str, last: int) -> dict[str, Any]:
    """The endpoint's scalable targets; raises ArgosyError when there are none.

    Metrics are in the terms of the policy's target, whatever the alarms' periods are.
    """
    sagemaker = client("sagemaker")
    described = sagemaker.describe_endpoint(EndpointName=endpoint)
    resources = _resources(sagemaker, described)
    reader = _Reader(client("application-autoscaling"), client("cloudwatch"), last)
    targets = [
        {**reader.target(target), **resources[target["ResourceId"]]}
        for target in reader.targets()
        if target["ResourceId"] in resources
    ]
    if not targets:
        raise ArgosyError(
            f"Nothing scales {endpoint}: `argosy loadtest {endpoint} --apply` finds a target and "
            "registers a policy; docs/scaling.md shows how to write one."
        )
    return {"endpoint": endpoint, "status": described["EndpointStatus"], "targets": targets}


def _resources(sagemaker: Any, endpoint: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """ResourceId of all that could be scaled of an endpoint → how many there are."""
    name, found = endpoint["EndpointName"], {}
    for variant in endpoint.get("ProductionVariants") or ():
        found[f"endpoint/{name}/variant/{variant['VariantName']}"] = {
            "status": endpoint["EndpointStatus"],
            "current": variant.get("CurrentInstanceCount"),
            "desired": variant.get("DesiredInstanceCount"),
        }
    pages = sagemaker.get_paginator("list_inference_components").paginate(EndpointNameEquals=name)
    for page in pages:
        for summary in page["InferenceComponents"]:
            component = summary["InferenceComponentName"]
            found[f"inference-component/{component}"] = _component(sagemaker, component)
    return found


def _component(sagemaker: Any, name: str) -> dict[str, Any]:
    described = sagemaker.describe_inference_component(InferenceComponentName=name)
    copies = described.get("RuntimeConfig") or {}
    return {
        "status": described["InferenceComponentStatus"],
        "current": copies.get("CurrentCopyCount"),
        "desired": copies.get("DesiredCopyCount"),
    }


class _Reader:
    """Asks the services."""

    def __init__(self, scaling: Any, cloudwatch: Any, last: int) -> None:
        self._scaling = scaling
        self._cloudwatch = cloudwatch
        self._last = last

    def targets(self) -> list[dict[str, Any]]:
        return self._all("describe_scalable_targets", "ScalableTargets")

    def target(self, target: dict[str, Any]) -> dict[str, Any]:
        of = {"ResourceId": target["ResourceId"], "ScalableDimension": target["ScalableDimension"]}
        policies = self._all("describe_scaling_policies", "ScalingPolicies", **of)
        scheduled = self._all("describe_scheduled_actions", "ScheduledActions", **of)
        return {
            "resource": target["ResourceId"],
            "least": target["MinCapacity"],
            "most": target["MaxCapacity"],
            "suspended": sorted(name for name, is_so in target["SuspendedState"].items() if is_so),
            "policies": [self._policy(policy) for policy in policies],
            "scheduled": [_action(action) for action in scheduled],
            "activities": self._activities(of),
        }

    def _policy(self, policy: dict[str, Any]) -> dict[str, Any]:
        names = [alarm["AlarmName"] for alarm in policy["Alarms"]]
        alarms = self._alarms(names)
        tracking = policy.get("TargetTrackingScalingPolicyConfiguration") or {}
        target = tracking.get("TargetValue")
        states = {_side(alarm["AlarmName"], names): alarm["StateValue"] for alarm in alarms}
        return {
            "name": policy["PolicyName"],
            "kind": policy["PolicyType"],
            "target": target,
            "metric": self._metric(alarms[0], target) if alarms else None,
            "alarms": states,
        }

    def _alarms(self, names: list[str]) -> list[dict[str, Any]]:
        if not names:
            return []
        found = self._cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
        return sorted(found, key=lambda alarm: names.index(alarm["AlarmName"]))

    def _metric(self, alarm: dict[str, Any], target: float | None) -> float | None:
        """The newest datapoint that the alarm can see, in the target's own terms."""
        queries, period = _queries(alarm)
        end = datetime.now(UTC)
        answer = self._cloudwatch.get_metric_data(
            MetricDataQueries=queries,
            StartTime=end - timedelta(seconds=_LOOK_BACK * period),
            EndTime=end,
        )
        values: list[float] = next(
            (r["Values"] for r in answer["MetricDataResults"] if r["Values"]), []
        )
        if not values:
            return None
        threshold = alarm.get("Threshold")
        scale = target / threshold if target and threshold else 1.0
        return values[0] * scale

    def _activities(self, of: dict[str, str]) -> list[dict[str, Any]]:
        if not self._last:
            return []
        found = self._scaling.describe_scaling_activities(
            ServiceNamespace="sagemaker",
            IncludeNotScaledActivities=True,
            MaxResults=min(50, self._last),
            **of,
        )["ScalingActivities"]
        return [
            {
                "start": one["StartTime"],
                "end": one.get("EndTime"),
                "description": one["Description"],
                "cause": one["Cause"],
                "status": one["StatusCode"],
                "message": one.get("StatusMessage", ""),
                "not_scaled": [reason["Code"] for reason in one.get("NotScaledReasons", ())],
            }
            for one in found
        ]

    def _all(self, operation: str, member: str, **asked: Any) -> list[dict[str, Any]]:
        pages = self._scaling.get_paginator(operation).paginate(
            ServiceNamespace="sagemaker", **asked
        )
        return [one for page in pages for one in page[member]]


def _side(name: str, names: list[str]) -> str:
    """What an alarm is called beside the others of its policy."""
    if name.startswith("TargetTracking-"):
        return "high" if "-AlarmHigh-" in name else "low"
    return name if len(names) > 1 else "alarm"


def _action(action: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": action["ScheduledActionName"],
        "schedule": action["Schedule"],
        "zone": action.get("Timezone", "UTC"),
        "action": action["ScalableTargetAction"],
    }


def _queries(alarm: dict[str, Any]) -> tuple[list[dict[str, Any]], int]:
    """GetMetricData's queries for what an alarm watches, and its period."""
    if alarm.get("Metrics"):
        stats = [query.get("MetricStat") or {} for query in alarm["Metrics"]]
        return alarm["Metrics"], max([stat.get("Period", 0) for stat in stats] + [1])
    metric = {
        "Namespace": alarm["Namespace"],
        "MetricName": alarm["MetricName"],
        "Dimensions": alarm.get("Dimensions") or [],
    }
    stat = {
        "Metric": metric,
        "Period": alarm["Period"],
        "Stat": alarm.get("Statistic") or alarm["ExtendedStatistic"],
    }
    return [{"Id": "m", "MetricStat": stat}], alarm["Period"]
