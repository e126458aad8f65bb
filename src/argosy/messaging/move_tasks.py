"""Moving messages out of dead-letter queues: tasks, and what each of their steps does.

A task is a record; a step moves some messages and counts them in one transaction, so that a task
goes on where it was after any end of the process.
"""

import base64
import binascii
import json
import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from argosy.ground.errors import InvalidParameterValue
from argosy.messaging import redrive
from argosy.messaging.queue import Queue
from argosy.messaging.queue_errors import ResourceNotFoundException, UnsupportedOperation
from argosy.messaging.queues import Queues
from argosy.messaging.receiving import SOURCE
from argosy.messaging.waiting import Waiting
from argosy.state.messages import Message, Messages
from argosy.state.records import Record, Records

KIND = "message-move-task"
RUNNING, COMPLETED, CANCELLED, FAILED = "RUNNING", "COMPLETED", "CANCELLED", "FAILED"

_STEP = 100
_MOST_KEPT = 10


@dataclass(frozen=True)
class MoveTask:
    """One task; its record's document is {"source", "destination", "rate", "moved", "to_move",
    "reason"}, ARNs and numbers; "" or 0 for none."""

    record: Record

    def __getitem__(self, name: str) -> Any:
        return self.record.document[name]

    @property
    def running(self) -> bool:
        return self.record.status == RUNNING

    @property
    def handle(self) -> str:
        """What names it to clients."""
        return base64.b64encode(f"{self['source']} {self.record.name}".encode()).decode()


class MoveTasks:
    """`now` tells the time in epoch seconds."""

    def __init__(
        self,
        records: Records,
        messages: Messages,
        queues: Queues,
        waiting: Waiting,
        now: Callable[[], float],
    ) -> None:
        self._records = records
        self._messages = messages
        self._queues = queues
        self._waiting = waiting
        self._now = now

    def start(self, source_arn: str, destination_arn: str, rate: int) -> MoveTask:
        """Begin one. rate: messages a second, 0 for as fast as can be; destination "": each to
        where it came from. Raises ResourceNotFoundException, UnsupportedOperation,
        InvalidParameterValue."""
        source = self._existing(source_arn)
        if not self._queues.sources_of(source):
            raise InvalidParameterValue("Source queue must be configured as a Dead Letter Queue.")
        if destination_arn and self._existing(destination_arn).fifo is not source.fifo:
            raise InvalidParameterValue("Source and destination must be queues of the same type.")
        if any(task.running for task in self.of_source(source_arn)):
            raise UnsupportedOperation(
                "There is already a task running. Only one active task is allowed for a source "
                "queue arn at a given time."
            )
        return self._create(source, destination_arn, rate)

    def of_source(self, arn: str) -> list[MoveTask]:
        """The tasks of a queue that are remembered, newest first."""
        queue = self._existing(arn)
        found = self._records.find(
            KIND, queue.record.account, queue.record.region, prefix=f"{queue.name}:"
        )
        tasks = [MoveTask(record) for record in found]
        return sorted(tasks, key=lambda task: task.record.created, reverse=True)

    def cancel(self, handle: str) -> MoveTask:
        """What was moved stays moved. Raises ResourceNotFoundException, UnsupportedOperation."""
        try:
            arn, name = base64.b64decode(handle, validate=True).decode().split(" ")
        except (ValueError, binascii.Error):
            raise ResourceNotFoundException("Task does not exist.") from None
        found = [task for task in self.of_source(arn) if task.record.name == name]
        if not found:
            raise ResourceNotFoundException("Task does not exist.")
        if not found[0].running:
            raise UnsupportedOperation("Only active tasks can be cancelled.")
        return self._end(found[0], CANCELLED)

    def running(self) -> list[MoveTask]:
        """All tasks under way."""
        return [task for task in map(MoveTask, self._records.find(KIND)) if task.running]

    def step(self, task: MoveTask) -> int:
        """Move some messages, or end the task; returns how many were moved."""
        source = self._queues.of_arn(task["source"])
        if source is None:
            self._end(task, FAILED, "The source queue does not exist.")
            return 0
        now = self._now()
        limit = min(_STEP, task["rate"] or _STEP)
        found = self._messages.visible(
            source.id, now, source.oldest(now), limit, ordered=source.fifo
        )
        if not found:
            self._end(task, COMPLETED)
            return 0
        return self._move(task, found, now)

    def _move(self, task: MoveTask, found: list[Message], now: float) -> int:
        moved = 0
        with self._records.transaction():
            for message in found:
                target = self._queues.of_arn(task["destination"] or _source_of(message))
                if target is None:
                    self._change(task, FAILED, moved, "A destination queue does not exist.")
                    return moved
                fresh = redrive.moved(message, target.id, now, fifo=target.fifo, fresh=True)
                system = {**json.loads(message.system or "{}")}
                system.pop(SOURCE, None)
                self._messages.move(
                    replace(fresh, message_id=str(uuid.uuid4()), system=json.dumps(system))
                )
                self._waiting.mark(target.id)
                moved += 1
            self._change(task, RUNNING, moved)
        return moved

    def _end(self, task: MoveTask, status: str, reason: str = "") -> MoveTask:
        return self._change(task, status, 0, reason)

    def _change(self, task: MoveTask, status: str, moved: int, reason: str = "") -> MoveTask:
        document = {
            **task.record.document,
            "moved": task["moved"] + moved,
            "reason": reason,
        }
        now = self._now()
        return MoveTask(
            self._records.update(task.record, now=now, document=document, status=status)
        )

    def _create(self, source: Queue, destination_arn: str, rate: int) -> MoveTask:
        now, record = self._now(), source.record
        document = {
            "source": source.arn,
            "destination": destination_arn,
            "rate": rate,
            "moved": 0,
            "to_move": self._messages.counts(source.id, now, source.oldest(now)).visible,
            "reason": "",
        }
        owner = (record.account, record.region)
        with self._records.transaction():
            for old in self.of_source(source.arn)[_MOST_KEPT - 1 :]:
                self._records.delete(KIND, *owner, old.record.name)
            name = f"{source.name}:{secrets.token_hex(8)}"
            made = self._records.create(KIND, *owner, name, document, now=now, status=RUNNING)
        return MoveTask(made)

    def _existing(self, arn: str) -> Queue:
        queue = self._queues.of_arn(arn)
        if queue is None:
            raise ResourceNotFoundException(f"There is no queue {arn[:256]}.")
        return queue


def _source_of(message: Message) -> str:
    return str(json.loads(message.system or "{}").get(SOURCE, ""))
