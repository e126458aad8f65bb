"""SNS: messages to topics, one or up to ten at a time; a call is one commit."""

import re
from collections.abc import Mapping
from typing import Any

from argosy.ground.errors import ApiError, InvalidParameter
from argosy.messaging import Publication, publication
from argosy.messaging.topic_errors import (
    BatchEntryIdsNotDistinct,
    BatchRequestTooLong,
    EmptyBatchRequest,
    InvalidBatchEntryId,
    TooManyEntriesInBatchRequest,
)
from argosy.services.registry import Call, operation
from argosy.services.sns import topic_of

_MOST_ENTRIES = 10
_ID = re.compile(r"[A-Za-z0-9_-]{1,80}")


@operation("sns", "Publish")
async def publish(call: Call) -> dict[str, Any]:
    """Answered once the message is in the database, for each subscriber that wants it."""
    asked = call.input
    if asked.get("PhoneNumber"):
        raise InvalidParameter(
            "Invalid parameter: PhoneNumber Reason: this platform sends no text messages; publish "
            "to a topic"
        )
    arn = asked.get("TopicArn") or asked.get("TargetArn")
    if not arn:
        raise InvalidParameter(
            "Invalid parameter: TopicArn or TargetArn Reason: no value for required parameter"
        )
    return await call.messaging.together.run(lambda: _publish(call, arn, asked))


@operation("sns", "PublishBatch")
def publish_batch(call: Call) -> dict[str, Any]:
    topic, entries = topic_of(call), call.input["PublishBatchRequestEntries"]
    _check(entries)
    total = sum(publication.size(_publication(call, entry)) for entry in entries)
    if total > topic.most_bytes:
        raise BatchRequestTooLong(
            f"The batch has {total} bytes; the messages of one have at most {topic.most_bytes}."
        )
    done: dict[str, list[dict[str, Any]]] = {"Successful": [], "Failed": []}
    with call.records.transaction():
        for entry in entries:
            try:
                done["Successful"].append({"Id": entry["Id"], **_publish(call, topic.arn, entry)})
            except ApiError as error:
                done["Failed"].append(_failed(entry, error))
    return dict(done)


def _publish(call: Call, arn: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    published = call.messaging.publish(arn, _publication(call, asked))
    return {
        "MessageId": published.message_id,
        "SequenceNumber": published.sequence or None,
    }


def _publication(call: Call, asked: Mapping[str, Any]) -> Publication:
    return Publication(
        message=asked["Message"],
        subject=asked.get("Subject"),
        attributes=asked.get("MessageAttributes") or {},
        structure=asked.get("MessageStructure") or "",
        group=asked.get("MessageGroupId") or "",
        deduplication=asked.get("MessageDeduplicationId") or "",
        trace=call.trace,
    )


def _failed(entry: Mapping[str, Any], error: ApiError) -> dict[str, Any]:
    return {
        "Id": entry["Id"],
        "Code": error.code,
        "Message": error.message,
        "SenderFault": error.sender_fault,
    }


def _check(entries: list[Mapping[str, Any]]) -> None:
    if not entries:
        raise EmptyBatchRequest("The batch request doesn't contain any entries.")
    if len(entries) > _MOST_ENTRIES:
        raise TooManyEntriesInBatchRequest(
            f"The batch request contains more entries than permissible: {_MOST_ENTRIES}."
        )
    ids = [entry["Id"] for entry in entries]
    if not all(map(_ID.fullmatch, ids)):
        raise InvalidBatchEntryId("An Id has 1 to 80 letters, digits, hyphens and underscores.")
    if len(set(ids)) < len(ids):
        raise BatchEntryIdsNotDistinct("Two or more batch entries in the request have the same Id.")
