"""Delivery policies: how often, and after how long, a delivery over HTTP is tried again. Pure.

Members, ranges, phases and defaults: Amazon SNS Developer Guide, "Creating a delivery policy". The
phases are: at once, at the shortest delay, growing from the shortest to the longest by a function,
at the longest.
"""

import json
import math
from collections.abc import Mapping
from typing import Any

from argosy.ground.errors import InvalidParameter

DEFAULT_RETRIES: dict[str, Any] = {
    "minDelayTarget": 20,
    "maxDelayTarget": 20,
    "numRetries": 3,
    "numMaxDelayRetries": 0,
    "numNoDelayRetries": 0,
    "numMinDelayRetries": 0,
    "backoffFunction": "linear",
}
CONTENT_TYPE = "text/plain; charset=UTF-8"

Policy = dict[str, Any]
"""What holds for a subscription: healthyRetryPolicy, requestPolicy, perhaps throttlePolicy."""

_FUNCTIONS = ("linear", "arithmetic", "geometric", "exponential")
_CONTENT_TYPES = (
    CONTENT_TYPE,
    "text/plain",
    "text/csv",
    "text/html",
    "text/xml",
    "text/css",
    "text/javascript",
    "application/json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/soap+xml",
    "application/atom+xml",
    "application/rdf+xml",
    "application/xhtml+xml",
    "application/vnd.amazon.eventbridge.cloudevents+json",
)
_MOST_RETRIES = 100
_LONGEST_DELAY_S = 3600


def delay_before(retries: Mapping[str, Any], number: int) -> float | None:
    """Seconds before retry `number` (1 is the first); None when there is none any more."""
    low, high = retries["minDelayTarget"], retries["maxDelayTarget"]
    at_once, lowest = retries["numNoDelayRetries"], retries["numMinDelayRetries"]
    highest, total = retries["numMaxDelayRetries"], retries["numRetries"]
    if number > total:
        return None
    if number <= at_once:
        return 0.0
    if number <= at_once + lowest:
        return float(low)
    if number > total - highest:
        return float(high)
    steps = total - at_once - lowest - highest
    place = number - at_once - lowest
    return _grown(retries["backoffFunction"], low, high, (place - 1) / max(1, steps - 1))


def _grown(function: str, low: float, high: float, share: float) -> float:
    """From low (share 0) to high (share 1)."""
    if function == "arithmetic":
        share *= (1 + share) / 2
    elif function == "geometric":
        return float(low * (high / low) ** share)
    elif function == "exponential":
        share = math.expm1(3 * share) / math.expm1(3)
    return float(low + (high - low) * share)


def effective(topic: str, subscription: str) -> Policy:
    """What holds for a subscription: its own policy, else its topic's, else SNS's defaults.

    Both are JSON texts as `checked_topic` and `checked_subscription` return them, "" for none.
    """
    of_topic = json.loads(topic)["http"] if topic else {}
    own = json.loads(subscription) if subscription else {}
    if of_topic.get("disableSubscriptionOverrides"):
        own = {}
    retries = own.get("healthyRetryPolicy") or of_topic.get("defaultHealthyRetryPolicy") or {}
    request = own.get("requestPolicy") or of_topic.get("defaultRequestPolicy") or {}
    throttle = own.get("throttlePolicy") or of_topic.get("defaultThrottlePolicy")
    return {
        "healthyRetryPolicy": {**DEFAULT_RETRIES, **retries},
        "requestPolicy": {"headerContentType": CONTENT_TYPE, **request},
        **({"throttlePolicy": throttle} if throttle else {}),
    }


def effective_of_topic(topic: str) -> dict[str, Any]:
    """EffectiveDeliveryPolicy of a topic."""
    both = effective(topic, "")
    given = json.loads(topic)["http"] if topic else {}
    throttle = both.get("throttlePolicy")
    http = {
        "defaultHealthyRetryPolicy": both["healthyRetryPolicy"],
        "disableSubscriptionOverrides": bool(given.get("disableSubscriptionOverrides")),
        "defaultRequestPolicy": both["requestPolicy"],
        **({"defaultThrottlePolicy": throttle} if throttle else {}),
    }
    return {"http": http}


def checked_subscription(text: str) -> str:
    """The policy of a subscription as it is kept; raises InvalidParameter."""
    if not text:
        return ""
    policy = _object(text)
    _only(policy, "healthyRetryPolicy", "throttlePolicy", "requestPolicy", "guaranteed")
    _check_parts(policy, "healthyRetryPolicy", "throttlePolicy", "requestPolicy")
    return json.dumps(policy)


def checked_topic(text: str) -> str:
    """The policy of a topic as it is kept; raises InvalidParameter."""
    if not text:
        return ""
    policy = _object(text)
    http = policy.get("http")
    if set(policy) != {"http"} or not isinstance(http, dict):
        raise _refused("a topic's policy has the member http, and no other")
    parts = ("defaultHealthyRetryPolicy", "defaultThrottlePolicy", "defaultRequestPolicy")
    _only(http, *parts, "disableSubscriptionOverrides")
    _check_parts(http, *parts)
    if not isinstance(http.get("disableSubscriptionOverrides", False), bool):
        raise _refused("disableSubscriptionOverrides is true or false")
    return json.dumps(policy)


def _check_parts(policy: dict[str, Any], retries: str, throttle: str, request: str) -> None:
    _check_retries(_part(policy, retries))
    rate = _part(policy, throttle).get("maxReceivesPerSecond", 1)
    if not _is_number(rate) or rate < 1:
        raise _refused("maxReceivesPerSecond is a number of at least 1")
    content_type = _part(policy, request).get("headerContentType", CONTENT_TYPE)
    if content_type not in _CONTENT_TYPES:
        raise _refused(f"headerContentType is one of {', '.join(_CONTENT_TYPES)}")


def _part(policy: dict[str, Any], name: str) -> dict[str, Any]:
    part = policy.get(name)
    if part is not None and not isinstance(part, dict):
        raise _refused(f"{name} is a JSON object")
    return part or {}


def _check_retries(given: dict[str, Any]) -> None:
    _only(given, *DEFAULT_RETRIES)
    retries = {**DEFAULT_RETRIES, **given}
    numbers = {name: value for name, value in retries.items() if name != "backoffFunction"}
    for name, value in numbers.items():
        if not _is_number(value) or value != int(value) or value < 0:
            raise _refused(f"{name} is a whole number of at least 0")
    if not 1 <= numbers["minDelayTarget"] <= numbers["maxDelayTarget"] <= _LONGEST_DELAY_S:
        raise _refused(
            "delays are from 1 to 3600 seconds, and minDelayTarget is at most maxDelayTarget"
        )
    phases = [numbers[f"num{name}DelayRetries"] for name in ("No", "Min", "Max")]
    if sum(phases) > numbers["numRetries"] or numbers["numRetries"] > _MOST_RETRIES:
        raise _refused(
            f"numRetries is at most {_MOST_RETRIES}, and at least the sum of the other numbers"
        )
    if retries["backoffFunction"] not in _FUNCTIONS:
        raise _refused(f"backoffFunction is one of {', '.join(_FUNCTIONS)}")


def _only(given: dict[str, Any], *known: str) -> None:
    strange = set(given) - set(known)
    if strange:
        raise _refused(f"unexpected {', '.join(sorted(strange))[:128]}")


def _object(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        policy = None
    if not isinstance(policy, dict):
        raise _refused("not a JSON object")
    return policy


def _is_number(value: Any) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return isinstance(value, int) and not isinstance(value, bool)


def _refused(why: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid parameter: DeliveryPolicy: {why}")
