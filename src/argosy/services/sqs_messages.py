"""SQS: messages sent, received, hidden for longer, deleted; one by one."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from argosy.ground.errors import InvalidParameterValue
from argosy.messaging import attributes
from argosy.messaging.queue import Queue
from argosy.messaging.receiving import LONGEST_HOLD_S, Wish
from argosy.messaging.sending import TRACE_HEADER, Letter, Posted
from argosy.services.registry import Call, operation
from argosy.services.sqs_finding import MOST_ENTRIES, message_view, number, queue_of
from argosy.state.messages import Message

_LONGEST_WAIT_S = 20


@operation("sqs", "SendMessage")
async def send_message(call: Call) -> dict[str, Any]:
    """Answered once the message is in the database."""
    queue = queue_of(call)
    return await call.messaging.together.run(lambda: send(call, queue, call.input))


@operation("sqs", "ReceiveMessage")
async def receive_message(call: Call) -> dict[str, Any]:
    """Waits up to WaitTimeSeconds, asleep, for the first message to come."""
    queue = queue_of(call)
    wait_s = number(
        call, "WaitTimeSeconds", 0, _LONGEST_WAIT_S, queue.number("ReceiveMessageWaitTimeSeconds")
    )
    wish = _wish(call, queue)
    taken = await call.messaging.receiving.wait(lambda: queue_of(call), wish, wait_s)
    return _received(call, taken)


@operation("sqs", "DeleteMessage")
async def delete_message(call: Call) -> dict[str, Any]:
    queue, handle = queue_of(call), call.input["ReceiptHandle"]
    await call.messaging.together.run(lambda: call.messaging.receiving.delete(queue, handle))
    return {}


@operation("sqs", "ChangeMessageVisibility")
def change_message_visibility(call: Call) -> dict[str, Any]:
    asked = call.input
    call.messaging.receiving.change_visibility(
        queue_of(call), asked["ReceiptHandle"], asked["VisibilityTimeout"]
    )
    return {}


def send(call: Call, queue: Queue, asked: Mapping[str, Any]) -> dict[str, Any]:
    """What SendMessage answers; `asked` may be an entry of a batch.

    A message keeps what led to it: the header that the SDK of a function sends with its calls.
    """
    letter = letter_of(asked)
    traced = replace(letter, trace_header=letter.trace_header or call.trace)
    with call.records.transaction():
        posted = call.messaging.sending.send(queue, traced, call.caller.user_id, call.clock.now())
    return _posted(letter, posted)


def letter_of(asked: Mapping[str, Any]) -> Letter:
    """Raises InvalidParameterValue for system attributes that are none."""
    system = asked.get("MessageSystemAttributes") or {}
    header = system.get(TRACE_HEADER) or {}
    if header and header.get("DataType") != "String":
        raise InvalidParameterValue(f"The type of {TRACE_HEADER} must be String.")
    return Letter(
        body=asked["MessageBody"],
        attributes=asked.get("MessageAttributes") or {},
        trace_header=header.get("StringValue") or "",
        delay_s=asked.get("DelaySeconds"),
        group=asked.get("MessageGroupId") or "",
        deduplication=asked.get("MessageDeduplicationId") or "",
    )


def _posted(letter: Letter, posted: Posted) -> dict[str, Any]:
    header = {TRACE_HEADER: {"DataType": "String", "StringValue": letter.trace_header}}
    return {
        "MessageId": posted.message_id,
        "MD5OfMessageBody": attributes.body_md5(letter.body),
        "MD5OfMessageAttributes": attributes.md5(letter.attributes) or None,
        "MD5OfMessageSystemAttributes": attributes.md5(header) if letter.trace_header else None,
        "SequenceNumber": posted.sequence or None,
    }


def _wish(call: Call, queue: Queue) -> Wish:
    attempt = call.input.get("ReceiveRequestAttemptId") or ""
    if attempt and not queue.fifo:
        raise InvalidParameterValue(
            f"Value {attempt[:128]} for parameter ReceiveRequestAttemptId is invalid. Reason: The "
            "request include parameter that is not valid for this queue type."
        )
    hold_s = queue.number("VisibilityTimeout")
    return Wish(
        most=number(call, "MaxNumberOfMessages", 1, MOST_ENTRIES, 1),
        hold_s=number(call, "VisibilityTimeout", 0, LONGEST_HOLD_S, hold_s),
        attempt=attempt,
    )


def _received(call: Call, taken: list[Message]) -> dict[str, Any]:
    asked = call.input
    system = {
        *(asked.get("MessageSystemAttributeNames") or []),
        *(asked.get("AttributeNames") or []),
    }
    wanted = asked.get("MessageAttributeNames") or []
    shown = [message_view(message, system, wanted) for message in taken]
    return {"Messages": shown or None}
