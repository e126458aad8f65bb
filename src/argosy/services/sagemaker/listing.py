"""What every List operation of SageMaker shares: filters, order and pages, out of its input.

The members are those of botocore's model; an operation that lacks one never gets it here.
"""

from datetime import datetime
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.state.query import SortBy
from argosy.state.records import BadToken, Page, Query

_SORT_KEYS: dict[str, SortBy] = {
    "Name": "name",
    "CreationTime": "created",
    "Status": "status",
    "LastModifiedTime": "modified",
}


def page_of(
    call: Call,
    kind: str,
    default_limit: int = 100,
    member_contains: tuple[str, str] | None = None,
) -> Page:
    """The page that the call's input asks for; raises ValidationException for a bad NextToken."""
    asked = call.input
    query = Query(
        name_contains=asked.get("NameContains") or "",
        created_after=seconds(asked.get("CreationTimeAfter")),
        created_before=seconds(asked.get("CreationTimeBefore")),
        modified_after=seconds(asked.get("LastModifiedTimeAfter")),
        modified_before=seconds(asked.get("LastModifiedTimeBefore")),
        status=asked.get("StatusEquals"),
        member_contains=member_contains,
        sort_by=_SORT_KEYS[asked.get("SortBy") or "CreationTime"],
        descending=(asked.get("SortOrder") or "Descending") == "Descending",
        limit=asked.get("MaxResults") or default_limit,
        after=asked.get("NextToken") or "",
    )
    try:
        return call.records.query(kind, call.caller.account, call.caller.region, query)
    except BadToken:
        raise bad_next_token() from None


def bad_next_token() -> ValidationException:
    return ValidationException(
        "The NextToken is not valid for this request: use the one that the same call, with the "
        "same SortBy and SortOrder, returned."
    )


def answer(member: str, summaries: list[dict[str, Any]], page: Page) -> dict[str, Any]:
    """The body of a List answer; NextToken only when there is more."""
    return {member: summaries, **({"NextToken": page.next} if page.next else {})}


def seconds(moment: datetime | float | None) -> float | None:
    """A moment of a request in epoch seconds."""
    return moment.timestamp() if isinstance(moment, datetime) else moment
