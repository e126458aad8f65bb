"""What becomes of messages that a receiver could have: given to it, or buried. Pure."""

import secrets
from collections.abc import Iterable
from dataclasses import replace

from argosy.state.messages import Message


def split(
    found: Iterable[Message], most_receives: int | None
) -> tuple[list[Message], list[Message]]:
    """Those to be given, and those that were received too often and go to the dead-letter queue.

    most_receives: None where there is no such queue.
    """
    given: list[Message] = []
    buried: list[Message] = []
    for message in found:
        spent = most_receives is not None and message.receives_here >= most_receives
        (buried if spent else given).append(message)
    return given, buried


def handed_out(message: Message, now: float, visible_at: float, attempt: str) -> Message:
    """The message as it is when a receiver has it, with a receipt of its own."""
    return replace(
        message,
        receives=message.receives + 1,
        receives_here=message.receives_here + 1,
        first_received=now if message.first_received is None else message.first_received,
        visible_at=visible_at,
        receipt=secrets.token_hex(12),
        attempt=attempt,
    )


def moved(message: Message, queue: str, now: float, *, fifo: bool, fresh: bool = False) -> Message:
    """The message as it arrives in another queue.

    fresh: it counts as new there (StartMessageMoveTask), else its age and receives go on counting;
    but in a FIFO queue age begins anew (SQS Developer Guide, "Dead-letter queues").
    """
    return replace(
        message,
        queue=queue,
        sent=now if fresh or fifo else message.sent,
        visible_at=now,
        receives=0 if fresh else message.receives,
        receives_here=0,
        first_received=None if fresh else message.first_received,
        receipt="",
        attempt="",
    )
