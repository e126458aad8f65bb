"""Schedules: made, shown, replaced, removed."""

from datetime import datetime
from typing import Any

from argosy.services.eventbridge.paging import page
from argosy.services.registry import Call, operation
from argosy.services.scheduler.errors import ConflictException, ResourceNotFoundException
from argosy.services.scheduler.groups import check_group
from argosy.services.scheduler.rules import check
from argosy.state.event_timers import Timers
from argosy.state.record import Record
from argosy.state.schedules import DEFAULT_GROUP, SCHEDULE, next_timer, schedule_arn

_MEMBERS = (
    "ScheduleExpression",
    "ScheduleExpressionTimezone",
    "StartDate",
    "EndDate",
    "Description",
    "Target",
    "FlexibleTimeWindow",
    "ActionAfterCompletion",
)
_DEFAULTS = {"ScheduleExpressionTimezone": "UTC", "ActionAfterCompletion": "NONE"}


@operation("scheduler", "CreateSchedule")
def create_schedule(call: Call) -> dict[str, Any]:
    """The same ClientToken again gives the same schedule."""
    group, token = _group(call), call.input.get("ClientToken") or ""
    check_group(call, group)
    check(call.input, call.clock.now())
    place = call.caller.account, call.caller.region
    with call.records.transaction():
        found = _find(call)
        if found is not None and (not token or found.document["token"] != token):
            raise ConflictException(f"Schedule {call.input['Name']} already exists.")
        if found is None:
            now, name = call.clock.now(), f"{group}/{call.input['Name']}"
            document = {**_said(call), "token": token}
            found = call.records.create(
                SCHEDULE, *place, name, document, now=now, status=_state(call)
            )
            _set_timer(call, found)
    return {"ScheduleArn": schedule_arn(found)}


@operation("scheduler", "UpdateSchedule")
def update_schedule(call: Call) -> dict[str, Any]:
    """All of it is replaced: what is left out has its default again."""
    check(call.input, call.clock.now())
    with call.records.transaction():
        found = _get(call)
        document = {**_said(call), "token": found.document["token"]}
        changed = call.records.update(
            found, now=call.clock.now(), document=document, status=_state(call)
        )
        _set_timer(call, changed)
    return {"ScheduleArn": schedule_arn(changed)}


@operation("scheduler", "GetSchedule")
def get_schedule(call: Call) -> dict[str, Any]:
    found = _get(call)
    said = {name: found.document.get(name) for name in _MEMBERS}
    return {**_DEFAULTS, **{k: v for k, v in said.items() if v is not None}, **_summary(found)}


@operation("scheduler", "ListSchedules")
def list_schedules(call: Call) -> dict[str, Any]:
    asked, place = call.input, (call.caller.account, call.caller.region)
    group, prefix = asked.get("GroupName") or "", asked.get("NamePrefix") or ""
    if group:
        check_group(call, group)
    found = call.records.find(SCHEDULE, *place, prefix=f"{group}/" if group else "")
    keyed = [
        (record.name, record)
        for record in found
        if record.name.partition("/")[2].startswith(prefix)
        and asked.get("State") in (None, record.status)
    ]
    return page(asked, "Schedules", keyed, _listed, "MaxResults")


@operation("scheduler", "DeleteSchedule")
def delete_schedule(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        found = _get(call)
        Timers(call.records.transactions).delete(schedule_arn(found))
        call.records.delete(SCHEDULE, found.account, found.region, found.name)
    return {}


def _set_timer(call: Call, record: Record) -> None:
    timers = Timers(call.records.transactions)
    timer = next_timer(record, record.document["since"] - 0.001)  # a rate begins at once
    if timer is None:
        timers.delete(schedule_arn(record))
    else:
        timers.put(timer)


def _said(call: Call) -> dict[str, Any]:
    said = {name: call.input[name] for name in _MEMBERS if call.input.get(name) is not None}
    times = {name: one.timestamp() for name, one in said.items() if isinstance(one, datetime)}
    return {**said, **times, "since": call.clock.now()}


def _state(call: Call) -> str:
    return str(call.input.get("State") or "ENABLED")


def _group(call: Call) -> str:
    return str(call.input.get("GroupName") or DEFAULT_GROUP)


def _find(call: Call) -> Record | None:
    name = f"{_group(call)}/{call.input['Name']}"
    return call.records.get(SCHEDULE, call.caller.account, call.caller.region, name)


def _get(call: Call) -> Record:
    found = _find(call)
    if found is None:
        raise ResourceNotFoundException(f"Schedule {call.input['Name']} does not exist.")
    return found


def _summary(record: Record) -> dict[str, Any]:
    group, _, name = record.name.partition("/")
    return {
        "Arn": schedule_arn(record),
        "Name": name,
        "GroupName": group,
        "State": record.status,
        "CreationDate": record.created,
        "LastModificationDate": record.modified,
    }


def _listed(record: Record) -> dict[str, Any]:
    return {**_summary(record), "Target": {"Arn": record.document["Target"]["Arn"]}}
