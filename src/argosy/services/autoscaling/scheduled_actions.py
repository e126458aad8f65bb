"""Scheduled actions: when a target's range shall become another one."""

import uuid
from datetime import datetime
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.schedules import BadSchedule, parse
from argosy.services.autoscaling.errors import LimitExceededException, ObjectNotFoundException
from argosy.services.autoscaling.finding import described, hanging, page, place, registered
from argosy.services.autoscaling.resources import NAMESPACE
from argosy.services.autoscaling.targets import check_range
from argosy.services.registry import Call, operation
from argosy.state.records import Record
from argosy.state.scaling import ACTION, ActionDocument, actions_of, under

MOST_ACTIONS = 200
"""Of one scalable target."""


@operation("application-autoscaling", "PutScheduledAction")
def put_scheduled_action(call: Call) -> dict[str, Any]:
    """A new one, or the one of that name with what is given."""
    with call.records.transaction():
        target = registered(call)
        if target is None:
            raise ObjectNotFoundException(f"No scalable target registered for {place(call)}")
        before = hanging(call, ACTION, call.input["ScheduledActionName"])
        document = _document(call, target, before)
        _check(document, call.clock.now(), fresh=bool(call.input.get("Schedule")))
        _keep(call, target, before, document)
    return {}


@operation("application-autoscaling", "DeleteScheduledAction")
def delete_scheduled_action(call: Call) -> dict[str, Any]:
    name = call.input["ScheduledActionName"]
    record = hanging(call, ACTION, name)
    if record is None:
        raise ObjectNotFoundException(
            f"No scheduled action found for {place(call)}, scheduled action name: {name}"
        )
    call.records.delete(ACTION, record.account, record.region, record.name)
    return {}


@operation("application-autoscaling", "DescribeScheduledActions")
def describe_scheduled_actions(call: Call) -> dict[str, Any]:
    found = described(call, ACTION, call.input.get("ScheduledActionNames"))
    return page(call, "ScheduledActions", found, lambda record: record.name, _shown)


def _document(call: Call, target: Record, before: Record | None) -> ActionDocument:
    asked, now = call.input, call.clock.now()
    old: dict[str, Any] = before.document if before else {}
    identity = old.get("id") or str(uuid.uuid4())
    name = asked["ScheduledActionName"]
    if not (asked.get("Schedule") or old):
        raise ValidationException("Schedule is required for a new scheduled action.")
    action = asked.get("ScalableTargetAction")
    start = _seconds(asked.get("StartTime"), old.get("start"))
    return {
        "id": identity,
        "arn": (
            f"arn:aws:autoscaling:{target.region}:{target.account}:scheduledAction:{identity}:"
            f"resource/{NAMESPACE}/{target.name}:scheduledActionName/{name}"
        ),
        "name": name,
        "resource_id": target.name,
        "dimension": target.document["dimension"],
        "schedule": asked.get("Schedule") or old["schedule"],
        "zone": asked.get("Timezone") or old.get("zone") or "UTC",
        "start": start,
        "end": _seconds(asked.get("EndTime"), old.get("end")),
        "least": (action or {}).get("MinCapacity") if action else old.get("least"),
        "most": (action or {}).get("MaxCapacity") if action else old.get("most"),
        "since": now,
        "origin": now if start is None else start,
    }


def _check(document: ActionDocument, now: float, *, fresh: bool) -> None:
    """Raise ValidationException for an action that could do nothing."""
    try:
        following = parse(document["schedule"]).next_after(
            now, document["zone"], document["origin"]
        )
    except BadSchedule as error:
        raise ValidationException(str(error)) from None
    if following is None and fresh:
        raise ValidationException(f"Schedule {document['schedule']} lies in the past.")
    start, end = document["start"], document["end"]
    if end is not None and end <= max(start or 0.0, now if fresh else 0.0):
        raise ValidationException("EndTime must lie after StartTime, and in the future.")
    least, most = document["least"], document["most"]
    if least is None and most is None:
        raise ValidationException(
            "ScalableTargetAction needs a MinCapacity, a MaxCapacity or both."
        )
    check_range(least if least is not None else 0, most if most is not None else least or 0)


def _keep(call: Call, target: Record, before: Record | None, document: ActionDocument) -> None:
    now = call.clock.now()
    if before is not None:
        call.records.update(before, now=now, document=dict(document))
        return
    if len(actions_of(call.records, target)) >= MOST_ACTIONS:
        raise LimitExceededException(
            f"A scalable target has at most {MOST_ACTIONS} scheduled actions."
        )
    name = under(target.name, document["name"])
    caller = call.caller
    call.records.create(ACTION, caller.account, caller.region, name, dict(document), now=now)


def _seconds(given: datetime | float | None, before: float | None) -> float | None:
    if given is None:
        return before
    return given.timestamp() if isinstance(given, datetime) else float(given)


def _shown(record: Record) -> dict[str, Any]:
    document = record.document
    action = {"MinCapacity": document["least"], "MaxCapacity": document["most"]}
    times = {"StartTime": document["start"], "EndTime": document["end"]}
    return {
        "ScheduledActionName": document["name"],
        "ScheduledActionARN": document["arn"],
        "ServiceNamespace": NAMESPACE,
        "Schedule": document["schedule"],
        "Timezone": document["zone"],
        "ResourceId": document["resource_id"],
        "ScalableDimension": document["dimension"],
        **{name: at for name, at in times.items() if at is not None},
        "ScalableTargetAction": {k: v for k, v in action.items() if v is not None},
        "CreationTime": record.created,
    }
