"""How often a chain of events has passed a function: carried in X-Amzn-Trace-Id. Pure.

    Root=1-…;Parent=…;Sampled=0;Lineage=a87bd80c:3|68fd508a:1

The SDKs of functions send the header on with their calls, queues, topics and objects keep it with
what they are given, and so a function sees in its own event how often it has run in this chain.
Form: the Lambda Developer Guide, "recursive loop detection".
"""

import hashlib
import re

MOST = 16
"""Invocations of one function in one chain; the next one is not made."""
_LINEAGE = "Lineage"
_MOST_FUNCTIONS = 32
_ENTRY = re.compile(r"([0-9a-f]{8}):(\d{1,5})")


def passed(trace: str, function_arn: str) -> int:
    """How often the chain has passed that function."""
    return _counts(trace).get(_sign(function_arn), 0)


def onward(trace: str, function_arn: str) -> str:
    """The header for an invocation of that function: one more pass, and all else as it was."""
    counts, own = _counts(trace), _sign(function_arn)
    counts[own] = counts.pop(own, 0) + 1
    kept = [part for part in _parts(trace) if not part.startswith(f"{_LINEAGE}=")]
    latest = list(counts.items())[-_MOST_FUNCTIONS:]
    lineage = "|".join(f"{sign}:{count}" for sign, count in latest)
    return ";".join([*kept, f"{_LINEAGE}={lineage}"])


def _sign(function_arn: str) -> str:
    return hashlib.sha256(function_arn.encode()).hexdigest()[:8]


def _parts(trace: str) -> list[str]:
    return [part.strip() for part in trace.split(";") if part.strip()]


def _counts(trace: str) -> dict[str, int]:
    for part in _parts(trace):
        if part.startswith(f"{_LINEAGE}="):
            return {sign: int(count) for sign, count in _ENTRY.findall(part)}
    return {}
