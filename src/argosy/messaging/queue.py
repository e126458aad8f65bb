"""A queue as plain data: its record, read with SQS's meaning."""

from dataclasses import dataclass
from functools import cached_property

from argosy.messaging import queue_attributes
from argosy.state.records import Record

KIND = "queue"
ABANDONED = "abandoned-queue"
"""Records of this kind are named by ids under which messages lie that are to be removed."""


@dataclass(frozen=True)
class Queue:
    """One queue; its record's document is {"id", "attributes", "tags", "purged"}."""

    record: Record

    @property
    def id(self) -> str:
        """What its messages are kept under: a queue made anew under the same name has another."""
        return str(self.record.document["id"])

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def arn(self) -> str:
        return queue_attributes.queue_arn(self.record.region, self.record.account, self.name)

    @property
    def fifo(self) -> bool:
        return self.name.endswith(queue_attributes.FIFO)

    @cached_property
    def attributes(self) -> dict[str, str]:
        """With defaults; those that are told of a queue, but for counts and times."""
        kept = {name: value for name, value in self.kept.items() if value}
        return queue_attributes.effective(kept, fifo=self.fifo)

    @property
    def kept(self) -> dict[str, str]:
        """What was said of it."""
        return dict(self.record.document["attributes"])

    def number(self, name: str) -> int:
        return int(self.attributes[name])

    def oldest(self, now: float) -> float:
        """Messages sent before have outlived the queue's retention period."""
        return now - self.number("MessageRetentionPeriod")

    @property
    def redrive(self) -> tuple[str, int] | None:
        """The dead-letter queue's ARN, and how many receives a message has before."""
        return queue_attributes.redrive_target(self.attributes.get("RedrivePolicy", ""))

    def allows(self, source_arn: str) -> bool:
        """Whether it may be the dead-letter queue of another."""
        return queue_attributes.allows(self.attributes.get("RedriveAllowPolicy", ""), source_arn)
