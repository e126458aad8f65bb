"""What clients, functions and tools that know API Gateway rely on, in its small things."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.automation.gateway.access_log import line
from argosy.automation.gateway.aws import Called, as_called
from argosy.automation.gateway.context import log_context
from argosy.automation.gateway.exchange import Exchange, Place
from argosy.automation.gateway.http.parameters import evaluated
from argosy.automation.gateway.rest import checks
from argosy.ground.doors import DoorRequest
from argosy.ground.gateway.uris import aws_target
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from tests.support.gateway import ACCOUNT, GatewayStage, gateway_stage
from tests.support.http_server import http_server
from tests.unit.automation.test_gateway_http import Api as HttpApi
from tests.unit.automation.test_gateway_rest import Api, echo


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        made.engine.answer = echo
        yield made


@pytest.mark.parametrize(
    "template",
    ["{statusCode:204}", "{ statusCode: 204 }", "{'statusCode': 204}", '{"statusCode":"204"}'],
)
def test_mocks_of_cdk_and_the_serverless_framework_answer(
    stage: GatewayStage, template: str
) -> None:
    api = Api(stage)
    texts = {"application/json": template}
    api.method("OPTIONS", "/a", {"type": "MOCK", "requestTemplates": texts})
    headers = {"method.response.header.Access-Control-Allow-Origin": "'*'"}
    api.response("OPTIONS", "/a", "204", responseParameters=headers)
    api.deploy()
    reply = stage.ask("OPTIONS", f"{api.id}/prod/a")
    assert (reply.status, reply.header("Access-Control-Allow-Origin")) == (204, "*")


def test_an_encoded_slash_stays_within_the_variable_of_a_rest_api(stage: GatewayStage) -> None:
    api = Api(stage)
    api.proxy("GET", "/files/{key}/meta", stage.function("f"))
    api.deploy()
    event = stage.ask("GET", f"{api.id}/prod/files/a%2Fb/meta").json
    assert event["pathParameters"] == {"key": "a%2Fb"}
    assert stage.ask("GET", f"{api.id}/prod/files/a/b/meta").status == 403


def test_a_server_is_asked_for_the_encoded_slash_or_for_all_that_a_greedy_variable_took(
    stage: GatewayStage,
) -> None:
    api = Api(stage)
    with http_server() as server:
        mapping = {"integration.request.path.x": "method.request.path.x"}
        for path, uri in (("/one/{x}", "one"), ("/all/{x+}", "all")):
            asked = {"type": "HTTP_PROXY", "uri": f"{server.url}/{uri}/{{x}}"}
            api.method("ANY", path, {**asked, "requestParameters": mapping})
        api.deploy()
        for path in ("/one/a%2Fb", "/all/a/b%20c"):
            assert stage.ask("POST", f"{api.id}/prod{path}").json["path"] == path


def test_the_id_that_an_http_api_tells_its_client_is_the_one_that_its_function_is_told(
    stage: GatewayStage,
) -> None:
    api = HttpApi(stage)
    api.route("GET /new", api.function(stage.function("f")))
    api.route("GET /old", api.function(f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:f", "1.0"))
    for path in ("new", "old"):
        reply = stage.ask("GET", f"{api.id}/{path}")
        assert reply.json["requestContext"]["requestId"] == reply.header("Apigw-Requestid")


def test_what_an_http_api_answers_is_text_unless_the_function_says_otherwise(
    stage: GatewayStage,
) -> None:
    api = HttpApi(stage, Target=stage.function("f"))
    assert stage.ask("GET", api.id).header("Content-Type") == "text/plain; charset=utf-8"
    stage.engine.answer = lambda version, event: {"a": 1}
    assert stage.ask("GET", api.id).header("Content-Type") == "application/json"


def test_gateway_responses_take_values_from_the_request(stage: GatewayStage) -> None:
    api = Api(stage)
    api.proxy("GET", "/a", stage.function("f"))
    header = "gatewayresponse.header.Access-Control-Allow-Origin"
    given = {"responseType": "DEFAULT_4XX"}
    api.call(
        "PutGatewayResponse", **given, responseParameters={header: "method.request.header.Origin"}
    )
    api.deploy()
    reply = stage.ask("GET", f"{api.id}/prod/nowhere", origin="https://a.test")
    assert reply.header("Access-Control-Allow-Origin") == "https://a.test"
    for wrong in ({header: "*"}, {"header.X": "'a'"}):
        with pytest.raises(BadRequestException, match="Invalid mapping expression"):
            api.call("PutGatewayResponse", **given, responseParameters=wrong)
    patch = [{"op": "replace", "path": "/statusCode", "value": "many"}]
    with pytest.raises(BadRequestException, match="Invalid status code"):
        api.call("UpdateGatewayResponse", **given, patchOperations=patch)


def test_a_wrong_answer_of_a_function_is_called_an_internal_error(stage: GatewayStage) -> None:
    api = Api(stage)
    api.proxy("GET", "/a", stage.function("f"))
    api.deploy()
    stage.engine.answer = lambda version, event: "no answer"
    reply = stage.ask("GET", f"{api.id}/prod/a")
    assert reply.status == 502
    assert reply.header("x-amzn-ErrorType") == "InternalServerErrorException"


FORM = "application/x-www-form-urlencoded"
PET = "https://apigateway.amazonaws.com/restapis/{}/models/Pet"


def checked(stage: GatewayStage, schema: dict[str, Any], **models: Any) -> Api:
    """An API that takes at POST /a what fits a schema."""
    api = Api(stage)
    for name, one in {**models, "Given": schema}.items():
        text = json.dumps(one).replace("{}", api.id)
        api.call("CreateModel", name=name, contentType="application/json", schema=text)
    validator = api.call("CreateRequestValidator", name="v", validateRequestBody=True)
    api.proxy(
        "POST",
        "/a",
        stage.function("f"),
        requestValidatorId=validator["id"],
        requestModels={"application/json": "Given"},
    )
    api.deploy()
    return api


def test_a_model_refers_to_other_models_of_its_api(stage: GatewayStage) -> None:
    pet = {
        "type": "object",
        "required": ["name"],
        "properties": {"name": {"$ref": "#/definitions/n"}},
    }
    pet["definitions"] = {"n": {"type": "string", "maxLength": 3}}
    api = checked(stage, {"type": "array", "items": {"$ref": PET}}, Pet=pet)
    for body, status in (([{"name": "Rex"}], 200), ([{"name": "Rexine"}], 400), ([{}], 400)):
        assert stage.ask("POST", f"{api.id}/prod/a", json.dumps(body)).status == status
    with pytest.raises(ConflictException, match="is referenced in model 'Given'"):
        api.call("DeleteModel", modelName="Pet")
    lost = json.dumps({"$ref": PET.replace("Pet", "None")})
    with pytest.raises(BadRequestException, match="there is no model None"):
        api.call("CreateModel", name="Lost", contentType="application/json", schema=lost)


def test_a_body_made_to_be_slow_to_check_is_not(stage: GatewayStage) -> None:
    """Nor does one that is nested deeply, or has parts by the thousand, bring the gateway down."""
    tree = {"type": "object", "properties": {"c": {"$ref": "#"}, "l": {"uniqueItems": True}}}
    api = checked(stage, tree)
    begun = time.process_time()
    deep = '{"c":' * 500 + "{}" + "}" * 500
    assert stage.ask("POST", f"{api.id}/prod/a", deep).status == 400
    many = json.dumps({"l": [{"n": n} for n in range(5000)]})
    assert stage.ask("POST", f"{api.id}/prod/a", many).status == 200
    assert stage.ask("POST", f"{api.id}/prod/a", many.replace("4999", "1")).status == 400
    assert time.process_time() - begun < 5


def test_a_schema_that_doubles_its_work_holds_up_nobody(
    stage: GatewayStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checks, "MAX_CPU_S", 0.5)
    twice = {"properties": {"c": {"$ref": "#"}}, "required": ["c"]}
    api = checked(stage, {"anyOf": [twice, {**twice}]})
    deep = '{"c":' * 40 + "{}" + "}" * 40

    async def both() -> tuple[int, float]:
        begun = time.thread_time()
        asked = asyncio.create_task(stage.asked("POST", f"{api.id}/prod/a", deep))
        while not asked.done():
            await asyncio.sleep(0.005)
        return (await asked).status, time.thread_time() - begun

    status, held_s = stage.run(both())
    assert status == 400
    assert held_s < 0.4


def test_a_pattern_that_cannot_be_read_is_not_logged(
    stage: GatewayStage, capfd: pytest.CaptureFixture[str]
) -> None:
    """It may be a client's: a template takes it from where it likes."""
    api = Api(stage)
    text = "#set($a = 'a')$a.replaceAll($input.path('$.p'), 'b')"
    api.method("POST", "/a", {"type": "MOCK", "requestTemplates": {"application/json": text}})
    api.response("POST", "/a", "200")
    api.deploy()
    assert stage.ask("POST", f"{api.id}/prod/a", '{"p": "(secret"}').status == 500
    place = {"resourceId": api.resource("/a"), "httpMethod": "POST", "statusCode": "200"}
    with pytest.raises(BadRequestException, match="missing \\)"):
        api.call("PutIntegrationResponse", **place, selectionPattern="(secret")
    told = capfd.readouterr()
    assert "secret" not in told.err + told.out


@pytest.mark.parametrize(
    ("said", "expression", "value"),
    [
        ({"jwt": {"claims": {"sub": "me"}}}, "$context.authorizer.claims.sub", "me"),
        ({"lambda": {"tenant": "a"}}, "$context.authorizer.tenant", "a"),
        ({"iam": {"userArn": "u"}}, "$context.authorizer.userArn", "-"),
    ],
)
def test_logs_and_mappings_of_an_http_api_know_what_its_authorizer_says(
    said: dict[str, Any], expression: str, value: str
) -> None:
    place = Place(kind="http", account=ACCOUNT, region="r", api_id="a", api_name="n", stage="s")
    exchange = Exchange(DoorRequest("GET", "a/s/x"), place, "/x", 0.0, authorizer=said)
    assert line(expression, log_context(exchange, 200, 0, 0)) == value
    assert evaluated(expression, exchange) == value.removeprefix("-")


def test_an_action_is_told_in_the_way_of_its_service() -> None:
    """As API Gateway does, so that nobody has to map X-Amz-Target or to write a form."""
    json_ = {"content-type": "application/json"}

    def called(service: str, action: str, headers: dict[str, str] = json_) -> Called:
        target = aws_target(f"arn:aws:apigateway:us-east-1:{service}:action/{action}")
        assert target is not None
        return as_called(target, [("TopicArn", "a b")], headers, b"{}")

    told = called("sagemaker", "StopTrainingJob")
    assert told.headers["x-amz-target"] == "SageMaker.StopTrainingJob"
    assert told.body == b"{}"
    for service, action in (("sns", "Publish"), ("sqs", "SendMessage"), ("monitoring", "PutX")):
        told = called(service, action)
        assert told.body.decode() == f"Action={action}&TopicArn=a+b"
        assert told.headers["content-type"] == FORM
    assert called("sns", "Publish", {"content-type": FORM}).body == b"{}"
