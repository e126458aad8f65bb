"""ListModelPackages: the versions of a group, or the packages that have none."""

from typing import Any

from argosy.services.registry import Call, operation
from argosy.services.sagemaker.listing import seconds
from argosy.services.sagemaker.pages import Place, one_page
from argosy.services.sagemaker.registry.finding import found_group
from argosy.services.sagemaker.registry.package_view import summary
from argosy.state.model_packages import MODEL_PACKAGE, approval_of
from argosy.state.records import Record


@operation("sagemaker", "ListModelPackages")
def list_model_packages(call: Call) -> dict[str, Any]:
    """Without a group and ModelPackageType: those without versions, as SageMaker does."""
    asked = call.input
    order = asked.get("SortBy") or "CreationTime"
    page, following = one_page(
        [record for record in _candidates(call) if _wanted(record, asked)],
        lambda record: _place(record, order),
        order=order,
        descending=(asked.get("SortOrder") or "Descending") == "Descending",
        limit=asked.get("MaxResults") or 100,
        token=asked.get("NextToken"),
    )
    summaries = [summary(record) for record in page]
    more = {"NextToken": following} if following else {}
    return {"ModelPackageSummaryList": summaries, **more}


def _candidates(call: Call) -> list[Record]:
    name, where = call.input.get("ModelPackageGroupName"), (call.caller.account, call.caller.region)
    if name:
        group = found_group(call, name)
        return call.records.find(MODEL_PACKAGE, *where, prefix=f"{group.name}/")
    kind = call.input.get("ModelPackageType") or "Unversioned"
    found = call.records.find(MODEL_PACKAGE, *where)
    return [
        one
        for one in found
        if kind == "Both" or bool(one.document["group"]) == (kind == "Versioned")
    ]


def _wanted(record: Record, asked: dict[str, Any]) -> bool:
    approval, after = asked.get("ModelApprovalStatus"), seconds(asked.get("CreationTimeAfter"))
    before, part = seconds(asked.get("CreationTimeBefore")), asked.get("NameContains")
    return (
        (not approval or approval_of(record.document) == approval)
        and (after is None or record.created >= after)
        and (before is None or record.created < before)
        and (not part or part.lower() in record.name.partition("/")[0].lower())
    )


def _place(record: Record, order: str) -> Place:
    """Versions of a group are in order of their numbers, however close they were made."""
    tie = f"{record.document['group']}/{record.document['version']:012d}/{record.name}"
    return (record.created if order == "CreationTime" else "", tie)
