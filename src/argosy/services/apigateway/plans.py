"""Usage plans: which keys may call which stages, how fast and how often."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from argosy.services.apigateway.finding import page
from argosy.services.apigateway.keys import find_key
from argosy.services.registry import Call, operation
from argosy.state.api_usage import ApiUsage, Used
from argosy.state.apis import REST_API, USAGE_PLAN, new_id
from argosy.state.records import Record

_PERIODS = ("DAY", "WEEK", "MONTH")
_RULES: dict[str, patches.Rule] = {
    "/name": patches.text,
    "/description": patches.text,
    "/throttle/rateLimit": patches.number,
    "/throttle/burstLimit": patches.integer,
    "/quota/limit": patches.integer,
    "/quota/offset": patches.integer,
    "/quota/period": patches.text,
}


@operation("apigateway", "CreateUsagePlan")
def create_usage_plan(call: Call) -> dict[str, Any]:
    asked = call.input
    document: dict[str, Any] = {
        "id": new_id(6),
        "name": asked["name"],
        "description": asked.get("description"),
        "apiStages": asked.get("apiStages") or [],
        "throttle": asked.get("throttle"),
        "quota": asked.get("quota"),
        "tags": asked.get("tags") or {},
        "keys": [],
    }
    _check(call, document)
    return view(own.create(call, USAGE_PLAN, document["id"], document))


@operation("apigateway", "GetUsagePlan")
def get_usage_plan(call: Call) -> dict[str, Any]:
    return view(_find(call))


@operation("apigateway", "GetUsagePlans")
def get_usage_plans(call: Call) -> dict[str, Any]:
    key = call.input.get("keyId")
    found = own.find_all(call, USAGE_PLAN)
    return page(call, {p.name: view(p) for p in found if key is None or key in p.document["keys"]})


@operation("apigateway", "UpdateUsagePlan")
def update_usage_plan(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _find(call)
        for one in call.input.get("patchOperations") or ():
            _patch(record.document, one)
        _check(call, record.document)
        changed = own.save(call, record)
    return view(changed)


@operation("apigateway", "DeleteUsagePlan")
def delete_usage_plan(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = _find(call)
        if record.document["apiStages"]:
            raise BadRequestException(
                f"Cannot delete Usage Plan {record.name} because there are API stages associated "
                "with it. Please remove all API stages from the Usage Plan and try again."
            )
        ApiUsage(call.records.transactions).forget(record.name)
        call.records.delete(USAGE_PLAN, record.account, record.region, record.name)
    return {}


@operation("apigateway", "CreateUsagePlanKey")
def create_usage_plan_key(call: Call) -> dict[str, Any]:
    if call.input["keyType"] != "API_KEY":
        raise BadRequestException("The keyType is API_KEY.")
    with call.records.transaction():
        plan, key = _find(call), find_key(call, call.input["keyId"])
        if key.name in plan.document["keys"]:
            raise ConflictException(f"Usage Plan {plan.name} already has API Key {key.name}")
        plan.document["keys"].append(key.name)
        own.save(call, plan)
    return _key(key, True)


@operation("apigateway", "GetUsagePlanKey")
def get_usage_plan_key(call: Call) -> dict[str, Any]:
    return _key(_key_of_plan(call), True)


@operation("apigateway", "GetUsagePlanKeys")
def get_usage_plan_keys(call: Call) -> dict[str, Any]:
    keys = [find_key(call, name) for name in _find(call).document["keys"]]
    wanted = call.input.get("nameQuery") or ""
    shown = {k.name: _key(k, False) for k in keys if (k.document["name"] or "").startswith(wanted)}
    return page(call, shown)


@operation("apigateway", "DeleteUsagePlanKey")
def delete_usage_plan_key(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        plan, key = _find(call), _key_of_plan(call)
        plan.document["keys"].remove(key.name)
        own.save(call, plan)
    return {}


@operation("apigateway", "GetUsage")
def get_usage(call: Call) -> dict[str, Any]:
    """Of each key, day by day: [used, remaining]; remaining is of that day's quota period."""
    plan = _find(call)
    first, last = _day(call.input["startDate"]), _day(call.input["endDate"])
    if last < first or (last - first).days > 90:
        raise BadRequestException("The endDate comes after the startDate, at most 90 days.")
    usage = ApiUsage(call.records.transactions)
    wanted = call.input.get("keyId") or ""
    counts = usage.between(plan.name, first.isoformat(), last.isoformat(), wanted)
    days = [(first + timedelta(n)).isoformat() for n in range((last - first).days + 1)]
    limit = (plan.document.get("quota") or {}).get("limit") or 0
    items = {}
    for key in plan.document["keys"]:
        if wanted in ("", key):
            items[key] = _rows([counts.get(Used(plan.name, key, day), 0) for day in days], limit)
    return {
        "usagePlanId": plan.name,
        "startDate": first.isoformat(),
        "endDate": last.isoformat(),
        "items": items,
    }


def leave_plans(call: Call, api: str, stage: str = "") -> None:
    """A stage is gone, or all of an API's: no plan has it any more."""
    for plan in own.find_all(call, USAGE_PLAN):
        kept = [
            one
            for one in plan.document["apiStages"]
            if one.get("apiId") != api or stage not in ("", one.get("stage"))
        ]
        if len(kept) < len(plan.document["apiStages"]):
            plan.document["apiStages"] = kept
            own.save(call, plan)


def view(record: Record) -> dict[str, Any]:
    return {name: one for name, one in record.document.items() if name != "keys"}


def _rows(used: list[int], limit: int) -> list[list[int]]:
    rows, left = [], limit
    for count in used:
        left = max(0, left - count)
        rows.append([count, left])
    return rows


def _day(text: str) -> date:
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise BadRequestException(f"Usage: {text} is not a date like 2026-01-31") from None


def _find(call: Call) -> Record:
    return own.find(call, USAGE_PLAN, call.input["usagePlanId"], "Invalid Usage Plan ID specified")


def _key_of_plan(call: Call) -> Record:
    if call.input["keyId"] not in _find(call).document["keys"]:
        raise NotFoundException("Invalid API Key identifier specified for Usage Plan")
    return find_key(call, call.input["keyId"])


def _key(record: Record, value: bool) -> dict[str, Any]:
    shown = record.document
    return {
        "id": record.name,
        "type": "API_KEY",
        "name": shown["name"],
        "value": shown["value"] if value else None,
    }


def _patch(plan: dict[str, Any], one: dict[str, Any]) -> None:
    """One patch; `/apiStages` takes "api:stage", `/throttle` and `/quota` can be removed whole."""
    path, what = one.get("path") or "", patches.kind_of(one)
    if path == "/apiStages":
        api, _, stage = (one.get("value") or "").partition(":")
        kept = [e for e in plan["apiStages"] if (e.get("apiId"), e.get("stage")) != (api, stage)]
        plan["apiStages"] = [*kept, {"apiId": api, "stage": stage}] if what == "add" else kept
    elif path in ("/throttle", "/quota") and what == "remove":
        plan[path[1:]] = None
    elif path.startswith("/apiStages/"):
        _patch_stage(plan, path, one)
    else:
        patches.apply(plan, [one], _RULES)


def _patch_stage(plan: dict[str, Any], path: str, one: dict[str, Any]) -> None:
    """`/apiStages/{api:stage}/throttle/{resource}/{method}/rateLimit`."""
    steps = [patches.unescaped(step) for step in path.lstrip("/").split("/")]
    stages = {f"{e.get('apiId')}:{e.get('stage')}": e for e in plan["apiStages"]}
    stage = stages.get(steps[1])
    if stage is None or len(steps) < 4 or steps[2] != "throttle":
        raise BadRequestException(f"Invalid patch path '{path}' specified")
    throttles = stage.setdefault("throttle", {}) or {}
    stage["throttle"] = throttles
    if one.get("op") == "remove":
        throttles.pop("/".join(steps[3:]), None)
        return
    rule = {"rateLimit": patches.number, "burstLimit": patches.integer}.get(steps[-1])
    if rule is None:
        raise BadRequestException(f"Invalid patch path '{path}' specified")
    settings = throttles.setdefault("/".join(steps[3:-1]), {})
    rule(settings, [steps[-1]], one.get("op") or "", one.get("value"))


def _check(call: Call, plan: dict[str, Any]) -> None:
    if not plan.get("name"):
        raise BadRequestException("Usage plan name cannot be empty")
    for one in plan["apiStages"]:
        place = call.caller.account, call.caller.region, one.get("apiId") or ""
        api = call.records.get(REST_API, *place)
        if api is None or one.get("stage") not in api.document["stages"]:
            raise NotFoundException(f"API Stage not found: {one.get('apiId')}:{one.get('stage')}")
    quota = plan.get("quota")
    if quota:
        _check_quota(quota)
    throttle = plan.get("throttle") or {}
    if any((throttle.get(name) or 0) < 0 for name in ("rateLimit", "burstLimit")):
        raise BadRequestException("Usage Plan throttle settings must not be negative")


def _check_quota(quota: dict[str, Any]) -> None:
    if quota.get("period") not in _PERIODS:
        raise BadRequestException("Usage Plan quota period must be one of DAY, WEEK, MONTH")
    if (quota.get("limit") or 0) <= 0:
        raise BadRequestException("Usage Plan quota limit must be greater than zero")
    if quota.get("offset"):
        raise BadRequestException("Offsets of quotas are not offered here: leave offset out.")
