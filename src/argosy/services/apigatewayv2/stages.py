"""Stages and deployments of HTTP APIs."""

import re
from typing import Any

from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
)
from argosy.services.apigateway.finding import find_deployment
from argosy.services.apigatewayv2.finding import (
    STAGE,
    asked,
    changing,
    find_api,
    page,
    reading,
    updating,
)
from argosy.services.apigatewayv2.forms import shown
from argosy.services.registry import Call, operation
from argosy.state.apis import HTTP_DEPLOYMENT, deploy, deployment_name, deployments
from argosy.state.records import Record

_NAME = re.compile(r"\$default|[a-zA-Z0-9_-]{1,128}")


@operation("apigatewayv2", "CreateStage")
def create_stage(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        name, now = call.input["StageName"], call.clock.now()
        if not _NAME.fullmatch(name):
            raise BadRequestException("Stage name only allows a-zA-Z0-9_- or $default")
        if name in api["stages"]:
            raise ConflictException("Stage already exists")
        stage = {
            "autoDeploy": False,
            "stageVariables": {},
            "routeSettings": {},
            "tags": {},
            "createdDate": now,
            "lastUpdatedDate": now,
            **asked(call),
        }
        _check(call, stage)
        api["stages"][name] = stage
    return shown(_find(call)[call.input["StageName"]])


@operation("apigatewayv2", "GetStage")
def get_stage(call: Call) -> dict[str, Any]:
    return shown(STAGE.named(call, reading(call)))


@operation("apigatewayv2", "GetStages")
def get_stages(call: Call) -> dict[str, Any]:
    return page(call, _find(call).items())


@operation("apigatewayv2", "UpdateStage")
def update_stage(call: Call) -> dict[str, Any]:
    with updating(call, STAGE) as (_, stage):
        stage["lastUpdatedDate"] = call.clock.now()
        _check(call, stage)
    return shown(_find(call)[call.input["StageName"]])


@operation("apigatewayv2", "DeleteStage")
def delete_stage(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        STAGE.remove(call, api)
    return {}


@operation("apigatewayv2", "DeleteRouteSettings")
def delete_route_settings(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        stage = STAGE.named(call, api)
        stage["routeSettings"].pop(call.input["RouteKey"], None)
    return {}


@operation("apigatewayv2", "DeleteAccessLogSettings")
def delete_access_log_settings(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        STAGE.named(call, api).pop("accessLogSettings", None)
    return {}


@operation("apigatewayv2", "CreateDeployment")
def create_deployment(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record, now = find_api(call), call.clock.now()
        if not record.document["routes"]:
            raise BadRequestException("At least one route is required before deploying the Api.")
        number = deploy(call.records, record, now, call.input.get("Description") or "")
        name = call.input.get("StageName")
        if name:
            stage = STAGE.named(call, record.document)
            if stage.get("autoDeploy"):
                raise BadRequestException(f"Stage {name} deploys by itself.")
            stage["deploymentId"] = number
            call.records.update(record, now=now, document=record.document)
    return _deployment(find_deployment(call, find_api(call), number))


@operation("apigatewayv2", "GetDeployment")
def get_deployment(call: Call) -> dict[str, Any]:
    return _deployment(find_deployment(call, find_api(call), call.input["DeploymentId"]))


@operation("apigatewayv2", "GetDeployments")
def get_deployments(call: Call) -> dict[str, Any]:
    found = deployments(call.records, find_api(call))
    return page(call, [(one.document["id"], _deployment(one)) for one in found])


@operation("apigatewayv2", "DeleteDeployment")
def delete_deployment(call: Call) -> dict[str, Any]:
    record = find_deployment(call, find_api(call), call.input["DeploymentId"])
    number = record.document["id"]
    if any(stage.get("deploymentId") == number for stage in _find(call).values()):
        raise BadRequestException("A stage serves this deployment.")
    name = deployment_name(call.input["ApiId"], number)
    call.records.delete(HTTP_DEPLOYMENT, record.account, record.region, name)
    return {}


def _find(call: Call) -> dict[str, Any]:
    stages: dict[str, Any] = reading(call)["stages"]
    return stages


def _check(call: Call, stage: dict[str, Any]) -> None:
    number = stage.get("deploymentId")
    if number:
        find_deployment(call, find_api(call), number)
    if number and stage["autoDeploy"] and call.input.get("DeploymentId"):
        raise BadRequestException("A stage that deploys by itself takes no DeploymentId.")
    logs = stage.get("accessLogSettings")
    if logs and ":logs:" not in (logs.get("destinationArn") or ""):
        raise BadRequestException("Access logs go to a log group of CloudWatch Logs.")


def _deployment(record: Record) -> dict[str, Any]:
    return {
        "DeploymentId": record.document["id"],
        "Description": record.document["description"],
        "AutoDeployed": bool(record.document.get("automatic")),
        "DeploymentStatus": "DEPLOYED",
        "CreatedDate": record.created,
    }
