"""CloudWatch: alarms put, deleted, set by hand, switched on and off. Control evaluates them."""

import json
from typing import Any

from argosy.services.cloudwatch.alarm_finding import check_room, every, find, note, there
from argosy.services.cloudwatch.alarm_rules import check_actions, check_metric_alarm
from argosy.services.cloudwatch.errors import (
    InvalidFormat,
    ResourceConflict,
    ResourceNotFound,
    ServiceValidationError,
)
from argosy.services.cloudwatch.tags import tags_of
from argosy.services.registry import Call, operation
from argosy.state.alarm_rules import BadRule, name_of, read
from argosy.state.alarms import ALARM, COMPOSITE, delete_alarm, put_alarm, set_state


@operation("cloudwatch", "PutMetricAlarm")
def put_metric_alarm(call: Call) -> dict[str, Any]:
    check_metric_alarm(call.input, call.caller.account, call.caller.region)
    return _put(call, ALARM)


@operation("cloudwatch", "PutCompositeAlarm")
def put_composite_alarm(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("ActionConfiguration") is not None:
        raise ServiceValidationError("ActionConfiguration: tags of alarms are not passed on here.")
    check_actions(asked)
    _check_composite_actions(asked)
    _check_rule(call)
    return _put(call, COMPOSITE)


def _put(call: Call, kind: str) -> dict[str, Any]:
    name, tags = call.input["AlarmName"], tags_of(call.input.get("Tags") or ())
    with call.records.transaction():
        before = there(call, name)
        if before is None:
            check_room(call)
        elif before.kind != kind:
            raise ServiceValidationError(f"There is an alarm of another type named {name}.")
        record = put_alarm(
            call.records,
            call.caller.account,
            call.caller.region,
            call.input,
            call.clock.now(),
            kind=kind,
            tags=tags,
        )
        note(call, record, "Create" if before is None else "Update", record.document["members"])
    return {}


def _check_composite_actions(asked: dict[str, Any]) -> None:
    suppressor = asked.get("ActionsSuppressor")
    periods = [asked.get(f"ActionsSuppressor{one}Period") for one in ("Wait", "Extension")]
    if suppressor and None in periods:
        raise ServiceValidationError(
            "ActionsSuppressor needs ActionsSuppressorWaitPeriod and "
            "ActionsSuppressorExtensionPeriod."
        )
    if not suppressor and periods != [None, None]:
        raise ServiceValidationError("Periods of suppression need an ActionsSuppressor.")
    if any(period is not None and period < 0 for period in periods):
        raise ServiceValidationError("Periods of suppression must not be negative.")


def _check_rule(call: Call) -> None:
    """The rule can be read, its alarms are there, and it does not lead back to this alarm."""
    name = call.input["AlarmName"]
    try:
        looked_at = set(read(call.input["AlarmRule"]).alarms)
    except BadRule as error:
        raise ServiceValidationError(f"{error}.") from None
    if call.input.get("ActionsSuppressor"):
        looked_at.add(name_of(call.input["ActionsSuppressor"]))
    for one in sorted(looked_at):
        if one != name and there(call, one) is None:
            raise ServiceValidationError(
                f"AlarmRule and ActionsSuppressor must name alarms that exist; {one} does not."
            )
    rules = {one.name: needed_by(one.document["members"]) for one in every(call, COMPOSITE)}
    rules[name] = looked_at
    seen, waiting = set(), set(looked_at)
    while waiting:
        one = waiting.pop()
        if one == name:
            raise ServiceValidationError(f"The rule of {name} would lead back to {name} itself.")
        if one not in seen:
            seen.add(one)
            waiting |= rules.get(one, set())


def needed_by(members: dict[str, Any]) -> set[str]:
    """The names of the alarms that a composite alarm looks at."""
    suppressor = members.get("ActionsSuppressor")
    return set(read(members["AlarmRule"]).alarms) | ({name_of(suppressor)} if suppressor else set())


@operation("cloudwatch", "DeleteAlarms")
def delete_alarms(call: Call) -> dict[str, Any]:
    """All of them or none: one that does not exist, or that another one looks at, stops it."""
    names = list(dict.fromkeys(call.input["AlarmNames"]))
    with call.records.transaction():
        found = [there(call, name) for name in names]
        missing = [name for name, one in zip(names, found, strict=True) if one is None]
        if missing:
            raise ResourceNotFound(f"Alarms {missing} do not exist.")
        records = [one for one in found if one is not None]
        _check_deletion(call, names, [one.name for one in records if one.kind == COMPOSITE])
        for record in records:
            note(call, record, "Delete", record.document["members"])
            delete_alarm(call.records, record.account, record.region, record.name)
    return {}


def _check_deletion(call: Call, names: list[str], composites: list[str]) -> None:
    if len(composites) > 1:
        raise ServiceValidationError("Only one composite alarm can be deleted by one call.")
    if not composites:
        return
    for other in every(call, COMPOSITE):
        used = needed_by(other.document["members"]) & set(composites)
        if other.name not in names and used:
            raise ResourceConflict(
                f"Alarm {other.name} looks at {used.pop()}: change its rule first."
            )


@operation("cloudwatch", "SetAlarmState")
def set_alarm_state(call: Call) -> dict[str, Any]:
    """Lasts until the alarm is evaluated again; actions are carried out if it is another state."""
    asked, data = call.input, call.input.get("StateReasonData") or ""
    if data:
        try:
            json.loads(data)
        except (ValueError, RecursionError):
            raise InvalidFormat("StateReasonData must be JSON.") from None
    record = find(call, asked["AlarmName"])
    set_state(
        call.records, record, asked["StateValue"], asked["StateReason"], data, call.clock.now()
    )
    return {}


@operation("cloudwatch", "EnableAlarmActions")
def enable_alarm_actions(call: Call) -> dict[str, Any]:
    return _switch(call, True)


@operation("cloudwatch", "DisableAlarmActions")
def disable_alarm_actions(call: Call) -> dict[str, Any]:
    return _switch(call, False)


def _switch(call: Call, enabled: bool) -> dict[str, Any]:
    """Alarms that do not exist are passed over, as CloudWatch does."""
    with call.records.transaction():
        for name in dict.fromkeys(call.input["AlarmNames"]):
            record = there(call, name)
            if record is None or record.document["members"].get("ActionsEnabled", True) == enabled:
                continue
            members = {**record.document["members"], "ActionsEnabled": enabled}
            note(call, record, "Update", members)
            document = {**record.document, "members": members, "configured": call.clock.now()}
            call.records.update(record, now=call.clock.now(), document=document)
    return {}
