"""When a delivery is tried again, and when it is given up. Pure.

Source: Amazon EventBridge User Guide, "Event retry policy and using dead-letter queues": 24 hours
and up to 185 times, with exponential backoff and jitter, unless the target says less.
"""

from collections.abc import Mapping
from typing import Any

MOST_ATTEMPTS = 185
LONGEST_S = 86_400
ATTEMPTS, AGE = "MaximumRetryAttempts", "MaximumEventAgeInSeconds"
_FIRST_S = 1.0
_LONGEST_PAUSE_S = 600.0


def pause_or_end(
    target: Mapping[str, Any], attempts: int, age_s: float, dice: float
) -> tuple[float, str]:
    """(seconds until the next attempt, "") or (0, the limit of the policy that is reached).

    attempts: how many were made and failed. dice: of [0, 1).
    """
    policy = target.get("RetryPolicy") or {}
    if attempts > policy.get(ATTEMPTS, MOST_ATTEMPTS):
        return 0.0, ATTEMPTS
    pause = min(_LONGEST_PAUSE_S, _FIRST_S * 2.0 ** min(attempts - 1, 30)) * (0.5 + dice / 2)
    if age_s + pause > policy.get(AGE, LONGEST_S):
        return 0.0, AGE
    return pause, ""


def too_old(target: Mapping[str, Any], age_s: float) -> bool:
    """Whether it is older than its policy wants it to be delivered."""
    return age_s > float((target.get("RetryPolicy") or {}).get(AGE, LONGEST_S))
