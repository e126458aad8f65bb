"""Lambda: event source mappings: functions that are fed from queues of SQS.

A mapping's record says what is wanted; its status is its State, and `automation/queue/polling`
brings it about. Streams, tables and brokers are no sources here.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from argosy.ground.event_patterns import BadPattern, parse
from argosy.ground.functions import LATEST
from argosy.messaging.queue import Queue
from argosy.services.lambda_.errors import (
    InvalidParameterValueException,
    ResourceConflictException,
    ResourceInUseException,
)
from argosy.services.lambda_.finding import (
    arn_of,
    create,
    find,
    function_named,
    get,
    missing,
    named,
    page,
    version_record,
)
from argosy.services.lambda_.tags import check_tags
from argosy.services.registry import Call, operation
from argosy.state.functions import EVENT_SOURCE
from argosy.state.record import Record

MOST_FIFO = MOST_WITHOUT_WINDOW = 10
_MEMBERS = (
    "BatchSize",
    "MaximumBatchingWindowInSeconds",
    "FilterCriteria",
    "FunctionResponseTypes",
    "ScalingConfig",
)
_NOT_FOR_QUEUES = (
    "StartingPosition",
    "StartingPositionTimestamp",
    "ParallelizationFactor",
    "DestinationConfig",
    "MaximumRecordAgeInSeconds",
    "BisectBatchOnFunctionError",
    "MaximumRetryAttempts",
    "TumblingWindowInSeconds",
    "Topics",
    "Queues",
    "SourceAccessConfigurations",
    "SelfManagedEventSource",
    "AmazonManagedKafkaEventSourceConfig",
    "SelfManagedKafkaEventSourceConfig",
    "DocumentDBEventSourceConfig",
    "ProvisionedPollerConfig",
    "KMSKeyArn",
    "LoggingConfig",
    "MetricsConfig",
)
_SETTLED = ("Enabled", "Disabled")
_MOST_FILTERS = 10


@operation("lambda", "CreateEventSourceMapping")
def create_event_source_mapping(call: Call) -> dict[str, Any]:
    asked = call.input
    _refuse_others(asked)
    tags = asked.get("Tags") or {}
    check_tags(tags)
    with call.records.transaction():
        function, timeout = _function(call)
        queue = _queue(call, asked.get("EventSourceArn"))
        config = _config(asked, {"BatchSize": 10, "MaximumBatchingWindowInSeconds": 0}, queue)
        _check_visibility(queue, timeout)
        for other in find(call, EVENT_SOURCE):
            if (other.document["source"], other.document["function"]) == (queue.arn, function):
                raise ResourceConflictException(
                    f'The event source arn (" {queue.arn} ") and function (" {function} ") '
                    "provided mapping already exists. Please update or delete the existing "
                    f"mapping with UUID {other.name}"
                )
        enabled = asked.get("Enabled") is not False
        document = {
            "source": queue.arn,
            "function": function,
            "enabled": enabled,
            "config": config,
            "tags": tags,
            "last": "No records processed",
            "reason": "USER_INITIATED",
        }
        record = create(call, EVENT_SOURCE, str(uuid.uuid4()), document)
        now, status = call.clock.now(), "Creating"
        return _view(call.records.update(record, now=now, status=status))


@operation("lambda", "UpdateEventSourceMapping")
def update_event_source_mapping(call: Call) -> dict[str, Any]:
    asked = call.input
    _refuse_others(asked)
    with call.records.transaction():
        record = _settled(call)
        document = dict(record.document)
        queue = _queue(call, document["source"])
        if asked.get("FunctionName"):
            document["function"], timeout = _function(call)
            _check_visibility(queue, timeout)
        document["config"] = _config(asked, document["config"], queue)
        status = "Updating"
        if asked.get("Enabled") is not None and asked["Enabled"] != document["enabled"]:
            document["enabled"] = asked["Enabled"]
            status = "Enabling" if asked["Enabled"] else "Disabling"
        now = call.clock.now()
        return _view(call.records.update(record, now=now, document=document, status=status))


@operation("lambda", "GetEventSourceMapping")
def get_event_source_mapping(call: Call) -> dict[str, Any]:
    return _view(_mapping(call))


@operation("lambda", "ListEventSourceMappings")
def list_event_source_mappings(call: Call) -> dict[str, Any]:
    source, function = call.input.get("EventSourceArn"), ""
    if call.input.get("FunctionName"):
        function = arn_of(call, *named(call))
    found = [
        record
        for record in find(call, EVENT_SOURCE)
        if source in (None, record.document["source"])
        and function in ("", record.document["function"])
    ]
    some, marker = page(call, found, 100)
    return {"EventSourceMappings": [_view(one) for one in some], "NextMarker": marker}


@operation("lambda", "DeleteEventSourceMapping")
def delete_event_source_mapping(call: Call) -> dict[str, Any]:
    """It is gone when the batches are done that are under way."""
    with call.records.transaction():
        record = _mapping(call)
        if record.status == "Deleting":
            return _view(record)
        now = call.clock.now()
        return _view(call.records.update(record, now=now, status="Deleting"))


def _mapping(call: Call) -> Record:
    record = get(call, EVENT_SOURCE, call.input["UUID"])
    if record is None:
        raise missing()
    return record


def _settled(call: Call) -> Record:
    record = _mapping(call)
    if record.status not in _SETTLED:
        raise ResourceInUseException(
            "Cannot update the event source mapping because it is in use. "
            f"Its state is {record.status}."
        )
    return record


def _refuse_others(asked: Mapping[str, Any]) -> None:
    given = [name for name in _NOT_FOR_QUEUES if asked.get(name)]
    if given:
        raise InvalidParameterValueException(
            f"Unsupported parameters for the event source: {', '.join(given)}. Argosy feeds "
            "functions from queues of SQS."
        )


def _function(call: Call) -> tuple[str, int]:
    """The function's ARN as named, and its timeout in seconds."""
    name, qualifier = named(call)
    function = function_named(call, name, qualifier)
    record, _ = version_record(call, function, qualifier)
    shown = "" if qualifier == LATEST else qualifier
    return arn_of(call, name, shown), int(record.document["config"]["Timeout"])


def _queue(call: Call, arn: str | None) -> Queue:
    parts = (arn or "").split(":")
    if len(parts) != 6 or parts[2] != "sqs":
        raise InvalidParameterValueException(
            f"Unrecognized event source {(arn or '')[:200]!r}: Argosy feeds functions from queues "
            "of SQS. What comes from Kinesis, DynamoDB, Kafka or MQ has no source here."
        )
    queue = call.messaging.queues.of_arn(":".join(parts))
    if queue is None or parts[3] != call.caller.region:
        raise InvalidParameterValueException(
            "Error occurred while ReceiveMessage. SQS Error Code: "
            "AWS.SimpleQueueService.NonExistentQueue. SQS Error Message: The specified queue does "
            "not exist."
        )
    return queue


def _config(asked: Mapping[str, Any], before: Mapping[str, Any], queue: Queue) -> dict[str, Any]:
    """What is said of batches. Raises InvalidParameterValueException."""
    given = {name: asked[name] for name in _MEMBERS if asked.get(name) is not None}
    config = {name: one for name, one in {**before, **given}.items() if one != {}}
    size, window = config["BatchSize"], config["MaximumBatchingWindowInSeconds"]
    if queue.fifo and window:
        raise InvalidParameterValueException("Batching window is not supported for FIFO queues")
    if size > MOST_WITHOUT_WINDOW and not window and not queue.fifo:
        raise InvalidParameterValueException(
            "Maximum batch window in seconds must be greater than 0 if maximum batch size is "
            "greater than 10"
        )
    if queue.fifo and size > MOST_FIFO:
        raise InvalidParameterValueException(
            f"The batch size of a FIFO queue is at most {MOST_FIFO}."
        )
    filters = (config.get("FilterCriteria") or {}).get("Filters") or []
    if len(filters) > _MOST_FILTERS:
        raise InvalidParameterValueException(f"There are at most {_MOST_FILTERS} filters.")
    for one in filters:
        _check_filter(one.get("Pattern") or "")
    return config


def _check_filter(pattern: str) -> None:
    try:
        parse(pattern)
    except BadPattern as error:
        raise InvalidParameterValueException(
            f"Invalid filter pattern definition. {error}"
        ) from None


def _check_visibility(queue: Queue, timeout: int) -> None:
    visible = queue.number("VisibilityTimeout")
    if visible < timeout:
        raise InvalidParameterValueException(
            f"Queue visibility timeout: {visible} seconds is less than Function timeout: "
            f"{timeout} seconds"
        )


def _view(record: Record) -> dict[str, Any]:
    document = record.document
    arn = f"arn:aws:lambda:{record.region}:{record.account}:event-source-mapping:{record.name}"
    return {
        **document["config"],
        "UUID": record.name,
        "EventSourceArn": document["source"],
        "FunctionArn": document["function"],
        "LastModified": record.modified,
        "LastProcessingResult": document["last"],
        "State": record.status,
        "StateTransitionReason": document["reason"],
        "EventSourceMappingArn": arn,
        "FunctionResponseTypes": document["config"].get("FunctionResponseTypes") or [],
    }
