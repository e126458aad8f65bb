"""SQS: up to ten messages in one call: one commit, and an answer for each."""

from typing import Any

from argosy.messaging import sending
from argosy.messaging.queue_errors import BatchRequestTooLong
from argosy.services.registry import Call, operation
from argosy.services.sqs_finding import batch, check_batch, queue_of
from argosy.services.sqs_messages import letter_of, send

_MOST_BYTES = 1 << 20


@operation("sqs", "SendMessageBatch")
def send_message_batch(call: Call) -> dict[str, Any]:
    queue, entries = queue_of(call), call.input["Entries"]
    check_batch(entries)
    total = sum(sending.size(letter_of(entry)) for entry in entries)
    if total > _MOST_BYTES:
        raise BatchRequestTooLong(
            f"Batch requests cannot be longer than {_MOST_BYTES} bytes. You have sent {total} "
            "bytes."
        )
    with call.records.transaction():
        return dict(batch(entries, lambda entry: send(call, queue, entry)))


@operation("sqs", "DeleteMessageBatch")
def delete_message_batch(call: Call) -> dict[str, Any]:
    queue, receiving = queue_of(call), call.messaging.receiving

    def delete(entry: Any) -> dict[str, Any]:
        receiving.delete(queue, entry["ReceiptHandle"])
        return {}

    with call.records.transaction():
        return dict(batch(call.input["Entries"], delete))


@operation("sqs", "ChangeMessageVisibilityBatch")
def change_message_visibility_batch(call: Call) -> dict[str, Any]:
    queue, receiving = queue_of(call), call.messaging.receiving

    def change(entry: Any) -> dict[str, Any]:
        seconds = entry.get("VisibilityTimeout", queue.number("VisibilityTimeout"))
        receiving.change_visibility(queue, entry["ReceiptHandle"], seconds)
        return {}

    with call.records.transaction():
        return dict(batch(call.input["Entries"], change))
