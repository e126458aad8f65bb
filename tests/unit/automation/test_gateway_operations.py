"""What is made through API Gateway's operations can be seen, changed and removed."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from tests.support.gateway import GatewayStage, gateway_stage, lambda_uri
from tests.unit.automation.test_gateway_http import Api as HttpApi
from tests.unit.automation.test_gateway_rest import Api

MOCK = {"type": "MOCK", "requestTemplates": {"application/json": '{"statusCode": 200}'}}


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        yield made


def replace(**values: str) -> list[dict[str, str]]:
    """Patch operations; `__` in names stands for `/`."""
    return [
        {"op": "replace", "path": "/" + name.replace("__", "/"), "value": value}
        for name, value in values.items()
    ]


@pytest.fixture
def api(stage: GatewayStage) -> Api:
    made = Api(stage)
    made.method("GET", "/a", MOCK)
    made.response("GET", "/a", "200")
    return made


def test_methods_and_integrations_are_changed_and_removed(api: Api) -> None:
    place = {"resourceId": api.paths["/a"], "httpMethod": "GET"}
    api.call("UpdateMethod", **place, patchOperations=replace(operationName="read"))
    assert api.call("GetMethod", **place)["operationName"] == "read"
    api.call("UpdateIntegration", **place, patchOperations=replace(timeoutInMillis="900"))
    assert api.call("GetIntegration", **place)["timeoutInMillis"] == 900
    status = {**place, "statusCode": "200"}
    header = {"op": "add", "path": "/responseParameters/method.response.header.X", "value": "true"}
    api.call("UpdateMethodResponse", **status, patchOperations=[header])
    seen = api.call("GetMethodResponse", **status)["responseParameters"]
    assert seen == {"method.response.header.X": True}
    header = {**header, "value": "'1'"}
    api.call("UpdateIntegrationResponse", **status, patchOperations=[header])
    seen = api.call("GetIntegrationResponse", **status)["responseParameters"]
    assert seen == {"method.response.header.X": "'1'"}
    for gone in ("IntegrationResponse", "MethodResponse"):
        api.call(f"Delete{gone}", **status)
        with pytest.raises(NotFoundException):
            api.call(f"Get{gone}", **status)
    for gone in ("Integration", "Method"):
        api.call(f"Delete{gone}", **place)
        with pytest.raises(NotFoundException):
            api.call(f"Get{gone}", **place)


def test_resources_move_with_what_is_below_them_and_go_with_it(api: Api) -> None:
    api.resource("/b/c")
    moved = replace(parentId=api.paths["/b"], pathPart="d")
    api.call("UpdateResource", resourceId=api.paths["/a"], patchOperations=moved)
    paths = [one["path"] for one in api.call("GetResources")["items"]]
    assert sorted(paths) == ["/", "/b", "/b/c", "/b/d"]
    into_itself = replace(parentId=api.paths["/b/c"])
    with pytest.raises(NotFoundException):
        api.call("UpdateResource", resourceId=api.paths["/b"], patchOperations=into_itself)
    api.call("DeleteResource", resourceId=api.paths["/b"])
    assert [one["path"] for one in api.call("GetResources")["items"]] == ["/"]
    with pytest.raises(BadRequestException):
        api.call("DeleteResource", resourceId=api.paths["/"])


def test_models_validators_and_authorizers_stay_while_a_method_needs_them(api: Api) -> None:
    place = {"resourceId": api.paths["/a"], "httpMethod": "GET"}
    api.call("CreateModel", name="Pet", contentType="application/json", schema="{}")
    api.call("UpdateModel", modelName="Pet", patchOperations=replace(description="a pet"))
    assert api.call("GetModel", modelName="Pet")["description"] == "a pet"
    assert len(api.call("GetModels")["items"]) == 3
    with pytest.raises(BadRequestException):
        api.call("CreateModel", name="Bad", contentType="a/b", schema='{"type": 3}')
    with pytest.raises(BadRequestException, match="another document"):
        api.call("CreateModel", name="Bad", contentType="a/b", schema='{"$ref": "http://x/"}')
    validator = api.call("CreateRequestValidator", name="v", validateRequestBody=True)["id"]
    number = {"requestValidatorId": validator}
    api.call("UpdateRequestValidator", **number, patchOperations=replace(name="w"))
    assert api.call("GetRequestValidator", **number)["name"] == "w"
    uri = lambda_uri(api.stage.function("f"))
    source = "method.request.header.A"
    authorizer = api.call(
        "CreateAuthorizer", name="a", type="TOKEN", authorizerUri=uri, identitySource=source
    )["id"]
    api.call(
        "UpdateAuthorizer",
        authorizerId=authorizer,
        patchOperations=replace(authorizerResultTtlInSeconds="0"),
    )
    assert api.call("GetAuthorizers")["items"][0]["authorizerResultTtlInSeconds"] == 0
    use = [
        *replace(requestValidatorId=validator, authorizationType="CUSTOM", authorizerId=authorizer),
        {"op": "add", "path": "/requestModels/application~1json", "value": "Pet"},
    ]
    api.call("UpdateMethod", **place, patchOperations=use)
    gone = {
        "DeleteModel": {"modelName": "Pet"},
        "DeleteRequestValidator": number,
        "DeleteAuthorizer": {"authorizerId": authorizer},
    }
    for operation, members in gone.items():
        with pytest.raises(ConflictException):
            api.call(operation, **members)
    api.call("DeleteMethod", **place)
    for operation, members in gone.items():
        api.call(operation, **members)
    assert api.call("GetRequestValidators")["items"] == []


def test_gateway_responses_go_back_to_what_they_were(api: Api) -> None:
    kind = {"responseType": "THROTTLED"}
    assert api.call("GetGatewayResponse", **kind)["defaultResponse"] is True
    api.call("UpdateGatewayResponse", **kind, patchOperations=replace(statusCode="420"))
    assert api.call("GetGatewayResponse", **kind)["statusCode"] == "420"
    assert len(api.call("GetGatewayResponses")["items"]) == 21
    api.call("DeleteGatewayResponse", **kind)
    assert api.call("GetGatewayResponse", **kind)["statusCode"] == "429"


def test_a_deployment_stays_while_a_stage_serves_it(api: Api) -> None:
    first = api.call("CreateDeployment", description="one")["id"]
    api.call("CreateStage", stageName="prod", deploymentId=first, variables={"a": "b"})
    api.call("UpdateDeployment", deploymentId=first, patchOperations=replace(description="uno"))
    assert api.call("GetDeployment", deploymentId=first)["description"] == "uno"
    with pytest.raises(BadRequestException, match="Active stages"):
        api.call("DeleteDeployment", deploymentId=first)
    second = api.call("CreateDeployment")["id"]
    api.call("UpdateStage", stageName="prod", patchOperations=replace(deploymentId=second))
    api.call("DeleteDeployment", deploymentId=first)
    assert [one["id"] for one in api.call("GetDeployments")["items"]] == [second]
    api.call("FlushStageAuthorizersCache", stageName="prod")
    assert api.call("GetStage", stageName="prod")["variables"] == {"a": "b"}
    api.call("DeleteStage", stageName="prod")
    assert api.call("GetStages")["item"] == []


@pytest.mark.parametrize(
    "patch",
    [
        {"op": "replace", "path": "/nowhere", "value": "x"},
        {"op": "move", "path": "/description"},
        {"op": "replace", "path": "/deploymentId", "value": "none"},
        {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "5"},
        {"op": "replace", "path": "/*/*/throttling/rateLimit", "value": "fast"},
        {"op": "replace", "path": "/variables/a", "value": "<b>"},
        {"op": "replace", "path": "/tracingEnabled", "value": "maybe"},
    ],
)
def test_a_patch_that_means_nothing_changes_nothing(api: Api, patch: dict[str, Any]) -> None:
    api.deploy()
    before = api.call("GetStage", stageName="prod")
    with pytest.raises((BadRequestException, NotFoundException)):
        api.call("UpdateStage", stageName="prod", patchOperations=[patch])
    assert api.call("GetStage", stageName="prod") == before


def test_keys_and_plans_are_changed_and_leave_each_other(api: Api) -> None:
    call = api.stage.call
    api.deploy()
    key = call("CreateApiKey", name="k", enabled=True, value="x" * 20)["id"]
    with pytest.raises(ConflictException):
        call("CreateApiKey", name="k2", value="x" * 20)
    call("UpdateApiKey", apiKey=key, patchOperations=replace(enabled="false", name="l"))
    seen = call("GetApiKeys", nameQuery="l", includeValues=True)["items"]
    assert [(one["enabled"], one["value"]) for one in seen] == [(False, "x" * 20)]
    assert call("GetApiKey", apiKey=key)["value"] is None
    plan = call("CreateUsagePlan", name="p", throttle={"rateLimit": 1, "burstLimit": 2})["id"]
    joined = {"op": "add", "path": "/apiStages", "value": f"{api.id}:prod"}
    of_method = f"/apiStages/{api.id}:prod/throttle/~1a~1GET/rateLimit"
    patches = [joined, {"op": "replace", "path": of_method, "value": "3"}]
    call("UpdateUsagePlan", usagePlanId=plan, patchOperations=patches)
    (one,) = call("GetUsagePlan", usagePlanId=plan)["apiStages"]
    assert one["throttle"] == {"/a/GET": {"rateLimit": 3.0}}
    call("CreateUsagePlanKey", usagePlanId=plan, keyId=key, keyType="API_KEY")
    assert call("GetUsagePlanKey", usagePlanId=plan, keyId=key)["name"] == "l"
    assert [one["id"] for one in call("GetUsagePlanKeys", usagePlanId=plan)["items"]] == [key]
    assert [one["id"] for one in call("GetUsagePlans", keyId=key)["items"]] == [plan]
    with pytest.raises(BadRequestException, match="Cannot delete"):
        call("DeleteUsagePlan", usagePlanId=plan)
    call("DeleteApiKey", apiKey=key)
    assert call("GetUsagePlanKeys", usagePlanId=plan)["items"] == []
    left = [{**joined, "op": "remove"}]
    call("UpdateUsagePlan", usagePlanId=plan, patchOperations=left)
    call("DeleteUsagePlan", usagePlanId=plan)
    with pytest.raises(NotFoundException):
        call("GetUsagePlan", usagePlanId=plan)


@pytest.mark.parametrize(
    "quota",
    [
        {"limit": 0, "period": "DAY"},
        {"limit": 5, "period": "DAY", "offset": 1},
        {"limit": 5},
    ],
)
def test_a_quota_that_means_nothing_is_refused(stage: GatewayStage, quota: Any) -> None:
    with pytest.raises(BadRequestException):
        stage.call("CreateUsagePlan", name="p", quota=quota)


def test_the_account_keeps_its_role(stage: GatewayStage) -> None:
    role = "arn:aws:iam::000000000000:role/logs"
    stage.call("UpdateAccount", patchOperations=replace(cloudwatchRoleArn=role))
    seen = stage.call("GetAccount")
    assert (seen["cloudwatchRoleArn"], seen["throttleSettings"]["burstLimit"]) == (role, 5000)


def test_parts_of_http_apis_are_changed_and_removed(stage: GatewayStage) -> None:
    api = HttpApi(stage, CorsConfiguration={"AllowOrigins": ["*"]})
    place = {"ApiId": api.id}
    number = api.function(stage.function("f")).removeprefix("integrations/")
    api.call("UpdateIntegration", **place, IntegrationId=number, PayloadFormatVersion="1.0")
    seen = api.call("GetIntegration", **place, IntegrationId=number)
    assert seen["PayloadFormatVersion"] == "1.0"
    assert len(api.call("GetIntegrations", **place)["Items"]) == 1
    authorizer = api.call(
        "CreateAuthorizer",
        **place,
        Name="a",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.A"],
        JwtConfiguration={"Issuer": "https://x.test", "Audience": ["y"]},
    )["AuthorizerId"]
    api.call("UpdateAuthorizer", **place, AuthorizerId=authorizer, Name="b")
    assert api.call("GetAuthorizer", **place, AuthorizerId=authorizer)["Name"] == "b"
    route = api.route("GET /", f"integrations/{number}")["RouteId"]
    assert api.call("GetRoute", **place, RouteId=route)["RouteKey"] == "GET /"
    api.call("DeleteCorsConfiguration", **place)
    assert "CorsConfiguration" not in api.call("GetApi", **place)
    settings = {"GET /": {"ThrottlingBurstLimit": 5}}
    stage_place = {**place, "StageName": "$default"}
    api.call("UpdateStage", **stage_place, RouteSettings=settings)
    assert api.call("GetStage", **stage_place)["RouteSettings"] == settings
    api.call("DeleteRouteSettings", **stage_place, RouteKey="GET /")
    api.call("ResetAuthorizersCache", **stage_place)
    assert api.call("GetStages", **place)["Items"][0]["RouteSettings"] == {}
    api.call("DeleteRoute", **place, RouteId=route)
    api.call("DeleteIntegration", **place, IntegrationId=number)
    api.call("DeleteAuthorizer", **place, AuthorizerId=authorizer)
    assert api.call("GetAuthorizers", **place)["Items"] == []
    made = api.call("GetDeployments", **place)["Items"]
    assert all(one["DeploymentStatus"] == "DEPLOYED" for one in made)
    api.call("DeleteStage", **stage_place)
    api.call("DeleteApi", **place)
    with pytest.raises(NotFoundException):
        api.call("GetApi", **place)


@pytest.mark.parametrize("gone", [{"op": "replace", "value": ""}, {"op": "remove"}])
def test_compression_is_taken_away_by_nothing(stage: GatewayStage, gone: dict[str, str]) -> None:
    api = Api(stage, minimumCompressionSize=100)
    patch = {**gone, "path": "/minimumCompressionSize"}
    api.call("UpdateRestApi", patchOperations=[patch])
    assert api.call("GetRestApi")["minimumCompressionSize"] is None
    with pytest.raises(BadRequestException):
        api.call("UpdateRestApi", patchOperations=replace(minimumCompressionSize="much"))
