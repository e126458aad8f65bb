"""The attributes of a queue: what may be said, what holds when nothing is said. Pure.

Values are strings, as SQS has them. Ranges and defaults: botocore's model of CreateQueue. What
would be promised and not kept (encryption by a key service, or by SQS) is refused.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from argosy.messaging import resource_policy
from argosy.messaging.queue_errors import InvalidAttributeName, InvalidAttributeValue

FIFO = ".fifo"

DEFAULTS = {
    "DelaySeconds": "0",
    "MaximumMessageSize": str(1 << 20),
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "VisibilityTimeout": "30",
    "SqsManagedSseEnabled": "false",
}
FIFO_DEFAULTS = {
    "FifoQueue": "true",
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "FifoThroughputLimit": "perQueue",
}
_RANGES = {
    "DelaySeconds": (0, 900),
    "MaximumMessageSize": (1024, 1 << 20),
    "MessageRetentionPeriod": (60, 1_209_600),
    "ReceiveMessageWaitTimeSeconds": (0, 20),
    "VisibilityTimeout": (0, 43_200),
    "KmsDataKeyReusePeriodSeconds": (60, 86_400),
}
_WORDS = {
    "ContentBasedDeduplication": ("true", "false"),
    "DeduplicationScope": ("queue", "messageGroup"),
    "FifoThroughputLimit": ("perQueue", "perMessageGroupId"),
}
_QUEUE_ARN = re.compile(r"arn:aws[a-z-]*:sqs:([a-z0-9-]+):([0-9]{12}):([A-Za-z0-9_.-]{1,80})")
_MOST_RECEIVES = 1000
_MOST_SOURCES = 10

Attributes = dict[str, str]


def checked(asked: Mapping[str, str], *, fifo: bool, creating: bool) -> Attributes:
    """What is to be kept of the attributes asked for; "" takes one away again.

    Raises InvalidAttributeName, InvalidAttributeValue.
    """
    kept = {}
    for name, value in asked.items():
        if name == "FifoQueue":
            _check_kind(value, fifo, creating)
            continue
        check = _CHECKS.get(name)
        if check is None or (name in _WORDS and not fifo):
            raise InvalidAttributeName(f"Unknown Attribute {name}.")
        kept[name] = check(name, value)
    return kept


def check_together(attributes: Mapping[str, str]) -> None:
    """Raises InvalidAttributeValue for values that each may be, but not side by side."""
    per_group = attributes.get("FifoThroughputLimit") == "perMessageGroupId"
    if per_group and attributes.get("DeduplicationScope") != "messageGroup":
        raise InvalidAttributeValue(
            "FifoThroughputLimit can be perMessageGroupId only where DeduplicationScope is "
            "messageGroup."
        )


def effective(attributes: Mapping[str, str], *, fifo: bool) -> Attributes:
    """With the defaults for what is not said."""
    defaults = {**DEFAULTS, **FIFO_DEFAULTS} if fifo else DEFAULTS
    return {**defaults, **attributes}


def queue_arn(region: str, account: str, name: str) -> str:
    return f"arn:aws:sqs:{region}:{account}:{name}"


def parse_arn(arn: str) -> tuple[str, str, str] | None:
    """Region, account and name; None when it is not the ARN of a queue."""
    match = _QUEUE_ARN.fullmatch(arn)
    return (match[1], match[2], match[3]) if match else None


def redrive_target(policy: str) -> tuple[str, int] | None:
    """The dead-letter queue's ARN and after how many receives; None for no policy."""
    if not policy:
        return None
    document = json.loads(policy)
    return str(document["deadLetterTargetArn"]), int(document["maxReceiveCount"])


def allows(policy: str, source_arn: str) -> bool:
    """Whether a queue with this RedriveAllowPolicy may be the dead-letter queue of another."""
    document = json.loads(policy) if policy else {}
    permission = document.get("redrivePermission", "allowAll")
    if permission == "byQueue":
        return source_arn in document["sourceQueueArns"]
    return bool(permission == "allowAll")


def _check_kind(value: str, fifo: bool, creating: bool) -> None:
    if not creating:
        raise InvalidAttributeName("You can specify the FifoQueue only when you create a queue.")
    if value not in ("true", "false") or (value == "true") is not fifo:
        raise InvalidAttributeValue(
            "FifoQueue is true for queues whose name ends in .fifo, and only for these."
        )


def _number(name: str, value: str) -> str:
    low, high = _RANGES[name]
    if not re.fullmatch(r"[0-9]{1,9}", value) or not low <= int(value) <= high:
        raise InvalidAttributeValue(
            f"Invalid value for the parameter {name}: a number from {low} to {high}."
        )
    return str(int(value))


def _word(name: str, value: str) -> str:
    if value not in _WORDS[name]:
        raise InvalidAttributeValue(
            f"Invalid value for the parameter {name}: one of {', '.join(_WORDS[name])}."
        )
    return value


def _policy(name: str, value: str) -> str:
    if value and not resource_policy.is_policy(value):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}: not a policy.")
    return value


def _redrive(name: str, value: str) -> str:
    if not value:
        return ""
    document = _object(name, value)
    receives = str(document.get("maxReceiveCount", ""))
    target = document.get("deadLetterTargetArn")
    if set(document) != {"deadLetterTargetArn", "maxReceiveCount"} or not isinstance(target, str):
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: it has "
            "deadLetterTargetArn and maxReceiveCount, and nothing else."
        )
    if not re.fullmatch("[0-9]{1,4}", receives) or not 1 <= int(receives) <= _MOST_RECEIVES:
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: Invalid value for "
            f"maxReceiveCount: {receives}, valid values are from 1 to {_MOST_RECEIVES} both "
            "inclusive."
        )
    if parse_arn(target) is None:
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedrivePolicy is invalid. Reason: deadLetterTargetArn is "
            "not the ARN of a queue."
        )
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": int(receives)})


def _redrive_allow(name: str, value: str) -> str:
    if not value:
        return ""
    document = _object(name, value)
    permission, sources = document.get("redrivePermission"), document.get("sourceQueueArns")
    by_queue = permission == "byQueue"
    fits = isinstance(sources, list) and 0 < len(sources) <= _MOST_SOURCES if by_queue else True
    if (
        permission not in ("allowAll", "denyAll", "byQueue")
        or not fits
        or (sources and not by_queue)
    ):
        raise InvalidAttributeValue(
            f"Value {value} for parameter RedriveAllowPolicy is invalid. Reason: redrivePermission "
            f"is allowAll, denyAll or byQueue, the last with 1 to {_MOST_SOURCES} sourceQueueArns."
        )
    return json.dumps(document)


def _no_key(name: str, value: str) -> str:
    if value:
        raise InvalidAttributeValue(
            f"Queues are not encrypted with keys of their own here: leave {name} out, and keep "
            "the data folder on an encrypted disk."
        )
    return ""


def _no_encryption(name: str, value: str) -> str:
    if value != "false":
        raise InvalidAttributeValue(
            "Messages are not encrypted here: leave SqsManagedSseEnabled out, or set it to false, "
            "and keep the data folder on an encrypted disk."
        )
    return value


def _object(name: str, value: str) -> dict[str, Any]:
    try:
        document = json.loads(value)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise InvalidAttributeValue(f"Invalid value for the parameter {name}: not a JSON object.")
    return document


_CHECKS: dict[str, Callable[[str, str], str]] = {
    **dict.fromkeys(_RANGES, _number),
    **dict.fromkeys(_WORDS, _word),
    "KmsMasterKeyId": _no_key,
    "Policy": _policy,
    "RedriveAllowPolicy": _redrive_allow,
    "RedrivePolicy": _redrive,
    "SqsManagedSseEnabled": _no_encryption,
}
