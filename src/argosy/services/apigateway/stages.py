"""Deployments of an API, and the stages that serve them."""

import re
from collections.abc import Mapping
from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
)
from argosy.services.apigateway.finding import (
    STAGE,
    changing,
    find_api,
    find_deployment,
    page,
    reading,
)
from argosy.services.apigateway.methods import METHODS
from argosy.services.apigateway.parts import methods_of
from argosy.services.apigateway.plans import leave_plans
from argosy.services.registry import Call, operation
from argosy.state.apis import REST_DEPLOYMENT, deploy, deployment_name, deployments
from argosy.state.records import Record

_NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
_VARIABLE = re.compile(r"[A-Za-z0-9_]+")
_VALUE = re.compile(r"[A-Za-z0-9-._~:/?#&=,]*")
_REFUSED = (
    ("cacheClusterEnabled", "Caches of stages are not offered here."),
    ("canarySettings", "Canary deployments of stages are not offered here."),
)
_LEVELS = (None, "OFF", "ERROR", "INFO")
_SETTINGS = {
    "metrics/enabled": ("metricsEnabled", patches.boolean),
    "logging/loglevel": ("loggingLevel", patches.text),
    "logging/dataTrace": ("dataTraceEnabled", patches.boolean),
    "throttling/burstLimit": ("throttlingBurstLimit", patches.integer),
    "throttling/rateLimit": ("throttlingRateLimit", patches.number),
    "caching/enabled": ("cachingEnabled", patches.boolean),
}
_RULES: dict[str, patches.Rule] = {
    "/description": patches.text,
    "/deploymentId": patches.text,
    "/tracingEnabled": patches.boolean,
    "/cacheClusterEnabled": patches.boolean,
    "/variables/{}": patches.entry,
    "/accessLogSettings/destinationArn": patches.text,
    "/accessLogSettings/format": patches.text,
}


@operation("apigateway", "CreateDeployment")
def create_deployment(call: Call) -> dict[str, Any]:
    """A copy of the API as it is now; and the stage that is to serve it, if one is named."""
    _refuse(call.input)
    with call.records.transaction():
        record = find_api(call)
        _check_deployable(record.document)
        said = call.input.get("description") or ""
        number = deploy(call.records, record, call.clock.now(), said)
        if call.input.get("stageName"):
            _serve(call, record.document, number)
            own.save(call, record)
        return _deployment(find_deployment(call, record, number))


@operation("apigateway", "GetDeployment")
def get_deployment(call: Call) -> dict[str, Any]:
    return _deployment(find_deployment(call, find_api(call), call.input["deploymentId"]))


@operation("apigateway", "GetDeployments")
def get_deployments(call: Call) -> dict[str, Any]:
    found = deployments(call.records, find_api(call))
    return page(call, {one.document["id"]: _deployment(one) for one in found})


@operation("apigateway", "UpdateDeployment")
def update_deployment(call: Call) -> dict[str, Any]:
    record = find_deployment(call, find_api(call), call.input["deploymentId"])
    rules: dict[str, patches.Rule] = {"/description": patches.text}
    patches.apply(record.document, call.input.get("patchOperations"), rules)
    return _deployment(own.save(call, record))


@operation("apigateway", "DeleteDeployment")
def delete_deployment(call: Call) -> dict[str, Any]:
    api, number = find_api(call), call.input["deploymentId"]
    find_deployment(call, api, number)
    if any(stage["deploymentId"] == number for stage in api.document["stages"].values()):
        raise BadRequestException(
            "Active stages pointing to this deployment must be moved or deleted"
        )
    name = deployment_name(api.name, number)
    call.records.delete(REST_DEPLOYMENT, api.account, api.region, name)
    return {}


@operation("apigateway", "CreateStage")
def create_stage(call: Call) -> dict[str, Any]:
    _refuse(call.input)
    name = call.input["stageName"]
    with changing(call) as api:
        if name in api["stages"]:
            raise ConflictException("Stage already exists")
        find_deployment(call, find_api(call), call.input["deploymentId"])
        return dict(_new_stage(call, api, name, call.input["deploymentId"]))


@operation("apigateway", "GetStage")
def get_stage(call: Call) -> dict[str, Any]:
    return STAGE.named(call, reading(call))


@operation("apigateway", "GetStages")
def get_stages(call: Call) -> dict[str, Any]:
    """`item`, not `items`, and in one piece."""
    wanted = call.input.get("deploymentId")
    stages = reading(call)["stages"].values()
    return {"item": [one for one in stages if wanted in (None, one["deploymentId"])]}


@operation("apigateway", "UpdateStage")
def update_stage(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        stage = STAGE.named(call, api)
        for one in call.input.get("patchOperations") or ():
            _update(stage, one)
        find_deployment(call, find_api(call), stage["deploymentId"])
        _check_stage(stage)
        stage["lastUpdatedDate"] = int(call.clock.now())
        return dict(stage)


@operation("apigateway", "DeleteStage")
def delete_stage(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        STAGE.remove(call, api)
        leave_plans(call, api["id"], call.input["stageName"])
    return {}


@operation("apigateway", "FlushStageAuthorizersCache")
def flush_stage_authorizers_cache(call: Call) -> dict[str, Any]:
    """Whoever answers requests sees that the API has changed, and forgets."""
    with changing(call) as api:
        stage = STAGE.named(call, api)
        stage["flushed"] = call.clock.now()
    return {}


def _serve(call: Call, api: dict[str, Any], number: str) -> None:
    """Have the stage serve this deployment; it is made if there is none."""
    name = call.input["stageName"]
    stage = api["stages"].get(name)
    if stage is None:
        _new_stage(call, api, name, number)
        return
    stage["deploymentId"] = number
    stage["lastUpdatedDate"] = int(call.clock.now())
    stage["variables"] = {**stage["variables"], **(call.input.get("variables") or {})}
    _check_stage(stage)


def _new_stage(call: Call, api: dict[str, Any], name: str, number: str) -> dict[str, Any]:
    now = int(call.clock.now())
    stage = {
        "stageName": name,
        "deploymentId": number,
        "description": call.input.get("stageDescription") or call.input.get("description"),
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {},
        "variables": call.input.get("variables") or {},
        "tracingEnabled": bool(call.input.get("tracingEnabled")),
        "tags": call.input.get("tags") or {},
        "createdDate": now,
        "lastUpdatedDate": now,
    }
    _check_stage(stage)
    api["stages"][name] = stage
    return stage


def _check_stage(stage: dict[str, Any]) -> None:
    if not _NAME.fullmatch(stage["stageName"]):
        raise BadRequestException("Stage name only allows a-zA-Z0-9_- and at most 128 characters")
    for name, value in stage["variables"].items():
        if not _VARIABLE.fullmatch(name) or not _VALUE.fullmatch(value):
            raise BadRequestException(
                f"Invalid stage variable {name}. Please use values with alphanumeric "
                "characters and the symbols ' ', -', '.', '_', ':', '/', '?', '&', '=', and ','."
            )
    settings = stage["methodSettings"].values()
    if any(one.get("loggingLevel") not in _LEVELS for one in settings):
        raise BadRequestException("Invalid logging level: it is OFF, ERROR or INFO.")
    if any(one.get("cachingEnabled") for one in settings) or stage["cacheClusterEnabled"]:
        raise BadRequestException("Caches of stages are not offered here.")
    logs = stage.get("accessLogSettings")
    if logs and logs.get("destinationArn") and ":logs:" not in logs["destinationArn"]:
        raise BadRequestException("Access logs go to a log group of CloudWatch Logs here.")


def _update(stage: dict[str, Any], one: Mapping[str, Any]) -> None:
    """One patch; of a method's settings the path is /{resource}/{method}/…, "/*/*/…" for all."""
    path = one.get("path") or ""
    if path.startswith("/canarySettings"):
        raise BadRequestException("Canary deployments of stages are not offered here.")
    if path == "/accessLogSettings" and one.get("op") == "remove":
        stage.pop("accessLogSettings", None)
        return
    steps = [patches.unescaped(step) for step in path.lstrip("/").split("/")]
    setting = _SETTINGS.get("/".join(steps[-2:]))
    whole = len(steps) > 1 and steps[0] != "variables" and steps[-1] in (*METHODS, "*")
    what = patches.kind_of(one)
    if whole and what == "remove":
        stage["methodSettings"].pop(_method(steps), None)
        return
    if setting is None or len(steps) < 4:
        patches.apply(stage, [one], _RULES)
        return
    name, rule = setting
    settings = stage["methodSettings"].setdefault(_method(steps[:-2]), {})
    rule(settings, [name], what, one.get("value"))


def _method(steps: list[str]) -> str:
    """What a method's settings are kept by: "pets/{id}/GET", "*/*"."""
    return "/".join([steps[0].lstrip("/"), *steps[1:]])


def _check_deployable(api: dict[str, Any]) -> None:
    methods = methods_of(api)
    if not methods:
        raise BadRequestException("The REST API doesn't contain any methods")
    if any(method.get("methodIntegration") is None for method in methods):
        raise BadRequestException("No integration defined for method")


def _refuse(asked: Mapping[str, Any]) -> None:
    for member, why in _REFUSED:
        if asked.get(member):
            raise BadRequestException(why)


def _deployment(record: Record) -> dict[str, Any]:
    resources = record.document["parts"]["resources"].values()
    summary = {
        one["path"]: {
            name: {
                "authorizationType": method["authorizationType"],
                "apiKeyRequired": method["apiKeyRequired"],
            }
            for name, method in one["resourceMethods"].items()
        }
        for one in resources
        if one["resourceMethods"]
    }
    return {
        "id": record.document["id"],
        "description": record.document["description"],
        "createdDate": int(record.created),
        "apiSummary": summary,
    }
