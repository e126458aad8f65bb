"""Sending to a queue: what is checked, what a FIFO queue takes only once, what is written.

Rules and error texts: botocore's model of SendMessage and the SQS Developer Guide.
"""

import hashlib
import json
import re
import uuid
from dataclasses import dataclass, field
from typing import Any

from argosy.ground.errors import InvalidParameterValue
from argosy.messaging import attributes
from argosy.messaging.attributes import Attributes, BadAttribute
from argosy.messaging.queue import Queue
from argosy.messaging.queue_errors import InvalidMessageContents, MissingParameter
from argosy.messaging.waiting import Waiting
from argosy.state.messages import Message, Messages
from argosy.state.sent_lately import Sent, SentLately

TRACE_HEADER = "AWSTraceHeader"
_MOST_DELAY_S = 900
_ID = re.compile(r"[A-Za-z0-9!\"#$%&'()*+,./:;<=>?@\[\\\]^_`{|}~-]{1,128}")
_SEQUENCE = 10**19


@dataclass(frozen=True)
class Letter:
    """What a sender wants to be in a queue."""

    body: str
    attributes: Attributes = field(default_factory=dict)
    trace_header: str = ""
    delay_s: int | None = None
    """None: what the queue says."""
    group: str = ""
    deduplication: str = ""


@dataclass(frozen=True)
class Posted:
    """A letter that is in its queue."""

    message_id: str
    sequence: str
    """Only of FIFO queues."""


def sequence_number(number: int) -> str:
    """Twenty digits, rising with the number."""
    return str(_SEQUENCE + number)


def size(letter: Letter) -> int:
    """Bytes that count against the limits of a queue and of a batch."""
    return len(letter.body.encode()) + attributes.size(letter.attributes)


def check(queue: Queue, letter: Letter) -> None:
    """Raises what SQS answers to a letter that it does not take."""
    if not letter.body:
        raise MissingParameter("The request must contain the parameter MessageBody.")
    if not attributes.is_speakable(letter.body):
        raise InvalidMessageContents(
            "Invalid characters found. Valid unicode characters are "
            "#x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF"
        )
    try:
        attributes.check(letter.attributes)
    except BadAttribute as error:
        raise InvalidParameterValue(str(error)) from None
    if size(letter) > queue.number("MaximumMessageSize"):
        raise InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than "
            f"{queue.number('MaximumMessageSize')} bytes."
        )
    _check_delay(queue, letter)
    _check_ids(queue, letter)


def _check_delay(queue: Queue, letter: Letter) -> None:
    if letter.delay_s is None:
        return
    if not 0 <= letter.delay_s <= _MOST_DELAY_S:
        raise _refused(
            letter.delay_s, "DelaySeconds", f"DelaySeconds must be >= 0 and <= {_MOST_DELAY_S}."
        )
    if queue.fifo and letter.delay_s:
        raise _refused(letter.delay_s, "DelaySeconds", _NOT_OF_THIS_TYPE)


_NOT_OF_THIS_TYPE = "The request include parameter that is not valid for this queue type."


def _check_ids(queue: Queue, letter: Letter) -> None:
    for name, given in (
        ("MessageGroupId", letter.group),
        ("MessageDeduplicationId", letter.deduplication),
    ):
        if given and not _ID.fullmatch(given):
            raise _refused(
                given[:130],
                name,
                f"{name} can only include alphanumeric and punctuation characters. 1 to 128 in "
                "length.",
            )
    if not queue.fifo:
        if letter.deduplication:
            raise _refused(letter.deduplication, "MessageDeduplicationId", _NOT_OF_THIS_TYPE)
        return
    if not letter.group:
        raise MissingParameter("The request must contain the parameter MessageGroupId.")
    if not letter.deduplication and queue.attributes["ContentBasedDeduplication"] != "true":
        raise InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or "
            "MessageDeduplicationId provided explicitly"
        )


def _refused(value: Any, name: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(f"Value {value} for parameter {name} is invalid. Reason: {reason}")


def deduplication_of(letter: Letter) -> str:
    """The id that is given, or the hash of the body."""
    return letter.deduplication or hashlib.sha256(letter.body.encode()).hexdigest()


class Sending:
    """Writes letters into queues."""

    def __init__(self, messages: Messages, sent: SentLately, waiting: Waiting) -> None:
        self._messages = messages
        self._sent = sent
        self._waiting = waiting

    def send(self, queue: Queue, letter: Letter, sender: str, now: float) -> Posted:
        """Raises what `check` raises. A letter that was sent lately is not written again."""
        check(queue, letter)
        if not queue.fifo:
            message_id = str(uuid.uuid4())
            self._write(queue, letter, sender, message_id, "", now)
            return Posted(message_id, "")
        per_group = queue.attributes["DeduplicationScope"] == "messageGroup"
        scope, name = letter.group if per_group else "", deduplication_of(letter)
        before = self._sent.find(queue.id, scope, name, now)
        if before is not None:
            return Posted(before.message_id, before.sequence)
        return self._send_once(queue, letter, sender, (scope, name), now)

    def _send_once(
        self, queue: Queue, letter: Letter, sender: str, key: tuple[str, str], now: float
    ) -> Posted:
        message_id = str(uuid.uuid4())
        number = self._write(queue, letter, sender, message_id, key[1], now)
        sequence = sequence_number(number)
        self._sent.add(queue.id, *key, Sent(message_id, sequence), now)
        return Posted(message_id, sequence)

    def _write(
        self,
        queue: Queue,
        letter: Letter,
        sender: str,
        message_id: str,
        deduplication: str,
        now: float,
    ) -> int:
        delay = queue.number("DelaySeconds") if letter.delay_s is None else letter.delay_s
        system = {
            "SenderId": sender,
            TRACE_HEADER: letter.trace_header,
            "MessageDeduplicationId": deduplication,
        }
        self._waiting.mark(queue.id)
        return self._messages.add(
            Message(
                queue=queue.id,
                message_id=message_id,
                body=letter.body,
                attributes=attributes.dump(letter.attributes),
                system=json.dumps({name: value for name, value in system.items() if value}),
                message_group=letter.group,
                sent=now,
                visible_at=now + delay,
            )
        )
