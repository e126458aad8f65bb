"""CloudWatch: alarms and their history, described."""

from collections.abc import Mapping
from typing import Any

from argosy.services.cloudwatch.alarm_finding import every, find, history
from argosy.services.cloudwatch.alarms import needed_by
from argosy.services.cloudwatch.errors import InvalidParameterCombination
from argosy.services.cloudwatch.paging import place_of, token_of
from argosy.services.registry import Call, operation
from argosy.state.alarm_history import Item
from argosy.state.alarms import ACTIONS, ALARM, COMPOSITE, alarm_arn
from argosy.state.record import Record

_KINDS = {"MetricAlarm": ALARM, "CompositeAlarm": COMPOSITE}
_TYPES = {kind: name for name, kind in _KINDS.items()}
_PAGE = 50
_HISTORY_PAGE = 100


@operation("cloudwatch", "DescribeAlarms")
def describe_alarms(call: Call) -> dict[str, Any]:
    """In the order of their names; metric alarms only, unless AlarmTypes says so."""
    asked = call.input
    found = sorted(_asked_for(call), key=lambda record: record.name)
    after = place_of(asked.get("NextToken"), str) or ""
    found = [one for one in found if one.name > after]
    size = asked.get("MaxRecords") or _PAGE
    if asked.get("AlarmNames"):
        size = len(found)
    page = found[:size]
    answer: dict[str, Any] = {
        "MetricAlarms": [view(one) for one in page if one.kind == ALARM],
        "CompositeAlarms": [view(one) for one in page if one.kind == COMPOSITE],
    }
    return {**answer, "NextToken": token_of(page[-1].name)} if len(found) > len(page) else answer


def _asked_for(call: Call) -> list[Record]:
    asked = call.input
    ways = ("AlarmNames", "AlarmNamePrefix", "ChildrenOfAlarmName", "ParentsOfAlarmName")
    given = [name for name in ways if asked.get(name)]
    if len(given) > 1:
        raise InvalidParameterCombination(f"{given[0]} and {given[1]} cannot both be specified.")
    if asked.get("ChildrenOfAlarmName") or asked.get("ParentsOfAlarmName"):
        return _family(call)
    kinds = [_KINDS[one] for one in asked.get("AlarmTypes") or ["MetricAlarm"] if one in _KINDS]
    names, prefix = set(asked.get("AlarmNames") or ()), asked.get("AlarmNamePrefix") or ""
    found = [one for kind in kinds for one in every(call, kind, prefix)]
    return [one for one in found if (not names or one.name in names) and _fits(one, asked)]


def _family(call: Call) -> list[Record]:
    """The alarms that a composite alarm looks at, or those that look at one."""
    parent = call.input.get("ChildrenOfAlarmName")
    if parent:
        record = find(call, parent)
        names = needed_by(record.document["members"]) if record.kind == COMPOSITE else set()
        return [
            one for kind in (ALARM, COMPOSITE) for one in every(call, kind) if one.name in names
        ]
    child = find(call, call.input["ParentsOfAlarmName"]).name
    return [one for one in every(call, COMPOSITE) if child in needed_by(one.document["members"])]


def _fits(record: Record, asked: Mapping[str, Any]) -> bool:
    state, prefix = asked.get("StateValue"), asked.get("ActionPrefix")
    if state and record.status != state:
        return False
    members = record.document["members"]
    actions = [arn for name in ACTIONS.values() for arn in members.get(name) or ()]
    return not prefix or any(arn.startswith(prefix) for arn in actions)


def view(record: Record) -> dict[str, Any]:
    """An alarm as it is described."""
    document = record.document
    members = {
        "ActionsEnabled": True,
        **{name: [] for name in ACTIONS.values()},
        **document["members"],
    }
    if record.kind == ALARM and not members.get("Metrics"):
        members = {"Dimensions": [], **members}
    data = {"StateReasonData": document["reason_data"]} if document["reason_data"] else {}
    return {
        **members,
        **data,
        **_suppressed(document),
        "AlarmArn": alarm_arn(record.account, record.region, record.name),
        "AlarmConfigurationUpdatedTimestamp": document["configured"],
        "StateValue": record.status,
        "StateReason": document["reason"],
        "StateUpdatedTimestamp": document["since"],
        "StateTransitionedTimestamp": document["transitioned"],
    }


def _suppressed(document: Mapping[str, Any]) -> dict[str, Any]:
    held = document.get("suppressed")
    if not held:
        return {}
    suppressor = document["members"].get("ActionsSuppressor")
    text = f"Actions suppressed by {held['by']}"
    if held["by"] == "Alarm":
        text = f"Suppressor alarm {suppressor} is in ALARM"
    return {"ActionsSuppressedBy": held["by"], "ActionsSuppressedReason": text}


@operation("cloudwatch", "DescribeAlarmsForMetric")
def describe_alarms_for_metric(call: Call) -> dict[str, Any]:
    """Alarms on exactly this metric; not those on expressions."""
    asked = call.input
    found = [one for one in every(call, ALARM) if _watches(one.document["members"], asked)]
    return {"MetricAlarms": [view(one) for one in found]}


def _watches(members: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    if members.get("Metrics") or _dimensions(members) != _dimensions(asked):
        return False
    given = ("Statistic", "ExtendedStatistic", "Period", "Unit")
    names = ["Namespace", "MetricName", *(name for name in given if asked.get(name) is not None)]
    return all(members.get(name) == asked[name] for name in names)


def _dimensions(members: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(one["Name"], one["Value"]) for one in members.get("Dimensions") or ()}


@operation("cloudwatch", "DescribeAlarmHistory")
def describe_alarm_history(call: Call) -> dict[str, Any]:
    """Of the last two weeks, newest first unless ScanBy says otherwise."""
    asked = call.input
    skip = place_of(asked.get("NextToken"), int) or 0
    size = asked.get("MaxRecords") or _HISTORY_PAGE
    types = asked.get("AlarmTypes") or (
        ["MetricAlarm", "CompositeAlarm"] if asked.get("AlarmName") else ["MetricAlarm"]
    )
    found = history(call).find(
        call.caller.account,
        call.caller.region,
        name=asked.get("AlarmName"),
        kinds=[_KINDS[one] for one in types if one in _KINDS] or [""],
        item=asked.get("HistoryItemType"),
        start=asked["StartDate"].timestamp() if asked.get("StartDate") else None,
        end=asked["EndDate"].timestamp() if asked.get("EndDate") else None,
        descending=asked.get("ScanBy") != "TimestampAscending",
        offset=skip,
        limit=size + 1,
    )
    answer: dict[str, Any] = {"AlarmHistoryItems": [_item(one) for one in found[:size]]}
    return {**answer, "NextToken": token_of(skip + size)} if len(found) > size else answer


def _item(one: Item) -> dict[str, Any]:
    return {
        "AlarmName": one.name,
        "AlarmType": _TYPES[one.kind],
        "Timestamp": one.at,
        "HistoryItemType": one.item,
        "HistorySummary": one.summary,
        "HistoryData": one.data,
    }
