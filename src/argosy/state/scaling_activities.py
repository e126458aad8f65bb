"""Scaling activities: what was done to a capacity, or why nothing was; kept for six weeks.

A record each, named by its resource and the time, so that those of a resource are in order. A
resource keeps its last thousand. The status of the record is the StatusCode.
"""

import itertools
import secrets
import uuid
from typing import Any, NotRequired, TypedDict

from argosy.state.records import Record, Records
from argosy.state.scaling import under

KIND = "scaling-activity"

IN_PROGRESS = "InProgress"
SUCCESSFUL = "Successful"
OVERRIDDEN = "Overridden"
FAILED = "Failed"

KEPT_S = 6 * 7 * 86400.0
MOST_PER_RESOURCE = 1000
_PRUNE_EVERY = 50
_numbers = itertools.count()
"""Puts activities of one moment in order."""


class ActivityDocument(TypedDict):
    """One activity."""

    id: str
    resource_id: str
    dimension: str
    description: str
    cause: str
    message: str
    started: float
    ended: float | None
    wanted: int | None
    """The capacity that is being reached, of one in progress."""
    before: NotRequired[int]
    """The capacity that there was then."""
    not_scaled: NotRequired[list[dict[str, Any]]]


def new_activity(
    resource_id: str, dimension: str, description: str, cause: str, now: float
) -> ActivityDocument:
    """An activity that begins now."""
    return {
        "id": str(uuid.uuid4()),
        "resource_id": resource_id,
        "dimension": dimension,
        "description": description,
        "cause": cause,
        "message": "",
        "started": now,
        "ended": None,
        "wanted": None,
    }


def add(
    records: Records, account: str, region: str, activity: ActivityDocument, status: str
) -> Record:
    """Keep an activity; now and then, those beyond what is kept go."""
    order = f"{activity['started']:017.6f}|{next(_numbers):09d}"
    place = under(activity["resource_id"], f"{order}|{activity['id']}")
    with records.transaction():
        if secrets.randbelow(_PRUNE_EVERY) == 0:
            prune(records, account, region, activity["resource_id"], activity["started"])
        return records.create(
            KIND, account, region, place, dict(activity), now=activity["started"], status=status
        )


def end(records: Records, record: Record, status: str, message: str, now: float) -> None:
    """An activity in progress is over."""
    document = {**record.document, "message": message, "ended": now}
    records.update(record, now=now, document=document, status=status)


def of_resource(records: Records, account: str, region: str, resource_id: str) -> list[Record]:
    """The activities of a resource, newest first."""
    found = records.find(KIND, account, region, prefix=under(resource_id, ""))
    return sorted(found, key=lambda record: record.name, reverse=True)


def in_progress(records: Records) -> list[Record]:
    """All that are not over."""
    return records.find(KIND, statuses=(IN_PROGRESS,))


def last(records: Records, account: str, region: str, resource_id: str) -> Record | None:
    """The newest activity of a resource."""
    found = of_resource(records, account, region, resource_id)
    return found[0] if found else None


def prune(records: Records, account: str, region: str, resource_id: str, now: float) -> None:
    """Remove those of a resource that are too old or too many."""
    for place, record in enumerate(of_resource(records, account, region, resource_id)):
        old = record.document["started"] < now - KEPT_S
        if record.status != IN_PROGRESS and (old or place >= MOST_PER_RESOURCE):
            records.delete(KIND, account, region, record.name)


def prune_all(records: Records, now: float) -> None:
    """The same for every resource, those included that are gone; for once a day."""
    places = {(r.account, r.region, r.document["resource_id"]) for r in records.find(KIND)}
    for account, region, resource_id in places:
        prune(records, account, region, resource_id, now)
