"""The topics of all accounts: made, found, changed, removed. Not who is subscribed."""

import re
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from argosy.ground.errors import InvalidParameter
from argosy.messaging import delivery_policy, resource_policy
from argosy.messaging.topic_errors import NoSuchTopic
from argosy.state.records import Record, Records
from argosy.state.remembered import Remembered

KIND = "topic"
FIFO = ".fifo"

_NAME = re.compile(r"[A-Za-z0-9_-]{1,256}|[A-Za-z0-9_-]{1,251}\.fifo")
_ARN = re.compile(r"arn:aws[a-z-]*:sns:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_-]{1,256}(?:\.fifo)?)")
_WORDS = {
    "SignatureVersion": ("1", "2"),
    "ContentBasedDeduplication": ("true", "false"),
    "FifoThroughputScope": ("Topic", "MessageGroup"),
    "TracingConfig": ("PassThrough",),
}
_ONLY_FIFO = ("ContentBasedDeduplication", "FifoThroughputScope")
_SIZES = (1024, 1 << 20)
_LONGEST_NAME = 100
DEFAULT_SIZE = 256 * 1024


@dataclass(frozen=True)
class Topic:
    """One topic; its record's document is {"id", "attributes", "tags"}."""

    record: Record

    @property
    def id(self) -> str:
        return str(self.record.document["id"])

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def arn(self) -> str:
        return topic_arn(self.record.region, self.record.account, self.name)

    @property
    def fifo(self) -> bool:
        return self.name.endswith(FIFO)

    def get(self, attribute: str) -> str:
        """What was said of it, "" for nothing."""
        return str(self.record.document["attributes"].get(attribute, ""))

    @property
    def most_bytes(self) -> int:
        return int(self.get("MaximumMessageSize") or DEFAULT_SIZE)

    @property
    def by_content(self) -> bool:
        """Whether a FIFO topic tells doubles by their content."""
        return self.get("ContentBasedDeduplication") == "true"


def topic_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:sns:{region}:{account}:{name}"


class Topics:
    """`now` tells the time in epoch seconds."""

    def __init__(self, records: Records, now: Callable[[], float]) -> None:
        self._records = records
        self._now = now
        self._known = Remembered[Record | None](records.transactions, KIND)

    def create(
        self,
        account: str,
        region: str,
        name: str,
        asked: Mapping[str, str],
        tags: Mapping[str, str],
    ) -> Topic:
        """The topic of that name, made now or there already with these attributes and tags.

        Raises InvalidParameter.
        """
        fifo = name.endswith(FIFO)
        if not _NAME.fullmatch(name) or asked.get("FifoTopic", "false") != str(fifo).lower():
            raise InvalidParameter(
                "Invalid parameter: Topic Name: letters, digits, _ and -, at most 256; it ends in "
                ".fifo if, and only if, FifoTopic is true"
            )
        kept = {
            key: checked(key, value, fifo=fifo)
            for key, value in asked.items()
            if key != "FifoTopic"
        }
        record = self._records.get(KIND, account, region, name)
        if record is not None:
            return _same(Topic(record), kept, tags)
        document = {"id": uuid.uuid4().hex, "attributes": kept, "tags": dict(tags)}
        return Topic(self._records.create(KIND, account, region, name, document, now=self._now()))

    def get(self, arn: str) -> Topic:
        """Raises InvalidParameter when it is no topic's ARN, NoSuchTopic."""
        match = _ARN.fullmatch(arn)
        if match is None:
            raise InvalidParameter(f"Invalid parameter: TopicArn Reason: {arn[:256]!r} is none")
        key = (match[2], match[1], match[3])
        record = self._known.get(key, lambda: self._records.get(KIND, *key))
        if record is None:
            raise NoSuchTopic(arn)
        return Topic(record)

    def find(self, arn: str) -> Topic | None:
        """None when there is none."""
        try:
            return self.get(arn)
        except (InvalidParameter, NoSuchTopic):
            return None

    def of_account(self, account: str, region: str) -> list[Topic]:
        """By name."""
        found = map(Topic, self._records.find(KIND, account, region))
        return sorted(found, key=lambda topic: topic.name)

    def set_attribute(self, topic: Topic, name: str, value: str) -> None:
        """Raises InvalidParameter."""
        kept = {**topic.record.document["attributes"], name: checked(name, value, fifo=topic.fifo)}
        self._change(topic, attributes={key: one for key, one in kept.items() if one})

    def set_tags(self, topic: Topic, tags: Mapping[str, str]) -> None:
        self._change(topic, tags=dict(tags))

    def delete(self, topic: Topic) -> None:
        record = topic.record
        self._records.delete(KIND, record.account, record.region, record.name)

    def _change(self, topic: Topic, **members: object) -> None:
        document = {**topic.record.document, **members}
        self._records.update(topic.record, now=self._now(), document=document)


def checked(name: str, value: str, *, fifo: bool) -> str:
    """An attribute's value as it is kept; raises InvalidParameter."""
    if name in _ONLY_FIFO and not fifo:
        raise InvalidParameter(f"Invalid parameter: {name}: only FIFO topics have it")
    if name in _WORDS:
        if value not in _WORDS[name]:
            raise _refused(name, f"can be {' or '.join(_WORDS[name])} here")
        return value
    check = _CHECKS.get(name)
    if check is None:
        raise InvalidParameter(f"Invalid parameter: AttributeName: {name[:64]} is not offered here")
    return check(name, value)


def _policy(name: str, value: str) -> str:
    if value and not resource_policy.is_policy(value):
        raise _refused(name, "is not a policy")
    return value


def _display_name(name: str, value: str) -> str:
    if len(value) > _LONGEST_NAME or not value.isprintable():
        raise _refused(name, f"has at most {_LONGEST_NAME} printable characters")
    return value


def _size(name: str, value: str) -> str:
    if not re.fullmatch("[0-9]{1,7}", value) or not _SIZES[0] <= int(value) <= _SIZES[1]:
        raise _refused(name, f"is from {_SIZES[0]} to {_SIZES[1]} bytes")
    return value


def _no_key(name: str, value: str) -> str:
    if value:
        raise _refused(
            name, "cannot be given: topics are not encrypted here; keep the data on a safe disk"
        )
    return ""


def _refused(name: str, why: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid parameter: {name} {why}")


def _same(topic: Topic, kept: Mapping[str, str], tags: Mapping[str, str]) -> Topic:
    for name, value in kept.items():
        if topic.get(name) != value:
            raise InvalidParameter(
                "Invalid parameter: Attributes Reason: Topic already exists with different "
                "attributes"
            )
    if tags and topic.record.document["tags"] != dict(tags):
        raise InvalidParameter(
            "Invalid parameter: Tags Reason: Topic already exists with different tags"
        )
    return topic


_CHECKS: dict[str, Callable[[str, str], str]] = {
    "DeliveryPolicy": lambda name, value: delivery_policy.checked_topic(value),
    "DisplayName": _display_name,
    "KmsMasterKeyId": _no_key,
    "MaximumMessageSize": _size,
    "Policy": _policy,
}
