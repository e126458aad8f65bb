"""The queues of all accounts: made, found, changed, removed. Not their messages."""

import re
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from argosy.ground.errors import InvalidParameterValue
from argosy.messaging import queue_attributes
from argosy.messaging.queue import ABANDONED, KIND, Queue
from argosy.messaging.queue_errors import (
    InvalidAddress,
    InvalidAttributeValue,
    PurgeQueueInProgress,
    QueueDoesNotExist,
    QueueNameExists,
)
from argosy.state.records import Record, Records
from argosy.state.remembered import Remembered

_NAME = re.compile(r"[A-Za-z0-9_-]{1,80}|[A-Za-z0-9_-]{1,75}\.fifo")
_PURGE_EVERY_S = 60.0


class Queues:
    """`now` tells the time in epoch seconds."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        self._records = records
        self._now = now
        self._known = Remembered[Queue | None](records.transactions, KIND)

    def create(
        self,
        account: str,
        region: str,
        name: str,
        asked: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> Queue:
        """The queue of that name, made now or there already with these attributes.

        Raises QueueNameExists when it has others, InvalidParameterValue, InvalidAttributeName,
        InvalidAttributeValue.
        """
        fifo = _check_name(name, asked)
        kept = queue_attributes.checked(asked, fifo=fifo, creating=True)
        there = self.find(account, region, name)
        if there is not None:
            _check_same(there, kept)
            return there
        queue_attributes.check_together(kept)
        document = {"id": uuid.uuid4().hex, "attributes": kept, "tags": dict(tags), "purged": 0.0}
        with self._records.transaction():
            self._check_target(queue_attributes.queue_arn(region, account, name), fifo, kept)
            made = self._records.create(KIND, account, region, name, document, now=self._now())
        return Queue(made)

    def find(self, account: str, region: str, name: str) -> Queue | None:
        def read() -> Queue | None:
            record = self._records.get(KIND, account, region, name)
            return Queue(record) if record else None

        return self._known.get((account, region, name), read)

    def get(self, account: str, region: str, name: str) -> Queue:
        """Raises QueueDoesNotExist."""
        found = self.find(account, region, name)
        if found is None:
            raise QueueDoesNotExist(name)
        return found

    def of_arn(self, arn: str) -> Queue | None:
        parts = queue_attributes.parse_arn(arn)
        return self.find(parts[1], parts[0], parts[2]) if parts else None

    def of_url(self, region: str, url: str) -> Queue:
        """By the end of its URL, /account/name, whatever host stands before it; or by its name.

        Raises InvalidAddress, QueueDoesNotExist.
        """
        account, _, name = url.split("?")[0].rstrip("/").rpartition("/")
        account = account.rpartition("/")[2]
        if not re.fullmatch("[0-9]{12}", account) or not name:
            raise InvalidAddress(f"The address {url[:256]} is not valid for this endpoint.")
        return self.get(account, region, name)

    def of_account(self, account: str, region: str, prefix: str = "") -> list[Queue]:
        """By name."""
        found = self._records.find(KIND, account, region, prefix=prefix)
        return sorted(map(Queue, found), key=lambda queue: queue.name)

    def all(self) -> list[Queue]:
        """Of all accounts and regions."""
        return [Queue(record) for record in self._records.find(KIND)]

    def set_attributes(self, queue: Queue, asked: Mapping[str, str]) -> None:
        """Raises InvalidAttributeName, InvalidAttributeValue, InvalidParameterValue."""
        given = queue_attributes.checked(asked, fifo=queue.fifo, creating=False)
        kept = {**queue.kept, **given}
        queue_attributes.check_together(queue_attributes.effective(kept, fifo=queue.fifo))
        with self._records.transaction():
            self._check_target(queue.arn, queue.fifo, given)
            self._change(queue, attributes={name: value for name, value in kept.items() if value})

    def set_tags(self, queue: Queue, tags: Mapping[str, str]) -> None:
        self._change(queue, touch=False, tags=dict(tags))

    def purge(self, queue: Queue) -> None:
        """Give up all its messages; raises PurgeQueueInProgress if it did within a minute."""
        now = self._now()
        if now - float(queue.record.document["purged"]) < _PURGE_EVERY_S:
            raise PurgeQueueInProgress(
                f"Only one PurgeQueue operation on {queue.name} is allowed every 60 seconds."
            )
        with self._records.transaction():
            self._abandon(queue)
            self._change(queue, touch=False, purged=now, id=uuid.uuid4().hex)

    def delete(self, queue: Queue) -> None:
        """With its messages."""
        record = queue.record
        with self._records.transaction():
            self._abandon(queue)
            self._records.delete(KIND, record.account, record.region, record.name)

    def sources_of(self, target: Queue) -> list[Queue]:
        """Queues that have this one as their dead-letter queue."""
        every = self.of_account(target.record.account, target.record.region)
        return [one for one in every if one.redrive is not None and one.redrive[0] == target.arn]

    def _abandon(self, queue: Queue) -> None:
        """Nobody sees what is kept under this id any more; `expiring` removes it bit by bit."""
        record = queue.record
        self._records.create(
            ABANDONED, record.account, record.region, queue.id, {}, now=self._now()
        )

    def _change(self, queue: Queue, *, touch: bool = True, **members: Any) -> Record:
        document = {**queue.record.document, **members}
        return self._records.update(queue.record, now=self._now(), document=document, touch=touch)

    def _check_target(self, arn: str, fifo: bool, given: Mapping[str, str]) -> None:
        """The dead-letter queue must be there, of the same kind and region, and allow this one."""
        policy = given.get("RedrivePolicy", "")
        redrive = queue_attributes.redrive_target(policy)
        if redrive is None:
            return
        target = self.of_arn(redrive[0])
        if target is None or target.arn.split(":")[3:5] != arn.split(":")[3:5]:
            raise _bad_target(policy, "Dead letter target does not exist.")
        if target.fifo is not fifo:
            raise _bad_target(policy, "Dead-letter queue must be same type of queue as the source.")
        if not target.allows(arn):
            raise _bad_target(policy, "Queue does not have permission to use it as a target.")


def _check_name(name: str, asked: Mapping[str, str]) -> bool:
    """Whether it names a FIFO queue; raises InvalidParameterValue."""
    fifo = name.endswith(queue_attributes.FIFO)
    if not _NAME.fullmatch(name) or (fifo and asked.get("FifoQueue") != "true"):
        raise InvalidParameterValue(
            "Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in "
            "length; a name ends in .fifo if, and only if, FifoQueue is true."
        )
    if asked.get("FifoQueue") == "true" and not fifo:
        raise InvalidParameterValue(
            "The name of a FIFO queue can only include alphanumeric characters, hyphens, or "
            "underscores, must end with .fifo suffix and be 1 to 80 in length."
        )
    return fifo


def _check_same(queue: Queue, kept: Mapping[str, str]) -> None:
    """What is asked for must be what the queue has; what is not asked for may be anything."""
    for name, value in kept.items():
        if queue.attributes.get(name, "") != value:
            raise QueueNameExists(
                "A queue already exists with the same name and a different value for attribute "
                f"{name}"
            )


def _bad_target(policy: str, reason: str) -> InvalidAttributeValue:
    return InvalidAttributeValue(
        f"Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}"
    )
