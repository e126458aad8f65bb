"""API Gateway's operations as Terraform, the Serverless Framework and scripts call them."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.services.apigateway.errors import BadRequestException
from tests.support.gateway import GatewayStage, gateway_stage, lambda_uri
from tests.unit.automation.test_gateway_operations import MOCK
from tests.unit.automation.test_gateway_rest import Api


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        yield made


@pytest.fixture
def api(stage: GatewayStage) -> Api:
    made = Api(stage)
    made.method("GET", "/a/b", MOCK)
    made.response("GET", "/a/b", "200")
    made.deploy()
    return made


def patched(api: Api, op: str, path: str, value: str | None = None) -> Any:
    """The stage after one patch."""
    patch = {"op": op, "path": path, **({"value": value} if value is not None else {})}
    return api.call("UpdateStage", stageName="prod", patchOperations=[patch])


def test_settings_of_a_method_are_taken_away_whole(api: Api) -> None:
    for method in ("a/b/GET", "*/*"):
        patched(api, "replace", f"/{method}/throttling/rateLimit", "5")
        assert method in api.call("GetStage", stageName="prod")["methodSettings"]
        assert method not in patched(api, "remove", f"/{method}")["methodSettings"]
    patched(api, "replace", "/variables/GET", "x")
    assert patched(api, "remove", "/variables/GET")["variables"] == {}


def test_a_cache_may_be_left_off_but_not_turned_on(api: Api) -> None:
    for path in ("/*/*/caching/enabled", "/cacheClusterEnabled"):
        patched(api, "replace", path, "false")
        with pytest.raises(BadRequestException, match="Caches of stages are not offered"):
            patched(api, "replace", path, "true")


def test_a_limit_below_nothing_is_none_as_terraform_writes_it(api: Api) -> None:
    for name in ("rateLimit", "burstLimit"):
        patched(api, "replace", f"/*/*/throttling/{name}", "-1")
    assert [api.stage.ask("GET", f"{api.id}/prod/a/b").status for _ in range(3)] == [200] * 3


@pytest.mark.parametrize(
    ("op", "path", "value"),
    [
        ("replace", "/*/*/throttling/rateLimit", "nan"),
        ("replace", "/*/*/throttling/rateLimit", "1e400"),
        ("replace", "/*/*/logging/loglevel", "LOUD"),
        ("copy", "/*/*/logging/loglevel", "INFO"),
    ],
)
def test_a_setting_that_means_nothing_is_refused(api: Api, op: str, path: str, value: str) -> None:
    with pytest.raises(BadRequestException):
        patched(api, op, path, value)


def test_what_must_be_there_stays_and_a_time_limit_goes_back_to_the_usual(api: Api) -> None:
    gone = {"op": "remove"}
    place = {"resourceId": api.resource("/a/b"), "httpMethod": "GET"}
    for operation, members, path in (
        ("UpdateResource", {"resourceId": place["resourceId"]}, "/pathPart"),
        ("UpdateModel", {"modelName": "Empty"}, "/schema"),
    ):
        with pytest.raises(BadRequestException, match="cannot be removed"):
            api.call(operation, **members, patchOperations=[{**gone, "path": path}])
    patch = [{**gone, "path": "/timeoutInMillis"}]
    seen = api.call("UpdateIntegration", **place, patchOperations=patch)
    assert seen["timeoutInMillis"] == 29_000


@pytest.mark.parametrize("place", ["EDGE", "0"])
def test_the_type_of_an_endpoint_is_changed_by_its_name_or_its_place(api: Api, place: str) -> None:
    patch = {"op": "replace", "path": f"/endpointConfiguration/types/{place}", "value": "REGIONAL"}
    seen = api.call("UpdateRestApi", patchOperations=[patch])
    assert seen["endpointConfiguration"]["types"] == ["REGIONAL"]


def test_a_plan_forgets_stages_and_apis_that_are_gone(api: Api) -> None:
    stage = api.stage
    other = Api(stage)
    other.method("GET", "/a", MOCK)
    stages = []
    for one, name in ((api, "prod"), (other, "one"), (other, "two")):
        one.deploy(name)
        stages.append({"apiId": one.id, "stage": name})
    plan = stage.call("CreateUsagePlan", name="plan", apiStages=stages)
    other.call("DeleteStage", stageName="one")
    left = stage.call("GetUsagePlan", usagePlanId=plan["id"])["apiStages"]
    assert left == [stages[0], stages[2]]
    other.call("DeleteRestApi")
    api.call("DeleteRestApi")
    stage.call("DeleteUsagePlan", usagePlanId=plan["id"])


def definition(**more: Any) -> dict[str, Any]:
    """An API with POST /pets, whose body must have a name."""
    schema = {"type": "object", "required": ["name"]}
    return {
        "openapi": "3.0.1",
        "info": {"title": "pets", "version": "1"},
        "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
        "x-amazon-apigateway-request-validator": "all",
        "paths": {
            "/pets": {
                "post": {
                    "requestBody": {"content": {"application/json": {"schema": schema}}},
                    "responses": {"200": {"description": "ok"}},
                    "x-amazon-apigateway-integration": {
                        "type": "mock",
                        "requestTemplates": {"application/json": '{"statusCode": 200}'},
                        "responses": {"default": {"statusCode": "200"}},
                    },
                }
            }
        },
        **more,
    }


def imported(stage: GatewayStage, document: dict[str, Any], **parameters: str) -> Any:
    body = json.dumps(document).encode()
    return stage.call("ImportRestApi", body=body, parameters=parameters)


def test_a_schema_without_a_name_is_checked_too(stage: GatewayStage) -> None:
    made = imported(stage, definition(), endpointConfigurationTypes="REGIONAL")
    assert made["endpointConfiguration"]["types"] == ["REGIONAL"]
    stage.call("CreateDeployment", restApiId=made["id"], stageName="prod")
    for body, status in (('{"name": "Rex"}', 200), ("{}", 400)):
        assert stage.ask("POST", f"{made['id']}/prod/pets", body).status == status


@pytest.mark.parametrize(
    ("way", "path"), [("ignore", "/pets"), ("prepend", "/v1/all/pets"), ("split", "/all/pets")]
)
def test_the_base_path_of_a_definition_goes_where_it_is_wanted(
    stage: GatewayStage, way: str, path: str
) -> None:
    servers = [{"url": "https://a.test/{base}", "variables": {"base": {"default": "v1/all"}}}]
    for more in ({"servers": servers}, {"basePath": "/v1/all"}):
        made = imported(stage, definition(**more), basepath=way)
        found = stage.call("GetResources", restApiId=made["id"])["items"]
        assert path in {one["path"] for one in found}
    with pytest.raises(BadRequestException, match="basepath must be one of"):
        imported(stage, definition(), basepath="append")


def test_the_same_definition_once_more_changes_nothing(stage: GatewayStage) -> None:
    scheme = {
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authorizer": {
            "type": "token",
            "authorizerUri": lambda_uri("arn:aws:lambda:us-east-1:000000000000:function:f"),
        },
    }
    document = definition(components={"securitySchemes": {"mine": scheme}})
    made = imported(stage, document)
    api = {"restApiId": made["id"]}
    before = [
        stage.call(name, **api)["items"] for name in ("GetAuthorizers", "GetRequestValidators")
    ]
    body = json.dumps(document).encode()
    stage.call("PutRestApi", **api, mode="merge", body=body)
    after = [
        stage.call(name, **api)["items"] for name in ("GetAuthorizers", "GetRequestValidators")
    ]
    assert before == after


def test_a_policy_in_a_definition_is_refused_like_any_other(stage: GatewayStage) -> None:
    policy = {"Version": "2012-10-17", "Statement": []}
    with pytest.raises(BadRequestException, match="Policies of APIs are not evaluated"):
        imported(stage, definition(**{"x-amazon-apigateway-policy": policy}))
