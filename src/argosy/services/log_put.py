"""What PutLogEvents takes: the limits of a batch, and the events that are too old or too new. Pure.

Source: CloudWatch Logs API reference, PutLogEvents.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from argosy.ground.errors import InvalidParameterException

MOST_EVENTS = 10_000
MOST_BYTES = 1_048_576
EVENT_OVERHEAD = 26
_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS
OLDEST_MS = 14 * _DAY_MS
NEWEST_MS = 2 * _HOUR_MS


def accepted(
    events: Sequence[dict[str, Any]], now_ms: int, kept_since: int | None
) -> tuple[list[tuple[int, str]], dict[str, int]]:
    """The events to keep as (timestamp, message), and `rejectedLogEventsInfo` ({} for none).

    kept_since: older ones are past the group's retention.
    Raises InvalidParameterException when the batch as a whole is wrong.
    """
    _check(events)
    oldest = now_ms - OLDEST_MS
    times = [event["timestamp"] for event in events]
    old = sum(moment < oldest for moment in times)
    expired = 0 if kept_since is None else sum(moment < kept_since for moment in times)
    first, end = max(old, expired), sum(moment <= now_ms + NEWEST_MS for moment in times)
    rejected = {}
    if old:
        rejected["tooOldLogEventEndIndex"] = old
    if expired > old:
        rejected["expiredLogEventEndIndex"] = expired
    if end < len(events):
        rejected["tooNewLogEventStartIndex"] = end
    return [(event["timestamp"], event["message"]) for event in events[first:end]], rejected


def _check(events: Sequence[dict[str, Any]]) -> None:
    if len(events) > MOST_EVENTS:
        raise InvalidParameterException(f"A batch has at most {MOST_EVENTS} log events.")
    size = sum(
        len(event["message"].encode("utf-8", "replace")) + EVENT_OVERHEAD for event in events
    )
    if size > MOST_BYTES:
        raise InvalidParameterException(
            f"Upload too large: {size} bytes exceeds limit of {MOST_BYTES} "
            f"(each event counts {EVENT_OVERHEAD} bytes beside its message)"
        )
    times = [event["timestamp"] for event in events]
    if any(later < earlier for earlier, later in pairwise(times)):
        raise InvalidParameterException(
            "Log events in a single PutLogEvents request must be in chronological order."
        )
    if times[-1] - times[0] > _DAY_MS:
        raise InvalidParameterException(
            "The batch of log events in a single PutLogEvents request cannot span more than 24 "
            "hours."
        )
