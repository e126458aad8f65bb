"""What ListPipelines and ListPipelineExecutions share: times, order and pages, of their input.

The database chooses the page: a pipeline has executions without end.
"""

from collections.abc import Callable
from typing import Any

from argosy.services.registry import Call
from argosy.services.sagemaker.listing import bad_next_token, seconds
from argosy.state.records import BadToken, Query, Record


def listed(
    call: Call, kind: str, prefix: str, member: str, summary: Callable[[Record], dict[str, Any]]
) -> dict[str, Any]:
    """The answer, with the caller's records of that kind whose names begin so."""
    asked = call.input
    query = Query(
        prefix=prefix,
        created_after=seconds(asked.get("CreatedAfter")),
        created_before=seconds(asked.get("CreatedBefore")),
        sort_by="created" if asked.get("SortBy") in (None, "CreationTime") else "name",
        descending=(asked.get("SortOrder") or "Descending") == "Descending",
        limit=asked.get("MaxResults") or 100,
        after=asked.get("NextToken") or "",
    )
    try:
        page = call.records.query(kind, call.caller.account, call.caller.region, query)
    except BadToken:
        raise bad_next_token() from None
    more = {"NextToken": page.next} if page.next else {}
    return {member: [summary(record) for record in page.records], **more}
