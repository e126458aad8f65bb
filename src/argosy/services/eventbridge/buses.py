"""Event buses. The default one is always there."""

import json
from typing import Any

from argosy.ground.errors import (
    ResourceAlreadyExistsException,
    ResourceNotFoundException,
    ValidationException,
)
from argosy.messaging.resource_policy import is_policy
from argosy.services.eventbridge.finding import bus_name, find_bus
from argosy.services.eventbridge.paging import page
from argosy.services.registry import Call, operation
from argosy.state.events import DEFAULT_BUS
from argosy.state.record import Record
from argosy.state.rules import BUS, NO_BUS, bus_arn, rules_of


@operation("events", "CreateEventBus")
def create_event_bus(call: Call) -> dict[str, Any]:
    name = call.input["Name"]
    if call.input.get("EventSourceName"):
        raise ValidationException("Partner event sources are not offered here.")
    _check(call)
    if "/" in name:
        raise ValidationException("Only the buses of partners have a / in their names.")
    if name == DEFAULT_BUS or find_bus(call, name) is not None:
        raise ResourceAlreadyExistsException(f"Event bus {name} already exists.")
    tags = {tag["Key"]: tag["Value"] for tag in call.input.get("Tags") or []}
    _write(call, name, None, tags=tags, **_said(call))
    return _view(call, name)


@operation("events", "DescribeEventBus")
def describe_event_bus(call: Call) -> dict[str, Any]:
    return _view(call, bus_name(call, "Name"))


@operation("events", "UpdateEventBus")
def update_event_bus(call: Call) -> dict[str, Any]:
    name = bus_name(call, "Name")
    _check(call)
    _write(call, name, find_bus(call, name), **_said(call))
    return _view(call, name)


@operation("events", "ListEventBuses")
def list_event_buses(call: Call) -> dict[str, Any]:
    found = call.records.find(BUS, call.caller.account, call.caller.region)
    names = {DEFAULT_BUS, *(record.name for record in found)}
    prefix = call.input.get("NamePrefix") or ""
    keyed = [(name, name) for name in names if name.startswith(prefix)]
    return page(call.input, "EventBuses", keyed, lambda name: _view(call, name))


@operation("events", "DeleteEventBus")
def delete_event_bus(call: Call) -> dict[str, Any]:
    name = call.input["Name"]
    if name == DEFAULT_BUS:
        raise ValidationException(f"Cannot delete event bus {name}.")
    place = call.caller.account, call.caller.region
    if rules_of(call.records, *place, name):
        raise ValidationException(f"Event bus {name} has rules: delete them first.")
    call.records.delete(BUS, *place, name)
    return {}


@operation("events", "PutPermission")
def put_permission(call: Call) -> dict[str, Any]:
    """Writes the bus's policy, or one statement of it; whoever can sign may put events."""
    name = bus_name(call)
    record, policy = find_bus(call, name), call.input.get("Policy")
    if policy is not None:
        if not is_policy(policy):
            raise ValidationException("Parameter Policy is not valid: it is not a policy.")
        _write(call, name, record, policy=policy)
        return {}
    if call.input.get("Action") not in (None, "events:PutEvents"):
        raise ValidationException("Provided value in parameter 'action' is not supported.")
    missing = [one for one in ("Action", "Principal", "StatementId") if not call.input.get(one)]
    if missing:
        raise ValidationException(f"Parameter {missing[0]} must be specified.")
    principal = call.input["Principal"]
    statement = {
        "Sid": call.input["StatementId"],
        "Effect": "Allow",
        "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": call.input["Action"],
        "Resource": bus_arn(call.caller.region, call.caller.account, name),
        **_condition(call.input.get("Condition")),
    }
    kept = [one for one in _statements(record) if one.get("Sid") != statement["Sid"]]
    _write(call, name, record, policy=_policy([*kept, statement]))
    return {}


@operation("events", "RemovePermission")
def remove_permission(call: Call) -> dict[str, Any]:
    name = bus_name(call)
    record = find_bus(call, name)
    kept = _statements(record)
    if call.input.get("RemoveAllPermissions"):
        left = []
    else:
        left = [one for one in kept if one.get("Sid") != call.input.get("StatementId")]
        if len(left) == len(kept):
            raise ResourceNotFoundException("Statement with the provided id does not exist.")
    _write(call, name, record, policy=_policy(left) if left else "")
    return {}


def _condition(asked: dict[str, str] | None) -> dict[str, Any]:
    """The statement's member for a condition, which is most often on aws:PrincipalOrgID."""
    return {"Condition": {asked["Type"]: {asked["Key"]: asked["Value"]}}} if asked else {}


def _check(call: Call) -> None:
    for member in ("KmsKeyIdentifier", "LogConfig"):
        if call.input.get(member):
            raise ValidationException(f"{member} is not offered here: leave it out.")


def _said(call: Call) -> dict[str, Any]:
    letters = (call.input.get("DeadLetterConfig") or {}).get("Arn") or ""
    return {"description": call.input.get("Description") or "", "dead_letters": letters}


def _write(call: Call, name: str, record: Record | None, **members: Any) -> None:
    now = call.clock.now()
    if record is None:
        place = call.caller.account, call.caller.region, name
        call.records.create(BUS, *place, {**NO_BUS, **members}, now=now)
    else:
        call.records.update(record, now=now, document={**record.document, **members})


def _view(call: Call, name: str) -> dict[str, Any]:
    arn = bus_arn(call.caller.region, call.caller.account, name)
    shown: dict[str, Any] = {"Name": name, "Arn": arn, "EventBusArn": arn}
    record = find_bus(call, name)
    if record is None:
        return shown
    document = record.document
    said = {
        "Description": document["description"],
        "Policy": document["policy"],
        "DeadLetterConfig": {"Arn": document["dead_letters"]} if document["dead_letters"] else None,
    }
    times = {"CreationTime": record.created, "LastModifiedTime": record.modified}
    return {**shown, **times, **{name: value for name, value in said.items() if value}}


def _statements(record: Record | None) -> list[dict[str, Any]]:
    policy = record.document["policy"] if record else ""
    found = json.loads(policy).get("Statement", []) if policy else []
    return list(found) if isinstance(found, list) else [found]


def _policy(statements: list[dict[str, Any]]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
