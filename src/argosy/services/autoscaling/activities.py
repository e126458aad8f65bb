"""Scaling activities, as DescribeScalingActivities tells them: newest first."""

from typing import Any

from argosy.services.autoscaling.finding import described, page
from argosy.services.autoscaling.resources import NAMESPACE
from argosy.services.registry import Call, operation
from argosy.state.records import Record
from argosy.state.scaling_activities import KEPT_S, KIND


@operation("application-autoscaling", "DescribeScalingActivities")
def describe_scaling_activities(call: Call) -> dict[str, Any]:
    """Those of six weeks; what was not scaled is told only where it is asked for."""
    all_of_them = bool(call.input.get("IncludeNotScaledActivities"))
    since = call.clock.now() - KEPT_S
    found = [
        record
        for record in described(call, KIND)
        if record.document["started"] >= since
        and (all_of_them or not record.document.get("not_scaled"))
    ]
    return page(call, "ScalingActivities", found, _newest, _shown, descending=True)


def _newest(record: Record) -> str:
    """Time and number: what follows the resource in the record's name."""
    return record.name.partition("|")[2]


def _shown(record: Record) -> dict[str, Any]:
    document = record.document
    shown = {
        "ActivityId": document["id"],
        "ServiceNamespace": NAMESPACE,
        "ResourceId": document["resource_id"],
        "ScalableDimension": document["dimension"],
        "Description": document["description"],
        "Cause": document["cause"],
        "StartTime": document["started"],
        "StatusCode": record.status,
    }
    if document["ended"] is not None:
        shown["EndTime"] = document["ended"]
    if document["message"]:
        shown["StatusMessage"] = document["message"]
    if document.get("not_scaled"):
        shown["NotScaledReasons"] = document["not_scaled"]
    return shown
