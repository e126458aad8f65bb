"""Integrations with HTTP servers, and calls that are queued."""

import asyncio
import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from argosy.state.invocations import Invocations
from tests.support.gateway import GatewayStage, gateway_stage, lambda_uri
from tests.support.http_server import Heard, http_server
from tests.unit.automation.test_gateway_http import Api as HttpApi
from tests.unit.automation.test_gateway_rest import Api


@pytest.fixture(scope="module")
def server() -> Iterator[Heard]:
    with http_server() as heard:
        yield heard


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        yield made


def test_a_rest_api_passes_requests_on_and_answers_as_the_server_does(
    stage: GatewayStage, server: Heard
) -> None:
    api = Api(stage)
    api.method(
        "ANY",
        "/{proxy+}",
        {
            "type": "HTTP_PROXY",
            "integrationHttpMethod": "ANY",
            "uri": f"{server.url}/{{proxy}}",
            "requestParameters": {
                "integration.request.path.proxy": "method.request.path.proxy",
                "integration.request.header.X-Stage": "context.stage",
            },
        },
        requestParameters={"method.request.path.proxy": True},
    )
    api.deploy()
    reply = stage.ask("PUT", f"{api.id}/prod/a/b%20c", "body", query="q=1", x_mine="2")
    asked = reply.json
    assert (reply.status, reply.header("X-Server")) == (200, "mine")
    assert (asked["method"], asked["path"], asked["body"]) == ("PUT", "/a/b%20c?q=1", "body")
    assert (asked["headers"]["x-stage"], asked["headers"]["x-mine"]) == ("prod", "2")
    assert asked["headers"]["x-forwarded-for"] == "10.0.0.7"
    assert asked["headers"]["x-amzn-trace-id"].startswith("Root=1-")
    assert stage.ask("GET", f"{api.id}/prod/teapot").status == 418


def test_a_servers_answer_is_mapped_by_its_status(stage: GatewayStage, server: Heard) -> None:
    api = Api(stage)
    template = {"application/json": '{"n": $input.json("$.n")}'}
    integration = {"type": "HTTP", "uri": f"{server.url}/teapot", "requestTemplates": template}
    api.method("POST", "/", integration)
    api.response("POST", "/", "200")
    mapped = {
        "method.response.header.X-Was": "integration.response.header.X-Server",
        "method.response.header.X-All": "integration.response.multivalueheader.X-Server",
    }
    text = {"application/json": '{"got": $util.parseJson($input.path("$.body")).n}'}
    api.response(
        "POST",
        "/",
        "400",
        selectionPattern="4\\d\\d",
        responseParameters=mapped,
        responseTemplates=text,
    )
    api.deploy()
    reply = stage.ask("POST", f"{api.id}/prod", '{"n": [7]}')
    assert (reply.status, reply.header("X-Was"), reply.json) == (400, "mine", {"got": [7]})
    assert reply.header("X-All") == "mine"


def test_a_server_that_is_slow_away_or_says_too_much(stage: GatewayStage, server: Heard) -> None:
    api = Api(stage)
    for path, uri in {
        "/slow": f"{server.url}/slow",
        "/big": f"{server.url}/big",
        "/away": "http://127.0.0.1:9/",
    }.items():
        api.method("GET", path, {"type": "HTTP_PROXY", "uri": uri, "timeoutInMillis": 500})
    api.deploy()
    server.gone.clear()
    assert stage.ask("GET", f"{api.id}/prod/slow").status == 504
    assert server.gone.wait(30)
    for path in ("big", "away"):
        assert stage.ask("GET", f"{api.id}/prod/{path}").status == 504


def test_who_leaves_ends_the_call_behind(stage: GatewayStage, server: Heard) -> None:
    api = Api(stage)
    api.method("GET", "/", {"type": "HTTP_PROXY", "uri": f"{server.url}/slow"})
    api.deploy()
    server.gone.clear()

    async def leave() -> None:
        before = len(server.requests)
        asked = asyncio.ensure_future(stage.asked("GET", f"{api.id}/prod"))
        while len(server.requests) == before:
            await asyncio.sleep(0.01)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked

    stage.run(leave())
    assert server.gone.wait(30)


def test_an_http_api_maps_parameters_of_both_sides(stage: GatewayStage, server: Heard) -> None:
    api = HttpApi(stage)
    made = api.call(
        "CreateIntegration",
        ApiId=api.id,
        IntegrationType="HTTP_PROXY",
        IntegrationMethod="ANY",
        IntegrationUri=f"{server.url}/under/{{id}}",
        PayloadFormatVersion="1.0",
        RequestParameters={
            "overwrite:header.x-id": "$request.path.id",
            "append:querystring.by": "$context.httpMethod",
            "remove:header.x-secret": "''",
        },
        ResponseParameters={"200": {"overwrite:statuscode": "203", "append:header.x-a": "b"}},
    )
    api.route("ANY /pets/{id}", f"integrations/{made['IntegrationId']}")
    reply = stage.ask("POST", f"{api.id}/pets/7", "{}", query="q=1", x_secret="s")
    assert (reply.status, reply.header("x-a")) == (203, "b")
    asked = reply.json
    assert asked["path"] == "/under/7?q=1&by=POST"
    assert asked["headers"]["x-id"] == "7"
    assert "x-secret" not in asked["headers"]


def test_a_function_may_be_called_later(stage: GatewayStage) -> None:
    api = Api(stage)
    later = {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}
    uri = lambda_uri(stage.function("f"))
    api.method("POST", "/", {"type": "AWS", "uri": uri, "requestParameters": later})
    api.response("POST", "/", "202")
    api.deploy()
    assert stage.ask("POST", f"{api.id}/prod", '{"n": 1}').status == 202
    assert stage.engine.asked == []
    invocations = Invocations(stage.means.records.transactions)
    assert len(invocations.due(stage.means.clock.now())) == 1


def test_answers_are_compressed_and_requests_expanded_within_bounds(stage: GatewayStage) -> None:
    api = Api(stage, minimumCompressionSize=100)
    stage.engine.answer = lambda v, event: {"statusCode": 200, "body": event["body"]}
    api.proxy("POST", "/", stage.function("f"))
    api.deploy()
    body = "x" * 1000
    given: dict[str, Any] = {"content_encoding": "gzip", "accept_encoding": "gzip, br"}
    reply = stage.ask("POST", f"{api.id}/prod", gzip.compress(body.encode()), **given)
    assert reply.header("Content-Encoding") == "gzip"
    assert gzip.decompress(reply.answer.body).decode() == body
    bomb = gzip.compress(bytes(11 << 20))
    assert stage.ask("POST", f"{api.id}/prod", bomb, **given).status == 413
    assert stage.ask("POST", f"{api.id}/prod", b"no gzip", **given).status == 400


def test_why_a_request_failed_is_in_the_execution_log(stage: GatewayStage) -> None:
    api = Api(stage)
    api.proxy("GET", "/", stage.function("closed", permitted=False))
    api.deploy()
    api.stage_settings(**{"/*/*/logging/loglevel": "ERROR"})
    assert stage.ask("GET", f"{api.id}/prod").status == 500
    stage.run(stage.gateway.stop())
    logs = stage.means.data_dir.logs.rglob(f"API-Gateway-Execution-Logs_{api.id}*/*/*")
    text = "".join(path.read_text(errors="replace") for path in logs if path.is_file())
    assert "Invalid permissions on Lambda function" in text
