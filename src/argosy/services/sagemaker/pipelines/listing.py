"""What ListPipelines and ListPipelineExecutions share: times, order and pages, of their input."""

from collections.abc import Callable
from typing import Any

from argosy.services.registry import Call
from argosy.services.sagemaker.listing import seconds
from argosy.services.sagemaker.pages import one_page
from argosy.state.records import Record


def listed(
    call: Call, kind: str, prefix: str, member: str, summary: Callable[[Record], dict[str, Any]]
) -> dict[str, Any]:
    """The answer, with the caller's records of that kind whose names begin so."""
    asked, caller = call.input, call.caller
    after, before = seconds(asked.get("CreatedAfter")), seconds(asked.get("CreatedBefore"))
    found = call.records.find(kind, caller.account, caller.region, prefix=prefix)
    order = asked.get("SortBy") or "CreationTime"
    page, following = one_page(
        [r for r in found if (after or 0) <= r.created and (before is None or r.created < before)],
        lambda record: (record.created if order == "CreationTime" else "", record.name),
        order=order,
        descending=(asked.get("SortOrder") or "Descending") == "Descending",
        limit=asked.get("MaxResults") or 100,
        token=asked.get("NextToken"),
    )
    more = {"NextToken": following} if following else {}
    return {member: [summary(record) for record in page], **more}
