"""Messages of a queue as a function's event, which of them it wants, and which it did. Pure.

Form: reference/automation.md §3; Lambda Developer Guide, "Using Lambda with Amazon SQS" and
"Lambda event filtering".
"""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from argosy.ground.event_patterns import EventPattern, loads, parse
from argosy.ground.functions import Invoked
from argosy.messaging import attributes
from argosy.messaging.receiving import handle_of
from argosy.messaging.sending import TRACE_HEADER, sequence_number
from argosy.state.messages import Message

MOST_BYTES = 6 << 20
"""Of an event."""
_FAILURES, _IDENTIFIER = "batchItemFailures", "itemIdentifier"


def event_of(message: Message, queue_arn: str) -> dict[str, Any]:
    """One of the event's Records."""
    kept = attributes.load(message.attributes)
    return {
        "messageId": message.message_id,
        "receiptHandle": handle_of(message),
        "body": message.body,
        "attributes": _system(message),
        "messageAttributes": {name: _attribute(one) for name, one in kept.items()},
        "md5OfBody": attributes.body_md5(message.body),
        **({"md5OfMessageAttributes": attributes.md5(kept)} if kept else {}),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": queue_arn.split(":")[3],
    }


def trace_of(message: Message) -> str:
    """The X-Amzn-Trace-Id of what sent it."""
    return str(json.loads(message.system or "{}").get(TRACE_HEADER, ""))


def batches(records: Sequence[dict[str, Any]]) -> Iterable[list[dict[str, Any]]]:
    """The records in order, parted so that none makes an event that is too large."""
    batch: list[dict[str, Any]] = []
    size = 0
    for one in records:
        length = len(json.dumps(one)) + 2
        if batch and size + length > MOST_BYTES - 64:
            yield batch
            batch, size = [], 0
        batch.append(one)
        size += length
    if batch:
        yield batch


class Filters:
    """Which messages a function wants: those that fit one of the patterns, or all without any."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = [(parse(text), _asks_for_text(text)) for text in patterns]

    def wants(self, record: Mapping[str, Any]) -> bool:
        return not self._patterns or any(
            _fits(pattern, record, as_text) for pattern, as_text in self._patterns
        )


def failed_of(ids: Sequence[str], invoked: Invoked, *, partial: bool) -> set[str]:
    """The ids of messages that were not done. partial: the function says which."""
    if invoked.error:
        return set(ids)
    if not partial:
        return set()
    try:
        told = json.loads(invoked.payload or b"null")
        failures = (told or {}).get(_FAILURES) or []
        named = {one[_IDENTIFIER] for one in failures}
    except (ValueError, TypeError, KeyError, AttributeError):
        return set(ids)
    return named if named <= set(ids) else set(ids)


def _system(message: Message) -> dict[str, str]:
    kept = json.loads(message.system or "{}")
    told = {
        **kept,
        "ApproximateReceiveCount": str(message.receives),
        "SentTimestamp": str(int(message.sent * 1000)),
        "ApproximateFirstReceiveTimestamp": str(int((message.first_received or 0.0) * 1000)),
        "MessageGroupId": message.message_group,
    }
    if "MessageDeduplicationId" in kept:
        told["SequenceNumber"] = sequence_number(message.number)
    return {name: value for name, value in told.items() if value}


def _attribute(given: Mapping[str, Any]) -> dict[str, Any]:
    value: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    if given.get("BinaryValue") is not None:
        value["binaryValue"] = base64.b64encode(given["BinaryValue"]).decode()
    else:
        value["stringValue"] = given["StringValue"]
    return {**value, "dataType": given["DataType"]}


def _asks_for_text(pattern: str) -> bool:
    """Whether the pattern's body is a list: of texts that the whole body may be."""
    asked = json.loads(pattern)
    return isinstance(asked, dict) and isinstance(asked.get("body"), list)


def _fits(pattern: EventPattern, record: Mapping[str, Any], as_text: bool) -> bool:
    if as_text:
        return pattern.matches(loads(json.dumps(record)))
    try:
        body = json.loads(record["body"])
    except (ValueError, RecursionError):
        body = record["body"]
    return pattern.matches(loads(json.dumps({**record, "body": body})))
