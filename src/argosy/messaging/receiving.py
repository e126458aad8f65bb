"""Receiving from a queue, and what a receiver does with what it has.

A receipt handle names the row of the message and the handing out; an old one is taken without
complaint and changes nothing, as SQS has it, but in FIFO queues it is refused.
"""

import asyncio
import base64
import binascii
import json
import math
from collections.abc import Callable
from dataclasses import dataclass, replace

from argosy.ground.errors import InvalidParameterValue
from argosy.messaging import redrive
from argosy.messaging.queue import Queue
from argosy.messaging.queue_errors import MessageNotInflight, OverLimit, ReceiptHandleIsInvalid
from argosy.messaging.queues import Queues
from argosy.messaging.waiting import Waiting
from argosy.state.messages import Message, Messages
from argosy.state.records import Records
from argosy.state.together import Together

SOURCE = "DeadLetterQueueSourceArn"
MOST_IN_FLIGHT = 120_000
LONGEST_HOLD_S = 43_200
_SHORTEST_NAP_S = 0.001
_MOST_DIGITS = 18


@dataclass(frozen=True)
class Wish:
    """What a receiver asks for."""

    most: int = 1
    hold_s: int | None = None
    """Visibility timeout; None: what the queue says."""
    attempt: str = ""


@dataclass(frozen=True)
class _Look:
    """What a receiver found, and what it needs to know to sleep until there is more."""

    queue: str
    seen: int
    """Changes of the queue before it looked."""
    taken: list[Message]
    again_at: float
    """When another message becomes visible by itself."""


class Receiving:
    """Hands messages out, and takes back what its holders decide."""

    def __init__(
        self,
        records: Records,
        messages: Messages,
        queues: Queues,
        waiting: Waiting,
        together: Together,
        now: Callable[[], float],
    ) -> None:
        self._together = together
        self._records = records
        self._messages = messages
        self._queues = queues
        self._waiting = waiting
        self._now = now
        self._flying: dict[str, int] = {}

    def take(self, queue: Queue, wish: Wish) -> list[Message]:
        """What can be had at once, handed out durably. Raises OverLimit."""
        if wish.attempt and (again := self._again(queue, wish)):
            return again
        taken: list[Message] = []
        more = True
        while more and not taken:
            taken, more = self._take_some(queue, wish)
        if taken:
            self._waiting.wake(queue.id)
        return taken

    async def wait(self, find: Callable[[], Queue], wish: Wish, seconds: float) -> list[Message]:
        """The same, but wait for it; `find` is asked each time, for queues change meanwhile."""
        loop = asyncio.get_running_loop()
        ends, slept_for = loop.time() + seconds, ""
        while True:
            try:
                look = await self._together.run(lambda: self._look(find(), wish))
            except asyncio.CancelledError:
                self._waiting.wake(slept_for)  # it is another one's turn now
                raise
            left = ends - loop.time()
            if look.taken or left <= 0 or self._waiting.closing:
                return look.taken
            slept_for = look.queue
            nap = min(left, max(_SHORTEST_NAP_S, look.again_at - self._now()))
            await self._waiting.sleep(look.queue, look.seen, nap)

    def _look(self, queue: Queue, wish: Wish) -> "_Look":
        """Times and changes are those before taking: nothing that comes meanwhile is missed."""
        now, seen = self._now(), self._waiting.changes(queue.id)
        taken = self.take(queue, wish)
        again_at = None if taken else self._messages.next_visible(queue.id, now)
        return _Look(queue.id, seen, taken, math.inf if again_at is None else again_at)

    def delete(self, queue: Queue, handle: str) -> None:
        """Raises ReceiptHandleIsInvalid, and for FIFO queues InvalidParameterValue."""
        message = self._held(queue, handle)
        now = self._now()
        if message is None:
            return
        if queue.fifo and message.visible_at <= now:
            raise _bad_handle(handle, "The receipt handle has expired.")
        self._waiting.mark(queue.id)
        self._messages.delete(message.number)

    def change_visibility(self, queue: Queue, handle: str, seconds: int) -> None:
        """Raises MessageNotInflight, ReceiptHandleIsInvalid, InvalidParameterValue."""
        if not 0 <= seconds <= LONGEST_HOLD_S:
            raise InvalidParameterValue(
                f"Value {seconds} for parameter VisibilityTimeout is invalid. Reason: "
                f"VisibilityTimeout must be an integer between 0 and {LONGEST_HOLD_S}."
            )
        message, now = self._held(queue, handle), self._now()
        if message is None:
            raise _bad_handle(
                handle,
                "Message does not exist or is not available for visibility timeout change.",
            )
        if message.visible_at <= now:
            raise MessageNotInflight(f"The message {message.message_id} is not in flight.")
        self._waiting.mark(queue.id)
        self._messages.hand_out([replace(message, visible_at=now + seconds, attempt="")])

    def _take_some(self, queue: Queue, wish: Wish) -> tuple[list[Message], bool]:
        """What was handed out, and whether looking again could find more."""
        now = self._now()
        found = self._messages.visible(
            queue.id, now, queue.oldest(now), wish.most, ordered=queue.fifo
        )
        if not found:
            return [], False
        if self._is_full(queue, now, len(found)):
            if queue.fifo:
                return [], False
            raise OverLimit("The maximum number of in flight messages is reached.")
        target, most_receives = self._dead_letters(queue)
        given, buried = redrive.split(found, most_receives)
        until = now + (queue.number("VisibilityTimeout") if wish.hold_s is None else wish.hold_s)
        taken = [redrive.handed_out(one, now, until, wish.attempt) for one in given]
        with self._records.transaction():
            if target is not None:
                self._bury(queue, target, buried, now)
            if taken:
                self._messages.hand_out(taken)
        return taken, bool(buried)

    def _is_full(self, queue: Queue, now: float, more: int) -> bool:
        """Whether too many messages are in flight; counted when there could be."""
        at_most = self._flying.get(queue.id, MOST_IN_FLIGHT) + more
        if at_most >= MOST_IN_FLIGHT:
            counted = self._messages.count_in_flight(queue.id, now, MOST_IN_FLIGHT)
            if counted >= MOST_IN_FLIGHT:
                return True
            at_most = counted + more
        self._flying[queue.id] = at_most
        return False

    def _again(self, queue: Queue, wish: Wish) -> list[Message]:
        """What an attempt of this name was given and holds; its time begins anew."""
        now = self._now()
        hold = queue.number("VisibilityTimeout") if wish.hold_s is None else wish.hold_s
        found = self._messages.of_attempt(queue.id, wish.attempt, now)
        again = [replace(one, visible_at=now + hold) for one in found]
        if again:
            self._messages.hand_out(again)
        return again

    def _dead_letters(self, queue: Queue) -> tuple[Queue | None, int | None]:
        """The dead-letter queue and when messages go there; (None, None) while there is none."""
        if queue.redrive is None:
            return None, None
        target = self._queues.of_arn(queue.redrive[0])
        return (target, queue.redrive[1]) if target else (None, None)

    def _bury(self, queue: Queue, target: Queue, buried: list[Message], now: float) -> None:
        for message in buried:
            system = json.dumps({**json.loads(message.system or "{}"), SOURCE: queue.arn})
            moved = redrive.moved(message, target.id, now, fifo=target.fifo)
            self._messages.move(replace(moved, system=system))
        if buried:
            self._waiting.mark(target.id)

    def _held(self, queue: Queue, handle: str) -> Message | None:
        """The message that the handle is of, if it is its last one."""
        number, receipt = parse_handle(handle)
        message = self._messages.get(number)
        if message is None or message.queue != queue.id or message.receipt != receipt:
            return None
        return message


def handle_of(message: Message) -> str:
    """The receipt handle of a message that was handed out."""
    return base64.b64encode(f"{message.number} {message.receipt}".encode()).decode()


def parse_handle(handle: str) -> tuple[int, str]:
    """Row and receipt; raises ReceiptHandleIsInvalid."""
    try:
        number, receipt = base64.b64decode(handle, validate=True).decode().split(" ")
        if not number.isdecimal() or len(number) > _MOST_DIGITS:
            raise ValueError(number)
        return int(number), receipt
    except (ValueError, binascii.Error):
        raise ReceiptHandleIsInvalid(
            f'The input receipt handle "{handle[:128]}" is not a valid receipt handle.'
        ) from None


def _bad_handle(handle: str, reason: str) -> InvalidParameterValue:
    return InvalidParameterValue(
        f"Value {handle[:128]} for parameter ReceiptHandle is invalid. Reason: {reason}"
    )
