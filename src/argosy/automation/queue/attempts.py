"""What becomes of an asynchronous invocation after an attempt. Pure.

On an error of the function two more attempts, after one and after two minutes; while it cannot
take more, pauses from a second to five minutes; all of it within six hours. Source:
reference/automation.md §3; Lambda Developer Guide, "How Lambda handles errors and retries with
asynchronous invocation".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from argosy.ground.functions import Invoked
from argosy.state.invocations import Invocation

RETRIES = 2
OLDEST_S = 21_600
_PAUSES_S = (60.0, 120.0)
_LONGEST_PAUSE_S = 300.0

Condition = Literal["Success", "RetriesExhausted", "EventAgeExceeded"]


@dataclass(frozen=True)
class Policy:
    """What was said of a function's events."""

    retries: int = RETRIES
    oldest_s: float = OLDEST_S
    on_success: str = ""
    """ARN, "" for none; as `on_failure`."""
    on_failure: str = ""

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "Policy":
        """From the document of an EventInvokeConfig; {} has the defaults."""
        retries, oldest = "MaximumRetryAttempts", "MaximumEventAgeInSeconds"
        targets = document.get("DestinationConfig") or {}
        return cls(
            document.get(retries, RETRIES),
            document.get(oldest, OLDEST_S),
            (targets.get("OnSuccess") or {}).get("Destination") or "",
            (targets.get("OnFailure") or {}).get("Destination") or "",
        )


@dataclass(frozen=True)
class Again:
    """Another attempt, at this time."""

    at: float
    attempts: int
    holdups: int


def after(event: Invocation, invoked: Invoked, policy: Policy, now: float) -> Again | Condition:
    """What follows from the function's answer."""
    if not invoked.error:
        return "Success"
    failed = event.attempts + 1
    if failed > policy.retries:
        return "RetriesExhausted"
    pause = _PAUSES_S[min(failed, len(_PAUSES_S)) - 1]
    return Again(_within(event, policy, now + pause), failed, 0)


def held_up(event: Invocation, policy: Policy, now: float) -> Again | Condition:
    """What follows when the function cannot take it now."""
    if now - event.received >= policy.oldest_s:
        return "EventAgeExceeded"
    pause = min(_LONGEST_PAUSE_S, 2.0 ** min(event.holdups, 10))
    return Again(_within(event, policy, now + pause), event.attempts, event.holdups + 1)


def is_too_old(event: Invocation, policy: Policy, now: float) -> bool:
    return now - event.received >= policy.oldest_s


def _within(event: Invocation, policy: Policy, at: float) -> float:
    """Not after the event becomes too old: then it is told so."""
    return min(at, event.received + policy.oldest_s)
