"""A subscription as plain data, and what may be said of one. Pure."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground.errors import InvalidParameter
from argosy.messaging import delivery_policy, filter_policy, queue_attributes
from argosy.state.functions import parse_name
from argosy.state.records import Record

KIND = "subscription"

HTTP = ("http", "https")
SQS = "sqs"
LAMBDA = "lambda"
_REASONS = {
    "firehose": "there is no Firehose here",
    "email": "this platform sends no mail",
    "email-json": "this platform sends no mail",
    "sms": "this platform sends no text messages",
    "application": "this platform sends nothing to mobile devices",
}


@dataclass(frozen=True)
class Subscription:
    """One subscription; its record's document is {"topic", "protocol", "endpoint", "attributes",
    "pending", "token", "token_at", "base", "authenticated", "guarded"}."""

    record: Record

    @property
    def arn(self) -> str:
        return f"{self.topic_arn}:{self.record.name.rpartition(':')[2]}"

    @property
    def topic_arn(self) -> str:
        return str(self.record.document["topic"])

    @property
    def protocol(self) -> str:
        return str(self.record.document["protocol"])

    @property
    def endpoint(self) -> str:
        return str(self.record.document["endpoint"])

    @property
    def pending(self) -> bool:
        return bool(self.record.document["pending"])

    @property
    def base(self) -> str:
        """How its subscriber names this platform: scheme and host."""
        return str(self.record.document["base"])

    @property
    def raw(self) -> bool:
        return self.get("RawMessageDelivery") == "true"

    @property
    def kept(self) -> dict[str, str]:
        return dict(self.record.document["attributes"])

    def get(self, attribute: str) -> str:
        """What was said of it, "" for nothing."""
        return str(self.record.document["attributes"].get(attribute, ""))

    @property
    def dead_letters(self) -> str:
        """The ARN of its dead-letter queue, "" for none."""
        return redrive_queue(self.get("RedrivePolicy"))

    def wants(self, facts: Mapping[str, list[Any]], text: str) -> bool:
        """Whether its filter policy lets a message pass: by its attributes, or by its body."""
        policy = self.get("FilterPolicy")
        if not policy:
            return True
        scope = self.get("FilterPolicyScope") or filter_policy.ATTRIBUTES
        matches = filter_policy.parse(policy, scope)
        if scope == filter_policy.ATTRIBUTES:
            return matches(facts)
        body = _object(text)
        return body is not None and matches(body)


def redrive_queue(policy: str) -> str:
    """The ARN that a subscription's RedrivePolicy names, "" for none."""
    return str(json.loads(policy)["deadLetterTargetArn"]) if policy else ""


def check_protocol(protocol: str, endpoint: str) -> None:
    """Raises InvalidParameter for what nothing is delivered to."""
    if protocol in _REASONS:
        raise InvalidParameter(
            f"Invalid parameter: Protocol Reason: {_REASONS[protocol]}; sqs, lambda, http and "
            "https are delivered to"
        )
    if protocol in HTTP:
        if not endpoint.startswith(f"{protocol}://") or len(endpoint) > 2048:
            raise InvalidParameter(
                "Invalid parameter: Endpoint Reason: Endpoint must match the specified protocol"
            )
    elif protocol == LAMBDA:
        named = parse_name(endpoint)
        if named is None or not named.account:
            raise InvalidParameter(
                "Invalid parameter: Lambda endpoint ARN Reason: it is not the ARN of a function"
            )
    elif protocol != SQS:
        raise InvalidParameter(
            f"Invalid parameter: Amazon SNS does not support this protocol string: {protocol[:64]}"
        )


def checked(asked: Mapping[str, str], protocol: str) -> dict[str, str]:
    """A subscription's attributes as they are kept, all together; raises InvalidParameter."""
    kept = {}
    for name, value in asked.items():
        check = _CHECKS.get(name)
        if check is None:
            raise InvalidParameter(f"Invalid parameter: AttributeName: {name[:64]} is not offered")
        kept[name] = check(value)
    if kept.get("FilterPolicy"):
        filter_policy.parse(kept["FilterPolicy"], kept.get("FilterPolicyScope") or _SCOPE)
    if kept.get("DeliveryPolicy") and protocol not in HTTP:
        raise InvalidParameter(
            "Invalid parameter: DeliveryPolicy: only http and https subscriptions have one"
        )
    return {name: value for name, value in kept.items() if value}


_SCOPE = filter_policy.ATTRIBUTES


def _raw(value: str) -> str:
    if value.lower() not in ("true", "false"):
        raise InvalidParameter(
            "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value "
            f"[{value[:64]}]. Must be true or false."
        )
    return value.lower()


def _scope(value: str) -> str:
    if value and value not in filter_policy.SCOPES:
        raise InvalidParameter(
            f"Invalid parameter: FilterPolicyScope: Invalid value [{value[:64]}]. Please use "
            "either MessageBody or MessageAttributes"
        )
    return value


def _filter(value: str) -> str:
    """An empty policy lets everything pass, as none does."""
    return "" if value.strip() in ("", "{}") else value


def _redrive(value: str) -> str:
    if not value:
        return ""
    target = (_object(value) or {}).get("deadLetterTargetArn")
    if not isinstance(target, str) or queue_attributes.parse_arn(target) is None:
        raise InvalidParameter(
            "Invalid parameter: RedrivePolicy: deadLetterTargetArn is not the ARN of a queue"
        )
    return json.dumps({"deadLetterTargetArn": target})


def _object(text: str) -> dict[str, Any] | None:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return document if isinstance(document, dict) else None


_CHECKS: dict[str, Callable[[str], str]] = {
    "DeliveryPolicy": delivery_policy.checked_subscription,
    "FilterPolicy": _filter,
    "FilterPolicyScope": _scope,
    "RawMessageDelivery": _raw,
    "RedrivePolicy": _redrive,
}
