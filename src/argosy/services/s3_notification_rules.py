"""What a bucket's notification configuration may say. Pure but for looking up destinations.

Rules and texts: reference/automation.md §1; Amazon S3 User Guide, "Event notification types and
destinations" and "Configuring event notifications using object key name filtering".
"""

import uuid
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

from argosy.ground.errors import InvalidArgument
from argosy.messaging.resource_policy import Sender, lets_in
from argosy.services.registry import Call
from argosy.state.function_policy import allows
from argosy.state.functions import resolve
from argosy.state.object_events import EVENTBRIDGE, LISTS, SERVICE, destinations, ends_of

_FAMILIES: dict[str, tuple[str, ...]] = {
    "ObjectCreated": ("*", "Put", "Post", "Copy", "CompleteMultipartUpload"),
    "ObjectRemoved": ("*", "Delete", "DeleteMarkerCreated"),
    "ObjectTagging": ("*", "Put", "Delete"),
    "ObjectAcl": ("Put",),
    "ObjectAnnotation": ("*", "Put", "Delete"),
    "ObjectRetention": ("Put",),
    "ObjectRestore": ("*", "Post", "Completed", "Delete"),
    "LifecycleExpiration": ("*", "Delete", "DeleteMarkerCreated"),
    "Replication": (
        "*",
        "OperationFailedReplication",
        "OperationMissedThreshold",
        "OperationReplicatedAfterThreshold",
        "OperationNotTracked",
    ),
}
EVENTS = frozenset(
    {f"s3:{family}:{name}" for family, names in _FAMILIES.items() for name in names}
    | {"s3:ReducedRedundancyLostObject", "s3:LifecycleTransition", "s3:IntelligentTiering"}
)
_SERVICES = {"TopicArn": "sns", "QueueArn": "sqs", "LambdaFunctionArn": "lambda"}
_LONGEST_VALUE = 1024
_BAD_DESTINATION = "Unable to validate the following destination configurations"


def checked(asked: Mapping[str, Any], region: str) -> dict[str, Any]:
    """The configuration as it is kept: every entry has an Id. Raises InvalidArgument."""
    kept: dict[str, Any] = {}
    if asked.get(EVENTBRIDGE) is not None:
        kept[EVENTBRIDGE] = {}
    for name, member in LISTS.items():
        entries = [_entry(entry, member, region) for entry in asked.get(name) or []]
        if entries:
            kept[name] = entries
    entries = [entry for entry, _ in destinations(kept)]
    ids = [entry["Id"] for entry in entries]
    if len(set(ids)) < len(ids):
        raise InvalidArgument("Same ID used for multiple configurations. IDs must be unique")
    for one, other in combinations(entries, 2):
        _check_apart(one, other)
    return kept


def check_destinations(call: Call, configuration: Mapping[str, Any], bucket: str) -> None:
    """Each must be there, and let S3 in for this bucket. Raises InvalidArgument."""
    sender = Sender(SERVICE, f"arn:aws:s3:::{bucket}", call.caller.account)
    for _, arn in destinations(configuration):
        if not _lets_in(call, arn, sender):
            raise InvalidArgument(_BAD_DESTINATION)


def _lets_in(call: Call, arn: str, sender: Sender) -> bool:
    service, messaging = arn.split(":")[2], call.messaging
    if service == "sqs":
        queue = messaging.queues.of_arn(arn)
        policy = "" if queue is None else queue.attributes.get("Policy", "")
        return lets_in(policy, sender, "sqs:SendMessage", arn)
    if service == "sns":
        topic = messaging.topics.find(arn)
        policy = "" if topic is None else topic.get("Policy")
        return lets_in(policy, sender, "sns:Publish", arn)
    there = resolve(call.records, call.caller.account, call.caller.region, arn) is not None
    return there and allows(call.records, arn, sender.service, sender.arn, sender.account)


def _entry(entry: Mapping[str, Any], member: str, region: str) -> dict[str, Any]:
    if not entry.get("Events") or set(entry["Events"]) - EVENTS:
        raise InvalidArgument("A specified event is not supported for notifications.")
    parts = entry[member].split(":")
    if len(parts) < 6 or parts[0] != "arn" or parts[2] != _SERVICES[member]:
        raise InvalidArgument("The ARN is not well formed")
    if parts[3] != region:
        raise InvalidArgument(
            "The notification destination service region is not valid for the bucket location "
            "constraint"
        )
    if member != "LambdaFunctionArn" and parts[5].endswith(".fifo"):
        raise InvalidArgument(
            f"{_BAD_DESTINATION}: FIFO queues and topics cannot be notified; use Amazon "
            "EventBridge for these."
        )
    _check_filter(((entry.get("Filter") or {}).get("Key") or {}).get("FilterRules") or [])
    return {**entry, "Id": entry.get("Id") or str(uuid.uuid4())}


def _check_filter(rules: Sequence[Mapping[str, Any]]) -> None:
    names = [str(rule.get("Name", "")).lower() for rule in rules]
    if set(names) - {"prefix", "suffix"}:
        raise InvalidArgument("filter rule name must be either prefix or suffix")
    for name in ("prefix", "suffix"):
        if names.count(name) > 1:
            raise InvalidArgument(f"Cannot specify more than one {name} rule in a filter.")
    if any(len(str(rule.get("Value") or "").encode()) > _LONGEST_VALUE for rule in rules):
        raise InvalidArgument(
            "Size of filter rule value cannot exceed 1024 bytes in UTF-8 encoding"
        )


def _check_apart(one: Mapping[str, Any], other: Mapping[str, Any]) -> None:
    """No object may be meant by two entries for the same event."""
    if not _share_event(one["Events"], other["Events"]):
        return
    (prefix, suffix), (other_prefix, other_suffix) = ends_of(one), ends_of(other)
    if not any((prefix, suffix, other_prefix, other_suffix)):
        raise InvalidArgument(
            "Configurations overlap. Configurations on the same bucket cannot share a common "
            "event type."
        )
    longer, shorter = sorted((prefix, other_prefix), key=len, reverse=True)
    prefixes = longer.startswith(shorter)
    longer, shorter = sorted((suffix, other_suffix), key=len, reverse=True)
    if prefixes and longer.endswith(shorter):
        raise InvalidArgument(
            "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules "
            "if the prefixes are overlapping for the same event type."
        )


def _share_event(some: Sequence[str], others: Sequence[str]) -> bool:
    return any(_same_event(one, other) for one in some for other in others)


def _same_event(one: str, other: str) -> bool:
    family, name = one.rpartition(":")[0::2]
    other_family, other_name = other.rpartition(":")[0::2]
    return family == other_family and (name == other_name or "*" in (name, other_name))
