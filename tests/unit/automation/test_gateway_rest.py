"""REST APIs: what is deployed answers."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.ground.errors import TooManyRequestsException
from argosy.ground.functions import Invoked
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from tests.support.gateway import ACCOUNT, OWNER, GatewayStage, gateway_stage, lambda_uri


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        yield made


class Api:
    """A REST API in the making."""

    def __init__(self, stage: GatewayStage, **members: Any) -> None:
        self.stage = stage
        made = stage.call("CreateRestApi", name="pets", **members)
        self.id = made["id"]
        self.paths = {"/": made["rootResourceId"]}

    def call(self, operation: str, /, **members: Any) -> Any:
        return self.stage.call(operation, restApiId=self.id, **members)

    def resource(self, path: str) -> str:
        if path not in self.paths:
            above, _, part = path.rpartition("/")
            parent = self.resource(above or "/")
            made = self.call("CreateResource", parentId=parent, pathPart=part)
            self.paths[path] = made["id"]
        return self.paths[path]

    def method(self, name: str, path: str, integration: dict[str, Any], **members: Any) -> None:
        place = {"resourceId": self.resource(path), "httpMethod": name}
        self.call("PutMethod", **place, **{"authorizationType": "NONE", **members})
        if integration["type"] != "MOCK":
            integration = {"integrationHttpMethod": "POST", **integration}
        self.call("PutIntegration", **place, **integration)

    def response(self, name: str, path: str, status: str, **members: Any) -> None:
        place = {"resourceId": self.resource(path), "httpMethod": name, "statusCode": status}
        headers = dict.fromkeys(members.get("responseParameters", {}), False)
        self.call("PutMethodResponse", **place, responseParameters=headers)
        self.call("PutIntegrationResponse", **place, **members)

    def proxy(self, name: str, path: str, function: str, **members: Any) -> None:
        uri = lambda_uri(function)
        self.method(name, path, {"type": "AWS_PROXY", "uri": uri}, **members)

    def deploy(self, stage: str = "prod") -> None:
        self.call("CreateDeployment", stageName=stage)

    def stage_settings(self, **patches: str) -> None:
        operations = [
            {"op": "replace", "path": path, "value": value} for path, value in patches.items()
        ]
        self.call("UpdateStage", stageName="prod", patchOperations=operations)


def echo(version: Any, event: Any) -> Any:
    return {"statusCode": 200, "body": json.dumps(event)}


@pytest.fixture
def api(stage: GatewayStage) -> Api:
    stage.engine.answer = echo
    made = Api(stage)
    made.proxy("ANY", "/pets/{id}", stage.function("f"), operationName="Pet")
    made.deploy()
    return made


def test_a_function_is_told_of_the_request_and_makes_the_answer(api: Api) -> None:
    api.stage.engine.answer = lambda version, event: {
        "statusCode": 201,
        "headers": {"X-A": "1", "Content-Type": "text/plain"},
        "multiValueHeaders": {"Set-Cookie": ["a=1", "b=2"]},
        "body": event["body"],
    }
    reply = api.stage.ask(
        "POST", f"{api.id}/prod/pets/a%20b", "hello", query="q=1&q=2&e=", X_Thing="x", x_other="y"
    )
    assert (reply.status, reply.text) == (201, "hello")
    assert reply.header("X-A") == "1"
    assert reply.headers("Set-Cookie") == ["a=1", "b=2"]
    assert reply.header("x-amzn-RequestId") == "request-1"
    event = api.stage.engine.asked[0][1]
    assert event["resource"] == "/pets/{id}"
    assert event["path"] == "/pets/a%20b"
    assert event["httpMethod"] == "POST"
    assert event["headers"]["X-Thing"] == "x"
    assert event["headers"]["x-other"] == "y"
    assert event["headers"]["X-Forwarded-For"] == "10.0.0.7"
    assert event["headers"]["X-Amzn-Trace-Id"].startswith("Root=1-6553f100-")
    assert event["multiValueHeaders"]["X-Thing"] == ["x"]
    assert event["queryStringParameters"] == {"q": "2", "e": ""}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"], "e": [""]}
    assert event["pathParameters"] == {"id": "a%20b"}
    assert event["stageVariables"] is None
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert (context["path"], context["operationName"]) == ("/prod/pets/a%20b", "Pet")
    assert context["accountId"] == ACCOUNT
    assert context["apiId"] == api.id
    assert context["stage"] == "prod"
    assert context["requestTime"] == "14/Nov/2023:22:13:20 +0000"
    assert context["requestTimeEpoch"] == 1_700_000_000_000
    assert context["identity"]["sourceIp"] == "10.0.0.7"


@pytest.mark.parametrize(
    "answer",
    ["text", {"body": "no status"}, {"statusCode": "many"}, {"statusCode": 200, "body": {}}, None],
)
def test_an_answer_that_is_none_is_a_502(api: Api, answer: Any) -> None:
    api.stage.engine.answer = lambda version, event: answer
    reply = api.stage.ask("GET", f"{api.id}/prod/pets/1")
    assert (reply.status, reply.json) == (502, {"message": "Internal server error"})


def test_a_function_that_fails_is_a_502_and_one_that_cannot_run_a_500(api: Api) -> None:
    api.stage.engine.answer = lambda v, e: Invoked(
        payload=b'{"errorMessage":"x"}', error="Unhandled"
    )
    assert api.stage.ask("GET", f"{api.id}/prod/pets/1").status == 502

    def refuse(version: Any, event: Any) -> Any:
        raise TooManyRequestsException("Rate Exceeded.")

    api.stage.engine.answer = refuse
    assert api.stage.ask("GET", f"{api.id}/prod/pets/1").status == 500


def test_what_is_edited_serves_once_it_is_deployed(api: Api) -> None:
    api.proxy("GET", "/new", f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f")
    assert api.stage.ask("GET", f"{api.id}/prod/new").status == 403
    api.deploy()
    assert api.stage.ask("GET", f"{api.id}/prod/new").status == 200
    assert api.stage.ask("GET", f"{api.id}/prod/new/").status == 200


def test_unknown_paths_and_stages_are_forbidden(api: Api) -> None:
    reply = api.stage.ask("GET", f"{api.id}/prod/nowhere")
    assert (reply.status, reply.json) == (403, {"message": "Missing Authentication Token"})
    assert reply.header("x-amzn-ErrorType") == "MissingAuthenticationTokenException"
    assert api.stage.ask("GET", f"{api.id}/other/pets/1").text == '{"message":"Forbidden"}'
    assert api.stage.ask("GET", "none/prod/pets/1").status == 403


def test_a_function_whose_policy_says_nothing_is_not_called(api: Api) -> None:
    api.proxy("GET", "/closed", api.stage.function("closed", permitted=False))
    api.deploy()
    assert api.stage.ask("GET", f"{api.id}/prod/closed").status == 500
    api.stage.permit("closed", f"arn:aws:execute-api:us-east-1:{ACCOUNT}:{api.id}/*/GET/closed")
    assert api.stage.ask("GET", f"{api.id}/prod/closed").status == 200
    assert len(api.stage.engine.asked) == 1


def test_paths_are_found_by_what_is_most_specific(stage: GatewayStage) -> None:
    api = Api(stage)
    stage.engine.answer = lambda v, event: {"statusCode": 200, "body": event["resource"]}
    arn = stage.function("f")
    for path in ("/", "/a/{x}", "/a/b", "/{proxy+}"):
        api.proxy("ANY", path, arn)
    api.deploy()
    for path, resource in {
        "": "/",
        "a/b": "/a/b",
        "a/c": "/a/{x}",
        "a/c/d": "/{proxy+}",
        "z": "/{proxy+}",
    }.items():
        assert stage.ask("GET", f"{api.id}/prod/{path}").text == resource


def test_bodies_of_binary_types_go_and_come_as_base64(stage: GatewayStage) -> None:
    api = Api(stage, binaryMediaTypes=["image/*"])
    stage.engine.answer = lambda v, event: {
        "statusCode": 200,
        "headers": {"Content-Type": "image/png"},
        "body": event["body"],
        "isBase64Encoded": event["isBase64Encoded"],
    }
    api.proxy("POST", "/", stage.function("f"))
    api.deploy()
    reply = stage.ask("POST", f"{api.id}/prod", b"\x00\xff", content_type="image/png")
    assert reply.answer.body == b"\x00\xff"
    assert stage.engine.asked[0][1]["isBase64Encoded"] is True
    patch = [{"op": "add", "path": "/binaryMediaTypes/*~1*"}]
    api.call("UpdateRestApi", patchOperations=patch)
    api.deploy()
    assert stage.ask("POST", f"{api.id}/prod", b"\xff").answer.body == b"\xff"


def test_a_mock_answers_by_templates(stage: GatewayStage) -> None:
    api = Api(stage)
    template = '{"statusCode": #if($input.params("fail") == "yes")500#{else}200#end}'
    mock = {"type": "MOCK", "requestTemplates": {"application/json": template}}
    api.method("GET", "/m/{x}", mock)
    api.response(
        "GET",
        "/m/{x}",
        "200",
        responseParameters={"method.response.header.X-Stage": "context.stage"},
        responseTemplates={"application/json": '{"x": "$input.params(\'x\')"}'},
    )
    api.response("GET", "/m/{x}", "500", selectionPattern="5\\d\\d")
    api.deploy()
    reply = stage.ask("GET", f"{api.id}/prod/m/7")
    assert (reply.status, reply.json, reply.header("X-Stage")) == (200, {"x": "7"}, "prod")
    assert stage.ask("GET", f"{api.id}/prod/m/7", query="fail=yes").status == 500


def test_a_function_that_is_no_proxy_gets_what_the_template_makes(stage: GatewayStage) -> None:
    api = Api(stage)
    arn = stage.function("f")
    integration = {
        "type": "AWS",
        "uri": lambda_uri(arn),
        "requestTemplates": {
            "application/json": '{"n": $input.json("$.a.b"), "v": "$stageVariables.v"}'
        },
    }
    api.method("POST", "/x", integration)
    api.response("POST", "/x", "200", responseTemplates={"text/plain": "got $input.path('$.n')"})
    api.response("POST", "/x", "404", selectionPattern=".*not found.*")
    api.call("CreateDeployment", stageName="prod", variables={"v": "w"})
    reply = stage.ask("POST", f"{api.id}/prod/x", '{"a": {"b": 3}}')
    assert (reply.status, reply.text, reply.header("Content-Type")) == (200, "got 3", "text/plain")
    assert stage.engine.asked[0][1] == {"n": 3, "v": "w"}
    stage.engine.answer = lambda v, e: Invoked(
        payload=b'{"errorMessage": "pet not found"}', error="Unhandled"
    )
    assert stage.ask("POST", f"{api.id}/prod/x", "{}").status == 404


def test_requests_must_have_what_the_validator_wants(stage: GatewayStage) -> None:
    api = Api(stage)
    schema = {"type": "object", "required": ["n"], "properties": {"n": {"type": "integer"}}}
    api.call("CreateModel", name="Pet", contentType="application/json", schema=json.dumps(schema))
    validator = api.call(
        "CreateRequestValidator", validateRequestBody=True, validateRequestParameters=True
    )
    stage.engine.answer = echo
    api.proxy(
        "POST",
        "/pets",
        stage.function("f"),
        requestValidatorId=validator["id"],
        requestModels={"application/json": "Pet"},
        requestParameters={"method.request.querystring.q": True},
    )
    api.deploy()
    ask = stage.ask
    missing = ask("POST", f"{api.id}/prod/pets", '{"n": 1}')
    assert missing.json == {"message": "Missing required request parameters: [q]"}
    assert ask("POST", f"{api.id}/prod/pets", '{"n": 1}', query="q=1").status == 200
    for wrong in ('{"n": "x"}', "{}", "nothing"):
        reply = ask("POST", f"{api.id}/prod/pets", wrong, query="q=1")
        assert (reply.status, reply.json) == (400, {"message": "Invalid request body"})


def test_keys_are_needed_counted_and_limited(stage: GatewayStage) -> None:
    api = Api(stage)
    stage.engine.answer = echo
    api.proxy("GET", "/", stage.function("f"), apiKeyRequired=True)
    api.deploy()
    key = stage.call("CreateApiKey", name="k", enabled=True)
    path = f"{api.id}/prod"
    assert stage.ask("GET", path).json == {"message": "Forbidden"}
    assert stage.ask("GET", path, x_api_key=key["value"]).status == 403
    plan = stage.call(
        "CreateUsagePlan",
        name="p",
        apiStages=[{"apiId": api.id, "stage": "prod"}],
        quota={"limit": 2, "period": "DAY"},
    )
    stage.call("CreateUsagePlanKey", usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    codes = [stage.ask("GET", path, x_api_key=key["value"]).status for _ in range(3)]
    assert codes == [200, 200, 429]
    assert stage.ask("GET", path, x_api_key=key["value"]).json == {"message": "Limit Exceeded"}
    stage.run(stage.gateway.stop())
    day = {"usagePlanId": plan["id"], "startDate": "2023-11-14", "endDate": "2023-11-15"}
    assert stage.call("GetUsage", **day)["items"] == {key["id"]: [[2, 0], [0, 0]]}
    stage.means.clock.advance(2 * 3600)  # type: ignore[attr-defined]
    assert stage.ask("GET", path, x_api_key=key["value"]).status == 200
    stage.call(
        "UpdateUsagePlan",
        usagePlanId=plan["id"],
        patchOperations=[
            {"op": "replace", "path": "/throttle/rateLimit", "value": "0.001"},
            {"op": "replace", "path": "/throttle/burstLimit", "value": "1"},
            {"op": "remove", "path": "/quota"},
        ],
    )
    codes = [stage.ask("GET", path, x_api_key=key["value"]).status for _ in range(2)]
    assert codes == [200, 429]


def test_a_stage_limits_how_often_a_method_is_called(api: Api) -> None:
    api.stage_settings(
        **{"/~1pets~1{id}/ANY/throttling/burstLimit": "1", "/*/*/throttling/rateLimit": "9"}
    )
    api.stage_settings(**{"/~1pets~1{id}/ANY/throttling/rateLimit": "0.001"})
    path = f"{api.id}/prod/pets/1"
    assert [api.stage.ask("GET", path).status for _ in range(2)] == [200, 429]


def policy(effect: str, resource: str = "*") -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {"Version": "2012-10-17", "Statement": [statement]}


def test_a_function_says_who_may_come_and_is_believed_for_a_while(stage: GatewayStage) -> None:
    def answer(version: Any, event: Any) -> Any:
        if version.name == "f":
            return echo(version, event)
        token = event["authorizationToken"]
        if token == "who":
            return Invoked(payload=b'{"errorMessage": "Unauthorized"}', error="Unhandled")
        effect = "Allow" if token == "good" else "Deny"
        return {"principalId": "me", "policyDocument": policy(effect), "context": {"n": 1}}

    stage.engine.answer = answer
    api = Api(stage)
    authorizer = api.call(
        "CreateAuthorizer",
        name="a",
        type="TOKEN",
        authorizerUri=lambda_uri(stage.function("auth")),
        identitySource="method.request.header.Authorization",
    )
    api.proxy(
        "GET",
        "/",
        stage.function("f"),
        authorizationType="CUSTOM",
        authorizerId=authorizer["id"],
    )
    api.deploy()
    path = f"{api.id}/prod"
    reply = stage.ask("GET", path, authorization="good")
    context = json.loads(reply.text)["requestContext"]["authorizer"]
    assert (context["principalId"], context["n"]) == ("me", "1")
    assert stage.ask("GET", path, authorization="good").status == 200
    assert [version.name for version, _, _ in stage.engine.asked].count("auth") == 1
    denied = stage.ask("GET", path, authorization="bad")
    assert denied.status == 403
    assert "explicit deny" in denied.json["message"]
    assert stage.ask("GET", path).json == {"message": "Unauthorized"}
    assert stage.ask("GET", path, authorization="who").status == 401


def test_a_method_may_ask_for_a_signature(api: Api) -> None:
    api.proxy(
        "GET",
        "/signed",
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f",
        authorizationType="AWS_IAM",
    )
    api.deploy()
    path = f"{api.id}/prod/signed"
    assert api.stage.ask("GET", path).json == {"message": "Missing Authentication Token"}
    reply = api.stage.ask("GET", path, signer=OWNER)
    assert json.loads(reply.text)["requestContext"]["identity"]["userArn"] == OWNER.arn


def test_gateway_responses_say_things_in_the_apis_own_way(api: Api) -> None:
    api.call(
        "PutGatewayResponse",
        responseType="MISSING_AUTHENTICATION_TOKEN",
        statusCode="404",
        responseParameters={"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        responseTemplates={"application/json": '{"oh": $context.error.messageString}'},
    )
    api.deploy()
    reply = api.stage.ask("GET", f"{api.id}/prod/nowhere")
    assert (reply.status, reply.json) == (404, {"oh": "Missing Authentication Token"})
    assert reply.header("Access-Control-Allow-Origin") == "*"


def test_an_integration_that_takes_too_long_is_a_504(stage: GatewayStage) -> None:
    api = Api(stage)
    uri = lambda_uri(stage.function("f"))
    api.method("GET", "/", {"type": "AWS_PROXY", "uri": uri, "timeoutInMillis": 50})
    api.deploy()

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    stage.engine.invoke = never  # type: ignore[method-assign]
    reply = stage.ask("GET", f"{api.id}/prod")
    assert (reply.status, reply.json) == (504, {"message": "Endpoint request timed out"})


def test_requests_are_counted_and_written_down(api: Api) -> None:
    api.stage_settings(
        **{
            "/accessLogSettings/destinationArn": f"arn:aws:logs:r:{ACCOUNT}:log-group:access",
            "/accessLogSettings/format": "$context.httpMethod $context.status $context.path",
        }
    )
    api.stage.ask("GET", f"{api.id}/prod/pets/1")
    api.stage.ask("GET", f"{api.id}/prod/nowhere")
    api.stage.run(api.stage.gateway.stop())
    logs = list(api.stage.means.data_dir.logs.rglob("access/*/*"))
    text = "".join(path.read_text(errors="replace") for path in logs if path.is_file())
    assert "GET 200 /prod/pets/1" in text
    assert "GET 403 /prod/nowhere" in text
    metrics = api.stage.means.metrics
    found = {one.name: one for one in metrics.find(ACCOUNT, "us-east-1", "AWS/ApiGateway")}
    assert {"Count", "Latency", "IntegrationLatency", "4XXError", "5XXError"} == set(found)
    count = metrics.read(found["Count"], 1_699_999_900, 1_700_000_100, 60)
    assert sum(point.sample.count for point in count) == 2


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({"type": "AWS_PROXY", "uri": "arn:aws:s3:::x"}, "Invalid ARN"),
        ({"type": "AWS_PROXY", "uri": "arn:aws:apigateway:r:sqs:path/q"}, "only supports Lambda"),
        ({"type": "HTTP", "uri": "ftp://x"}, "Invalid HTTP endpoint"),
        ({"type": "HTTP", "uri": "http://x/", "timeoutInMillis": 10}, "Timeout should be"),
        ({"type": "MOCK", "requestTemplates": {"application/json": "#if(1)"}}, "#end is missing"),
        ({"type": "MOCK", "requestParameters": {"nowhere": "'x'"}}, "Invalid mapping expression"),
        ({"type": "HTTP", "uri": "http://x/", "connectionType": "VPC_LINK"}, "VPC links"),
    ],
)
def test_integrations_are_looked_at_when_they_are_made(
    stage: GatewayStage, members: dict[str, Any], said: str
) -> None:
    api = Api(stage)
    with pytest.raises(BadRequestException, match=said):
        api.method("POST", "/", members)


def test_resources_have_one_variable_below_a_parent_and_nothing_below_a_greedy_one(
    stage: GatewayStage,
) -> None:
    api = Api(stage)
    api.resource("/a/{x}")
    api.resource("/{proxy+}")
    with pytest.raises(BadRequestException, match="sibling"):
        api.resource("/a/{y}")
    with pytest.raises(BadRequestException, match="greedy"):
        api.resource("/{proxy+}/b")
    with pytest.raises(ConflictException):
        api.call("CreateResource", parentId=api.paths["/"], pathPart="a")
    with pytest.raises(BadRequestException, match="methods"):
        api.deploy()
