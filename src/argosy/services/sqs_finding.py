"""What the calls of SQS share: the queue that is meant, its URL, batches, messages given back."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from argosy.ground.errors import ApiError, InvalidParameterValue
from argosy.messaging import attributes
from argosy.messaging.queue import Queue
from argosy.messaging.queue_errors import (
    BatchEntryIdsNotDistinct,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)
from argosy.messaging.receiving import handle_of
from argosy.messaging.sending import sequence_number
from argosy.services.registry import Call
from argosy.state.messages import Message

MOST_ENTRIES = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


def queue_of(call: Call) -> Queue:
    """The queue that QueueUrl names. Raises QueueDoesNotExist, InvalidAddress."""
    return call.messaging.queues.of_url(call.caller.region, call.input["QueueUrl"])


def url_of(call: Call, queue: Queue) -> str:
    """The queue's URL as this client can reach it."""
    return f"{call.base}/{queue.record.account}/{queue.name}"


def number(call: Call, name: str, low: int, high: int, default: int) -> int:
    """A number of the request; raises InvalidParameterValue."""
    given = call.input.get(name)
    if given is None:
        return default
    if not low <= given <= high:
        raise InvalidParameterValue(
            f"Value {given} for parameter {name} is invalid. Reason: Must be between {low} and "
            f"{high}, if provided."
        )
    return int(given)


Entry = Mapping[str, Any]


def batch(
    entries: Sequence[Entry], do: Callable[[Entry], Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """What became of each entry; what is wrong with one does not touch the others.

    Raises what is wrong with the batch as a whole.
    """
    check_batch(entries)
    done: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            done["Successful"].append({"Id": entry["Id"], **do(entry)})
        except ApiError as error:
            done["Failed"].append(
                {
                    "Id": entry["Id"],
                    "SenderFault": error.sender_fault,
                    "Code": error.query_code,
                    "Message": error.message,
                }
            )
    return done


def check_batch(entries: Sequence[Entry]) -> None:
    """Raises what is wrong with the number or the ids of entries."""
    if not entries:
        raise EmptyBatchRequest("There should be at least one entry in the request.")
    if len(entries) > MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(
            f"Maximum number of entries per request are {MOST_ENTRIES}. You have sent "
            f"{len(entries)}."
        )
    ids = [entry["Id"] for entry in entries]
    if not all(map(_ID.fullmatch, ids)):
        raise InvalidBatchEntryId(
            "A batch entry id can only contain alphanumeric characters, hyphens and underscores. "
            "It can be at most 80 letters long."
        )
    if len(set(ids)) < len(ids):
        raise BatchEntryIdsNotDistinct("Id of each batch entry should be distinct.")


def message_view(message: Message, system: set[str], wanted: Sequence[str]) -> dict[str, Any]:
    """A message as ReceiveMessage gives it: with the attributes that were asked for."""
    shown = {
        "MessageId": message.message_id,
        "ReceiptHandle": handle_of(message),
        "MD5OfBody": attributes.body_md5(message.body),
        "Body": message.body,
    }
    told = {
        name: value
        for name, value in _system(message).items()
        if value and (name in system or "All" in system)
    }
    kept = attributes.load(message.attributes)
    chosen = {name: one for name, one in kept.items() if _wanted(name, wanted)}
    return {
        **shown,
        "Attributes": told or None,
        "MessageAttributes": chosen or None,
        "MD5OfMessageAttributes": attributes.md5(chosen) or None,
    }


def _system(message: Message) -> dict[str, str]:
    kept = json.loads(message.system or "{}")
    deduplicated = "MessageDeduplicationId" in kept
    return {
        **kept,
        "SentTimestamp": _milliseconds(message.sent),
        "ApproximateReceiveCount": str(message.receives),
        "ApproximateFirstReceiveTimestamp": _milliseconds(message.first_received or 0.0),
        "MessageGroupId": message.message_group,
        "SequenceNumber": sequence_number(message.number) if deduplicated else "",
    }


def _wanted(name: str, wanted: Sequence[str]) -> bool:
    return any(
        one in ("All", ".*") or name == one or (one.endswith(".*") and name.startswith(one[:-2]))
        for one in wanted
    )


def _milliseconds(at: float) -> str:
    return str(int(at * 1000))
