"""Lambda: what becomes of asynchronous invocations: attempts, age, destinations."""

from typing import Any

from argosy.ground.functions import LATEST
from argosy.services.lambda_.errors import InvalidParameterValueException, ResourceNotFoundException
from argosy.services.lambda_.finding import (
    arn_of,
    create,
    get,
    named,
    named_there,
    of_function,
    page,
    remove,
)
from argosy.services.registry import Call, operation
from argosy.state.functions import EVENT_INVOKE, part_name
from argosy.state.record import Record

_TARGETS = ("sqs", "sns", "lambda", "events")
_MEMBERS = ("MaximumRetryAttempts", "MaximumEventAgeInSeconds", "DestinationConfig")


@operation("lambda", "PutFunctionEventInvokeConfig")
def put_function_event_invoke_config(call: Call) -> dict[str, Any]:
    """In the place of what was there."""
    return _set(call, {})


@operation("lambda", "UpdateFunctionEventInvokeConfig")
def update_function_event_invoke_config(call: Call) -> dict[str, Any]:
    return _set(call, _config(call).document)


@operation("lambda", "GetFunctionEventInvokeConfig")
def get_function_event_invoke_config(call: Call) -> dict[str, Any]:
    return _view(call, _config(call))


@operation("lambda", "ListFunctionEventInvokeConfigs")
def list_function_event_invoke_configs(call: Call) -> dict[str, Any]:
    some, marker = page(call, of_function(call, EVENT_INVOKE))
    return {
        "FunctionEventInvokeConfigs": [_view(call, one) for one in some],
        "NextMarker": marker,
    }


@operation("lambda", "DeleteFunctionEventInvokeConfig")
def delete_function_event_invoke_config(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        remove(call, _config(call))
    return {}


def _set(call: Call, before: dict[str, Any]) -> dict[str, Any]:
    given = {name: call.input[name] for name in _MEMBERS if call.input.get(name) is not None}
    if not given:
        raise InvalidParameterValueException(
            "You must specify at least one of error handling or destination setting."
        )
    _check_destinations(call, given.get("DestinationConfig") or {})
    document = {**before, **given}
    with call.records.transaction():
        name, qualifier = named_there(call)
        place = part_name(name, qualifier)
        record = get(call, EVENT_INVOKE, place)
        if record is None:
            return _view(call, create(call, EVENT_INVOKE, place, document))
        now = call.clock.now()
        return _view(call, call.records.update(record, now=now, document=document))


def _check_destinations(call: Call, config: dict[str, Any]) -> None:
    for outcome in ("OnSuccess", "OnFailure"):
        arn = (config.get(outcome) or {}).get("Destination")
        if not arn:
            continue
        parts = arn.split(":")
        if len(parts) < 6 or parts[2] not in _TARGETS:
            raise InvalidParameterValueException(
                f"The destination ARN {arn[:200]} is invalid: it is a queue of SQS, a topic of "
                "SNS, a function of Lambda or a bus of EventBridge."
            )
        if arn.endswith(".fifo"):
            raise InvalidParameterValueException(f"The destination {arn} must not be a FIFO one.")
        own = arn_of(call, named(call)[0])
        if arn == own or arn.startswith(f"{own}:"):
            raise InvalidParameterValueException(
                "You can't specify the function as a destination for itself."
            )


def _config(call: Call) -> Record:
    name, qualifier = named_there(call)
    record = get(call, EVENT_INVOKE, part_name(name, qualifier))
    if record is None:
        arn = arn_of(call, name, qualifier or LATEST)
        raise ResourceNotFoundException(f"The function {arn} doesn't have an EventInvokeConfig")
    return record


def _view(call: Call, record: Record) -> dict[str, Any]:
    name, _, qualifier = record.name.partition(":")
    config = record.document.get("DestinationConfig") or {}
    return {
        **record.document,
        "FunctionArn": arn_of(call, name, qualifier or LATEST),
        "LastModified": record.modified,
        "DestinationConfig": {"OnSuccess": {}, "OnFailure": {}, **config},
    }
