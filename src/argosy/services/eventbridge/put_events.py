"""Events of users, and whether a pattern fits one."""

import uuid
from typing import Any

from argosy.ground import event_detail
from argosy.ground.errors import ApiError, ValidationException
from argosy.ground.event_patterns import loads, parse
from argosy.services.eventbridge.finding import bus_named
from argosy.services.eventbridge.rules import check_pattern
from argosy.services.registry import Call, operation

_MOST_BYTES = 256 * 1024
_NEEDED = ("Source", "DetailType", "Detail")
_IN_EVENT = ("id", "account", "source", "time", "region", "resources", "detail-type")


@operation("events", "PutEvents")
def put_events(call: Call) -> dict[str, Any]:
    """Each entry that is well is durable when the call is answered, all in one commit."""
    if call.input.get("EndpointId"):
        raise ValidationException("Global endpoints are not offered here: leave EndpointId out.")
    entries = call.input["Entries"]
    if sum(map(_size, entries)) > _MOST_BYTES:
        raise ValidationException("Total size of the entries in the request is over the limit.")
    with call.records.transaction():
        told = [_put(call, entry) for entry in entries]
    failed = sum("ErrorCode" in one for one in told)
    return {"FailedEntryCount": failed, "Entries": told}


@operation("events", "TestEventPattern")
def try_event_pattern(call: Call) -> dict[str, Any]:
    check_pattern(call.input["EventPattern"])
    try:
        event = loads(call.input["Event"])
    except (ValueError, RecursionError):
        raise ValidationException("Parameter Event is not valid. Reason: it is not JSON.") from None
    missing = [name for name in _IN_EVENT if not isinstance(event, dict) or name not in event]
    if missing:
        raise ValidationException(
            f"Parameter Event is not valid. Reason: {missing[0]} must be there."
        )
    return {"Result": parse(call.input["EventPattern"]).matches(event)}


def _put(call: Call, entry: dict[str, Any]) -> dict[str, str]:
    why = _wrong(entry)
    if why:
        return {"ErrorCode": why[0], "ErrorMessage": why[1]}
    try:
        bus = bus_named(call, entry.get("EventBusName") or "")
    except ApiError as error:
        return {"ErrorCode": error.code, "ErrorMessage": error.message}
    event_id, now = str(uuid.uuid4()), call.clock.now()
    at = entry["Time"].timestamp() if entry.get("Time") else now
    call.events.add(
        call.caller.account,
        call.caller.region,
        entry["Source"],
        entry["DetailType"],
        entry.get("Resources") or [],
        entry["Detail"],
        at,
        bus=bus,
        trace=entry.get("TraceHeader") or call.trace,
        event_id=event_id,
    )
    return {"EventId": event_id}


def _wrong(entry: dict[str, Any]) -> tuple[str, str] | None:
    """Code and message of what is wrong with an entry."""
    for name in _NEEDED:
        if not entry.get(name):
            text = f"Parameter {name} is not valid. Reason: {name} is a required argument."
            return "InvalidArgument", text
    if entry["Source"].startswith("aws."):
        return "NotAuthorizedForSourceException", "Not authorized for the source."
    if event_detail.read(entry["Detail"]) is None:
        return "MalformedDetail", "Detail is malformed."
    return None


def _size(entry: dict[str, Any]) -> int:
    """Bytes as EventBridge counts them: the time is fourteen."""
    texts = [entry.get(name) or "" for name in _NEEDED] + list(entry.get("Resources") or [])
    return sum(len(text.encode()) for text in texts) + (14 if entry.get("Time") else 0)
