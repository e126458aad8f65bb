"""The operation Search."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.pages import one_page
from argosy.services.sagemaker.search.expressions import fits, values_at
from argosy.services.sagemaker.search.resources import RESOURCES, offered, shown

_DEFAULT_ORDER, _ELSE = "LastModifiedTime", "CreationTime"
"""The second is for resources that never change."""


@operation("sagemaker", "Search")
def search(call: Call) -> dict[str, Any]:
    """Everything of one kind that fits, by LastModifiedTime or what SortBy names."""
    asked = call.input
    resource = asked["Resource"]
    if resource not in offered():
        raise ValidationException(
            f"Argosy cannot search for {resource}; it can for {', '.join(offered())}."
        )
    if asked.get("VisibilityConditions"):
        raise ValidationException("This version does not support VisibilityConditions.")
    found = [] if asked.get("CrossAccountFilterOption") == "CrossAccount" else _found(call)
    order = asked.get("SortBy") or _DEFAULT_ORDER
    page, following = one_page(
        found,
        lambda one: (_first(one, order), one[RESOURCES[resource].arn]),
        order=order,
        descending=(asked.get("SortOrder") or "Descending") == "Descending",
        limit=asked.get("MaxResults") or 100,
        token=asked.get("NextToken"),
    )
    more = {"NextToken": following} if following else {}
    return {"Results": [{resource: _entry(resource, one)} for one in page], **more}


def _found(call: Call) -> list[dict[str, Any]]:
    searched = RESOURCES[call.input["Resource"]]
    expression = call.input.get("SearchExpression")
    records = call.records.find(searched.kind, call.caller.account, call.caller.region)
    all_of_them = (shown(call, searched, record) for record in records)
    return [one for one in all_of_them if fits(_with_path(searched.within, one), expression)]


def _with_path(within: str, one: dict[str, Any]) -> dict[str, Any]:
    """Its properties can be named by where they stand in the result, too."""
    return {**one, within: one} if within else one


def _entry(resource: str, one: dict[str, Any]) -> dict[str, Any]:
    within = RESOURCES[resource].within
    return {within: one} if within else one


def _first(resource: dict[str, Any], order: str) -> Any:
    paths = (order, _ELSE) if order == _DEFAULT_ORDER else (order,)
    return next((value for path in paths for value in values_at(resource, path)), None)
