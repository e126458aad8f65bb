"""What is told of a change of an alarm: the SNS message, the event, the history. Pure.

Forms: reference/autoscaling-and-monitoring.md §9.
"""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from botocore.loaders import Loader

from argosy.control.alarms.texts import stamp
from argosy.state.alarms import COMPOSITE, Change, alarm_arn
from argosy.state.record import Record

SOURCE = "aws.cloudwatch"
DETAIL_TYPE = "CloudWatch Alarm State Change"
LONGEST_DATA = 4095
"""Characters of one entry of the history."""
_LONGEST_SUBJECT = 100


def subject(record: Record, change: Change) -> str:
    text = f'{change["state"]}: "{record.name}" in {place(record.region)}'
    return "".join(c if c.isprintable() else " " for c in text)[:_LONGEST_SUBJECT]


def message(record: Record, change: Change) -> str:
    """The message of an SNS action: JSON."""
    members = record.document["members"]
    document = {
        "AlarmName": record.name,
        "AlarmDescription": members.get("AlarmDescription"),
        "AWSAccountId": record.account,
        "AlarmConfigurationUpdatedTimestamp": stamp(record.document["configured"]),
        "NewStateValue": change["state"],
        "NewStateReason": change["reason"],
        "StateChangeTime": stamp(change["at"]),
        "Region": place(record.region),
        "AlarmArn": alarm_arn(record.account, record.region, record.name),
        "OldStateValue": change["previous"],
        "OKActions": members.get("OKActions") or [],
        "AlarmActions": members.get("AlarmActions") or [],
        "InsufficientDataActions": members.get("InsufficientDataActions") or [],
    }
    if record.kind == COMPOSITE:
        document["AlarmRule"] = members["AlarmRule"]
    else:
        document["Trigger"] = _trigger(members)
    return json.dumps(document, separators=(",", ":"))


def event(record: Record, change: Change) -> dict[str, Any]:
    """The detail of the event."""
    return {
        "alarmName": record.name,
        "configuration": _configuration(record),
        "previousState": _state(
            change["previous"],
            change["previous_reason"],
            change["previous_data"],
            change["previous_at"],
        ),
        "state": _state(change["state"], change["reason"], change["data"], change["at"]),
    }


def function_event(record: Record, change: Change) -> dict[str, Any]:
    """What a function is invoked with (CloudWatch User Guide, "Lambda alarm actions")."""
    return {
        "source": SOURCE,
        "alarmArn": alarm_arn(record.account, record.region, record.name),
        "accountId": record.account,
        "time": stamp(change["at"]),
        "region": record.region,
        "alarmData": event(record, change),
    }


def state_history(change: Change) -> tuple[str, str]:
    """Summary and data of the history's StateUpdate."""
    document: dict[str, Any] = {
        "version": "1.0",
        "oldState": _history_state(
            change["previous"], change["previous_reason"], change["previous_data"]
        ),
        "newState": _history_state(change["state"], change["reason"], change["data"]),
    }
    summary = f"Alarm updated from {change['previous']} to {change['state']}"
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > LONGEST_DATA:
        for state in (document["oldState"], document["newState"]):
            state.pop("stateReasonData", None)
        text = json.dumps(document, separators=(",", ":"))
    return summary, text


def action_history(
    change: Change, arn: str, error: str, published: str | None = None
) -> tuple[str, str]:
    """Summary and data of the history's Action; `error` is "" where it succeeded."""
    document = {
        "actionState": "Failed" if error else "Succeeded",
        "stateUpdateTimestamp": int(change["at"] * 1000),
        "notificationResource": arn,
        "publishedMessage": published,
        "error": error or None,
    }
    did = "Failed to execute action" if error else "Successfully executed action"
    text = json.dumps(document, separators=(",", ":"))
    if len(text) > LONGEST_DATA:
        text = json.dumps({**document, "publishedMessage": None}, separators=(",", ":"))
    return f"{did} {arn}", text


@cache
def place(region: str) -> str:
    """What AWS calls a region in texts: "US East (N. Virginia)"; the region itself, else."""
    for partition in Loader().load_data("endpoints")["partitions"]:
        if region in partition["regions"]:
            return str(partition["regions"][region]["description"])
    return region


def _state(value: str, reason: str, data: str, at: float) -> dict[str, Any]:
    document = {"value": value, "reason": reason, "timestamp": stamp(at)}
    return {**document, "reasonData": data} if data else document


def _history_state(value: str, reason: str, data: str) -> dict[str, Any]:
    document: dict[str, Any] = {"stateValue": value, "stateReason": reason}
    return {**document, "stateReasonData": json.loads(data)} if _is_json(data) else document


def _is_json(text: str) -> bool:
    try:
        return bool(text) and json.loads(text) is not None
    except ValueError:
        return False


def _configuration(record: Record) -> dict[str, Any]:
    members = record.document["members"]
    described = (
        {"description": members["AlarmDescription"]} if "AlarmDescription" in members else {}
    )
    if record.kind == COMPOSITE:
        named = ("AlarmRule", "ActionsSuppressor")
        given = ((name, members.get(name)) for name in named)
        return {**described, **{name[0].lower() + name[1:]: one for name, one in given if one}}
    return {**described, "metrics": [_metric(one) for one in _queries(members)]}


def _queries(members: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The alarm's queries; those of an alarm on one metric are made up."""
    if members.get("Metrics"):
        return list(members["Metrics"])
    metric = {name: members.get(name) for name in ("Namespace", "MetricName", "Dimensions")}
    stat = members.get("Statistic") or members.get("ExtendedStatistic")
    single = {"Metric": metric, "Period": members["Period"], "Stat": stat}
    return [{"Id": "m1", "MetricStat": single, "ReturnData": True}]


def _metric(query: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": query["Id"], "returnData": query.get("ReturnData", True)}
    if query.get("Expression"):
        shown["expression"] = query["Expression"]
    if query.get("Label"):
        shown["label"] = query["Label"]
    if query.get("MetricStat"):
        stat = query["MetricStat"]
        metric = stat["Metric"]
        dimensions = {one["Name"]: one["Value"] for one in metric.get("Dimensions") or ()}
        shown["metricStat"] = {
            "metric": {
                "namespace": metric.get("Namespace"),
                "name": metric.get("MetricName"),
                "dimensions": dimensions,
            },
            "period": stat["Period"],
            "stat": stat["Stat"],
        }
    return shown


def _trigger(members: Mapping[str, Any]) -> dict[str, Any]:
    shared = {
        "Period": members.get("Period"),
        "EvaluationPeriods": members["EvaluationPeriods"],
        "DatapointsToAlarm": members.get("DatapointsToAlarm") or members["EvaluationPeriods"],
        "ComparisonOperator": members["ComparisonOperator"],
        "Threshold": members["Threshold"],
        "TreatMissingData": members.get("TreatMissingData") or "missing",
        "EvaluateLowSampleCountPercentile": members.get("EvaluateLowSampleCountPercentile") or "",
    }
    if members.get("Metrics"):
        return {**shared, "Metrics": [_query(one) for one in members["Metrics"]]}
    extended = members.get("ExtendedStatistic")
    named = "ExtendedStatistic" if extended else "Statistic"
    return {
        "MetricName": members["MetricName"],
        "Namespace": members["Namespace"],
        "StatisticType": named,
        named: extended or _shouted(members["Statistic"]),
        "Unit": members.get("Unit"),
        "Dimensions": _dimensions(members),
        **shared,
    }


def _query(query: Mapping[str, Any]) -> dict[str, Any]:
    if not query.get("MetricStat"):
        return dict(query)
    stat = query["MetricStat"]
    metric = {**stat["Metric"], "Dimensions": _dimensions(stat["Metric"])}
    return {**query, "MetricStat": {**stat, "Metric": metric}}


def _dimensions(members: Mapping[str, Any]) -> list[dict[str, str]]:
    given = members.get("Dimensions") or ()
    return [{"value": one["Value"], "name": one["Name"]} for one in given]


def _shouted(statistic: str) -> str:
    """ "SampleCount" → "SAMPLE_COUNT" """
    return "".join(
        f"_{c}" if c.isupper() and place else c.upper() for place, c in enumerate(statistic)
    )
