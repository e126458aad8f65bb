"""Lists with filters that the records' own queries do not know: picked and paged in memory.

Only for kinds that are bounded. Paging is by place in the order, as in `state.query`.
"""

import base64
import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from argosy.services.registry import Call
from argosy.services.sagemaker.listing import bad_next_token
from argosy.state.records import Record

Key = Callable[[Record], float | str]

_BOUNDS: tuple[tuple[str, Callable[[Record], float]], ...] = (
    ("CreationTime", lambda record: record.created),
    ("LastModifiedTime", lambda record: record.modified),
    ("ScheduledTime", lambda record: float(record.document["scheduled"])),
)
_KEYS: dict[str, Key] = {
    "CreationTime": lambda record: record.created,
    "Name": lambda record: record.name,
    "Status": lambda record: record.status,
    "ScheduledTime": lambda record: float(record.document["scheduled"]),
}


def picked(
    call: Call, records: Iterable[Record], same: dict[str, str], default_sort: str
) -> tuple[list[Record], dict[str, str]]:
    """The page of records that a List call asks for, and {"NextToken": …} or {}.

    same: input members → where in a record's document the same value must stand.
    """
    asked = call.input
    kept = [record for record in records if _fits(asked, record, same)]
    sort = asked.get("SortBy") or default_sort
    descending = (asked.get("SortOrder") or "Descending") == "Descending"
    kept.sort(key=lambda record: _place(sort, record), reverse=descending)
    start = _start(asked.get("NextToken"), sort, kept, descending=descending)
    end = start + (asked.get("MaxResults") or 100)
    token = _token(sort, kept[end - 1]) if end < len(kept) else ""
    return kept[start:end], {"NextToken": token} if token else {}


def _fits(asked: dict[str, Any], record: Record, same: dict[str, str]) -> bool:
    if asked.get("StatusEquals") and record.status != asked["StatusEquals"]:
        return False
    if (asked.get("NameContains") or "").lower() not in record.name.lower():
        return False
    wrong = (
        asked.get(member) and asked[member] != record.document[place]
        for member, place in same.items()
    )
    return not any(wrong) and all(_within(asked, name, value, record) for name, value in _BOUNDS)


def _within(
    asked: dict[str, Any], name: str, value: Callable[[Record], float], record: Record
) -> bool:
    after, before = _seconds(asked.get(f"{name}After")), _seconds(asked.get(f"{name}Before"))
    if after is not None and value(record) < after:
        return False
    return before is None or value(record) < before


def _seconds(moment: datetime | float | None) -> float | None:
    return moment.timestamp() if isinstance(moment, datetime) else moment


def _place(sort: str, record: Record) -> tuple[float | str, str]:
    return _KEYS[sort](record), record.name


def _token(sort: str, record: Record) -> str:
    return base64.urlsafe_b64encode(json.dumps([sort, *_place(sort, record)]).encode()).decode()


def _start(token: str | None, sort: str, kept: list[Record], *, descending: bool) -> int:
    """Index of the first record behind the token's place."""
    if not token:
        return 0
    try:
        said, value, name = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        place = (value, name)
        behind = [
            (_place(sort, one) < place) if descending else (_place(sort, one) > place)
            for one in kept
        ]
    except (ValueError, TypeError):
        raise bad_next_token() from None
    if said != sort:
        raise bad_next_token()
    return behind.index(True) if True in behind else len(kept)
