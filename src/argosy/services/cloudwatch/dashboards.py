"""CloudWatch: dashboards, kept and given back. Nothing here draws them."""

import json
import re
from typing import Any

from argosy.services.cloudwatch.errors import (
    DashboardInvalid,
    InvalidParameterValue,
    ResourceNotFound,
)
from argosy.services.cloudwatch.paging import place_of, token_of
from argosy.services.cloudwatch.tags import DASHBOARD, tags_of
from argosy.services.registry import Call, operation
from argosy.state.record import Record

_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_LONGEST = 1 << 20
_MOST_WIDGETS = 500
_PAGE = 1000


@operation("cloudwatch", "PutDashboard")
def put_dashboard(call: Call) -> dict[str, Any]:
    name, body = call.input["DashboardName"], call.input["DashboardBody"]
    if not _NAME.fullmatch(name):
        raise InvalidParameterValue(
            f"The value {name[:300]} for parameter DashboardName has other characters than "
            "letters, digits, - and _, or more than 255."
        )
    _check(body)
    tags, now = tags_of(call.input.get("Tags") or ()), call.clock.now()
    with call.records.transaction():
        before = _get(call, name)
        if before is not None:
            document = {**before.document, "body": body}
            call.records.update(before, now=now, document=document)
        else:
            document = {"body": body, "tags": tags}
            caller = call.caller
            call.records.create(DASHBOARD, caller.account, caller.region, name, document, now=now)
    return {"DashboardValidationMessages": []}


@operation("cloudwatch", "GetDashboard")
def get_dashboard(call: Call) -> dict[str, Any]:
    record = _find(call, call.input["DashboardName"])
    return {
        "DashboardArn": _arn(record),
        "DashboardName": record.name,
        "DashboardBody": record.document["body"],
    }


@operation("cloudwatch", "ListDashboards")
def list_dashboards(call: Call) -> dict[str, Any]:
    prefix = call.input.get("DashboardNamePrefix") or ""
    after = place_of(call.input.get("NextToken"), str) or ""
    caller = call.caller
    found = call.records.find(DASHBOARD, caller.account, caller.region, prefix=prefix)
    found = sorted((one for one in found if one.name > after), key=lambda one: one.name)
    page = found[:_PAGE]
    answer: dict[str, Any] = {"DashboardEntries": [_entry(one) for one in page]}
    return {**answer, "NextToken": token_of(page[-1].name)} if len(found) > _PAGE else answer


@operation("cloudwatch", "DeleteDashboards")
def delete_dashboards(call: Call) -> dict[str, Any]:
    """All of them, or none when one does not exist."""
    with call.records.transaction():
        for name in dict.fromkeys(call.input["DashboardNames"]):
            record = _find(call, name)
            call.records.delete(DASHBOARD, record.account, record.region, record.name)
    return {}


def _get(call: Call, name: str) -> Record | None:
    return call.records.get(DASHBOARD, call.caller.account, call.caller.region, name)


def _find(call: Call, name: str) -> Record:
    record = _get(call, name)
    if record is None:
        raise ResourceNotFound(f"Dashboard {name[:300]} does not exist.")
    return record


def _arn(record: Record) -> str:
    return f"arn:aws:cloudwatch::{record.account}:dashboard/{record.name}"


def _entry(record: Record) -> dict[str, Any]:
    return {
        "DashboardName": record.name,
        "DashboardArn": _arn(record),
        "LastModified": record.modified,
        "Size": len(record.document["body"].encode()),
    }


def _check(body: str) -> None:
    """Raises DashboardInvalid where the body is not an object with a list of widgets."""
    problem = _problem(body)
    if problem:
        path, text = problem
        raise DashboardInvalid(
            "The dashboard body is invalid, there are validation errors: " + text,
            dashboardValidationMessages=[{"DataPath": path, "Message": text}],
        )


def _problem(body: str) -> tuple[str, str] | None:
    """(where, what)"""
    if len(body.encode()) > _LONGEST:
        return "/", "The body has more than 1 MiB."
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return "/", "The body is not valid JSON."
    if not isinstance(document, dict):
        return "/", "The body must be an object."
    widgets = document.get("widgets")
    if not isinstance(widgets, list) or len(widgets) > _MOST_WIDGETS:
        return "/widgets", f"There must be a list of at most {_MOST_WIDGETS} widgets."
    for place, widget in enumerate(widgets):
        if not isinstance(widget, dict) or not isinstance(widget.get("type"), str):
            return f"/widgets/{place}", "A widget must be an object with a type."
    return None
