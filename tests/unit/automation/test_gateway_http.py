"""HTTP APIs: routes, both formats of events, CORS, and who is let in."""

import asyncio
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from argosy.automation.gateway.outgoing import Answer, Outgoing
from argosy.ground.functions import Invoked
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from tests.support.gateway import ACCOUNT, OWNER, GatewayStage, gateway_stage, lambda_uri

ISSUER = "https://issuer.test/pool"


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[GatewayStage]:
    with gateway_stage(tmp_path) as made:
        made.engine.answer = lambda version, event: event
        yield made


class Api:
    """An HTTP API whose stage $default deploys by itself."""

    def __init__(self, stage: GatewayStage, **members: Any) -> None:
        self.stage = stage
        made = self.call("CreateApi", Name="pets", ProtocolType="HTTP", **members)
        self.id = made["ApiId"]
        if "Target" not in members:
            self.call("CreateStage", ApiId=self.id, StageName="$default", AutoDeploy=True)

    def call(self, operation: str, /, **members: Any) -> Any:
        return self.stage.call(operation, service="apigatewayv2", **members)

    def function(self, arn: str, version: str = "2.0") -> str:
        made = self.call(
            "CreateIntegration",
            ApiId=self.id,
            IntegrationType="AWS_PROXY",
            IntegrationUri=arn,
            PayloadFormatVersion=version,
        )
        return f"integrations/{made['IntegrationId']}"

    def route(self, key: str, target: str, **members: Any) -> Any:
        return self.call("CreateRoute", ApiId=self.id, RouteKey=key, Target=target, **members)


def test_a_function_is_told_in_format_2_and_what_it_returns_is_the_body(
    stage: GatewayStage,
) -> None:
    api = Api(stage)
    api.route("POST /pets/{id}", api.function(stage.function("f")))
    reply = stage.ask(
        "POST", f"{api.id}/pets/a%20b", "hello", query="q=1&q=2", cookie="a=1; b=2", x_thing="x"
    )
    assert (reply.status, reply.header("Content-Type")) == (200, "application/json")
    event = reply.json
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /pets/{id}"
    assert event["rawPath"] == "/pets/a b"
    assert event["rawQueryString"] == "q=1&q=2"
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-thing"] == "x"
    assert "cookie" not in event["headers"]
    assert event["queryStringParameters"] == {"q": "1,2"}
    assert event["pathParameters"] == {"id": "a b"}
    assert event["body"] == "hello"
    assert event["isBase64Encoded"] is False
    context = event["requestContext"]
    assert context["accountId"] == ACCOUNT
    assert context["stage"] == "$default"
    assert context["http"]["method"] == "POST"
    assert context["http"]["sourceIp"] == "10.0.0.7"
    assert context["timeEpoch"] == 1_700_000_000_000
    for absent in ("stageVariables", "multiValueHeaders"):
        assert absent not in event


def test_format_2_sets_cookies_and_a_text_is_a_body(stage: GatewayStage) -> None:
    api = Api(stage, Target=stage.function("f"))
    stage.engine.answer = lambda v, e: {"statusCode": 201, "cookies": ["a=1", "b=2"], "body": "x"}
    reply = stage.ask("GET", f"{api.id}/anything/at/all")
    assert (reply.status, reply.text) == (201, "x")
    assert reply.headers("set-cookie") == ["a=1", "b=2"]
    stage.engine.answer = lambda v, e: "only text"
    assert stage.ask("GET", f"{api.id}").text == "only text"


def test_format_1_has_its_version_and_needs_a_status(stage: GatewayStage) -> None:
    api = Api(stage)
    api.route("ANY /{proxy+}", api.function(stage.function("f"), "1.0"))
    stage.engine.answer = lambda v, event: {"statusCode": 200, "body": json.dumps(event)}
    event = json.loads(stage.ask("GET", f"{api.id}/a/b", X_Thing="x").text)
    assert event["version"] == "1.0"
    assert event["pathParameters"] == {"proxy": "a/b"}
    assert event["multiValueHeaders"]["X-Thing"] == ["x"]
    stage.engine.answer = lambda v, event: "no status"
    reply = stage.ask("GET", f"{api.id}/a")
    assert (reply.status, reply.json) == (500, {"message": "Internal Server Error"})


def test_the_most_specific_route_answers_and_default_takes_the_rest(stage: GatewayStage) -> None:
    api = Api(stage)
    target = api.function(stage.function("f"))
    for key in ("GET /a/b", "ANY /a/{x}", "GET /a/{proxy+}", "$default"):
        api.route(key, target)
    stage.engine.answer = lambda v, event: event["routeKey"]
    for method, path, key in (
        ("GET", "a/b", "GET /a/b"),
        ("POST", "a/b", "ANY /a/{x}"),
        ("GET", "a/b/c", "GET /a/{proxy+}"),
        ("POST", "a/b/c", "$default"),
        ("GET", "", "$default"),
    ):
        assert stage.ask(method, f"{api.id}/{path}").text == key


def test_a_path_without_a_route_is_not_found(stage: GatewayStage) -> None:
    api = Api(stage)
    api.route("GET /a", api.function(stage.function("f")))
    reply = stage.ask("GET", f"{api.id}/b")
    assert (reply.status, reply.json) == (404, {"message": "Not Found"})
    api.call("DeleteStage", ApiId=api.id, StageName="$default")
    reply = stage.ask("GET", f"{api.id}/a")
    assert (reply.status, reply.json) == (404, {"message": "Not Found"})


def test_stages_serve_what_was_deployed_and_those_that_deploy_themselves_what_is(
    stage: GatewayStage,
) -> None:
    api = Api(stage)
    target = api.function(stage.function("f"))
    api.route("GET /a", target)
    api.call("CreateStage", ApiId=api.id, StageName="prod", StageVariables={"v": "w"})
    assert stage.ask("GET", f"{api.id}/prod/a").status == 404
    api.call("CreateDeployment", ApiId=api.id, StageName="prod")
    api.route("GET /b", target)
    assert stage.ask("GET", f"{api.id}/b").status == 200
    assert stage.ask("GET", f"{api.id}/prod/b").status == 404
    event = stage.ask("GET", f"{api.id}/prod/a").json
    assert (event["stageVariables"], event["rawPath"]) == ({"v": "w"}, "/prod/a")
    automatic = api.call("GetDeployments", ApiId=api.id)["Items"]
    assert sorted(one["AutoDeployed"] for one in automatic) == [False, True]


def test_browsers_are_told_whom_the_api_lets_in(stage: GatewayStage) -> None:
    cors = {"AllowOrigins": ["https://me.test"], "AllowMethods": ["GET"], "MaxAge": 9}
    api = Api(stage, Target=stage.function("f"), CorsConfiguration=cors)
    asked = {"origin": "https://me.test", "access_control_request_method": "GET"}
    reply = stage.ask("OPTIONS", f"{api.id}/a", **asked)
    assert reply.status == 204
    assert reply.header("Access-Control-Allow-Origin") == "https://me.test"
    assert reply.header("Access-Control-Allow-Methods") == "GET"
    assert reply.header("Access-Control-Max-Age") == "9"
    other = {**asked, "origin": "https://you.test"}
    assert (
        stage.ask("OPTIONS", f"{api.id}/a", **other).header("Access-Control-Allow-Origin") is None
    )
    assert stage.engine.asked == []
    stage.engine.answer = lambda v, e: {
        "statusCode": 200,
        "headers": {"access-control-allow-origin": "*"},
    }
    reply = stage.ask("GET", f"{api.id}/a", origin="https://me.test")
    assert reply.headers("Access-Control-Allow-Origin") == ["https://me.test"]


def test_a_browser_with_credentials_is_told_what_it_asked_for(stage: GatewayStage) -> None:
    """It takes "*" for a name then."""
    everything = {"AllowMethods": ["*"], "AllowHeaders": ["*"], "AllowOrigins": ["https://me.test"]}
    cors = {**everything, "AllowCredentials": True}
    api = Api(stage, Target=stage.function("f"), CorsConfiguration=cors)
    asked = {"access_control_request_method": "PUT", "access_control_request_headers": "x-a,x-b"}
    reply = stage.ask("OPTIONS", f"{api.id}/a", origin="https://me.test", **asked)
    assert reply.header("Access-Control-Allow-Methods") == "PUT"
    assert reply.header("Access-Control-Allow-Headers") == "x-a,x-b"


class Issuer(Outgoing):
    """Publishes keys, and counts how often somebody looks."""

    def __init__(self) -> None:
        super().__init__()
        self.key = rsa.generate_private_key(65537, 2048)
        self.looked = 0

    async def ask(self, method: str, url: str, *_: Any, **__: Any) -> Answer:
        self.looked += 1
        if url == f"{ISSUER}/.well-known/openid-configuration":
            return Answer(200, [], json.dumps({"jwks_uri": "https://issuer.test/keys"}).encode())
        document = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return Answer(200, [], json.dumps({"keys": [{**document, "kid": "one"}]}).encode())

    def token(self, kid: str = "one", **claims: Any) -> str:
        given = {"iss": ISSUER, "aud": "app", "exp": time.time() + 60, "scope": "a b", **claims}
        return jwt.encode(given, self.key, algorithm="RS256", headers={"kid": kid})


@pytest.fixture
def issuer(stage: GatewayStage) -> Issuer:
    made = Issuer()
    stage.gateway._authorizers._issuers._outgoing = made
    return made


@pytest.fixture
def guarded(stage: GatewayStage) -> Api:
    api = Api(stage)
    authorizer = api.call(
        "CreateAuthorizer",
        ApiId=api.id,
        Name="tokens",
        AuthorizerType="JWT",
        IdentitySource=["$request.header.Authorization"],
        JwtConfiguration={"Issuer": ISSUER, "Audience": ["app"]},
    )
    api.route(
        "GET /",
        api.function(stage.function("f")),
        AuthorizationType="JWT",
        AuthorizerId=authorizer["AuthorizerId"],
        AuthorizationScopes=["a"],
    )
    return api


def test_a_token_of_the_issuer_opens_the_route_and_its_claims_are_told(
    guarded: Api, issuer: Issuer
) -> None:
    token = issuer.token(sub="me", groups=["x", "y"])
    for _ in range(2):
        reply = guarded.stage.ask("GET", guarded.id, authorization=f"Bearer {token}")
        told = reply.json["requestContext"]["authorizer"]["jwt"]
    assert (told["claims"]["sub"], told["claims"]["groups"]) == ("me", "[x y]")
    assert told["scopes"] == ["a", "b"]
    assert issuer.looked == 2


@pytest.mark.parametrize(
    ("claims", "status"),
    [
        ({"exp": 1}, 401),
        ({"iss": "https://other.test"}, 401),
        ({"aud": "other"}, 401),
        ({"nbf": time.time() + 3600}, 401),
        ({"kid": "two"}, 401),
        ({"scope": "c"}, 403),
    ],
)
def test_any_other_token_does_not(
    guarded: Api, issuer: Issuer, claims: dict[str, Any], status: int
) -> None:
    token = issuer.token(**claims)
    assert guarded.stage.ask("GET", guarded.id, authorization=token).status == status


def test_a_refusal_says_which_token_is_wanted(guarded: Api, issuer: Issuer) -> None:
    def challenge(**headers: str) -> str:
        return guarded.stage.ask("GET", guarded.id, **headers).header("WWW-Authenticate") or ""

    assert challenge() == 'Bearer scope="a"'
    late = challenge(authorization=issuer.token(exp=1))
    assert late.startswith('Bearer scope="a" error="invalid_token"')
    lacking = challenge(authorization=issuer.token(scope="c"))
    assert 'error="insufficient_scope"' in lacking


def test_format_1_tells_of_the_claims_of_a_token(guarded: Api, issuer: Issuer) -> None:
    (one,) = guarded.call("GetIntegrations", ApiId=guarded.id)["Items"]
    number = one["IntegrationId"]
    guarded.call(
        "UpdateIntegration", ApiId=guarded.id, IntegrationId=number, PayloadFormatVersion="1.0"
    )
    guarded.stage.engine.answer = lambda v, e: {"statusCode": 200, "body": json.dumps(e)}
    event = guarded.stage.ask("GET", guarded.id, authorization=issuer.token(sub="me")).json
    context = event["requestContext"]
    assert context["authorizer"]["claims"]["sub"] == "me"
    assert (event["resource"], context["resourcePath"]) == ("/", "/")
    assert context["resourceId"] == "GET /"


def test_a_token_that_says_it_needs_no_proof_is_refused(guarded: Api, issuer: Issuer) -> None:
    claims = {"iss": ISSUER, "aud": "app", "exp": time.time() + 60, "scope": "a"}
    unproven = jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
    secret = jwt.encode(claims, "x" * 32, algorithm="HS256", headers={"kid": "one"})
    for token in (unproven, secret, "nonsense", ""):
        reply = guarded.stage.ask("GET", guarded.id, authorization=token)
        assert (reply.status, reply.json) == (401, {"message": "Unauthorized"})


def test_a_function_may_say_yes_or_no(stage: GatewayStage) -> None:
    def answer(version: Any, event: Any) -> Any:
        if version.name == "f":
            return event
        return {"isAuthorized": event["identitySource"] == ["yes"], "context": {"n": 1}}

    stage.engine.answer = answer
    api = Api(stage)
    authorizer = api.call(
        "CreateAuthorizer",
        ApiId=api.id,
        Name="a",
        AuthorizerType="REQUEST",
        AuthorizerUri=lambda_uri(stage.function("auth")),
        AuthorizerPayloadFormatVersion="2.0",
        EnableSimpleResponses=True,
        AuthorizerResultTtlInSeconds=60,
        IdentitySource=["$request.header.x-token"],
    )
    api.route(
        "GET /",
        api.function(stage.function("f")),
        AuthorizationType="CUSTOM",
        AuthorizerId=authorizer["AuthorizerId"],
    )
    told = stage.ask("GET", api.id, x_token="yes").json["requestContext"]["authorizer"]
    assert told == {"lambda": {"n": 1}}
    stage.ask("GET", api.id, x_token="yes")
    assert [version.name for version, _, _ in stage.engine.asked].count("auth") == 1
    assert stage.ask("GET", api.id, x_token="no").json == {"message": "Forbidden"}
    assert stage.ask("GET", api.id).json == {"message": "Unauthorized"}


def test_a_route_may_ask_for_a_signature(stage: GatewayStage) -> None:
    api = Api(stage)
    api.route("GET /", api.function(stage.function("f")), AuthorizationType="AWS_IAM")
    assert stage.ask("GET", api.id).json == {"message": "Forbidden"}
    told = stage.ask("GET", api.id, signer=OWNER).json["requestContext"]["authorizer"]
    assert told["iam"]["userArn"] == OWNER.arn


def test_a_function_that_fails_or_takes_too_long(stage: GatewayStage) -> None:
    api = Api(stage)
    target = api.function(stage.function("f"))
    number = target.removeprefix("integrations/")
    api.call("UpdateIntegration", ApiId=api.id, IntegrationId=number, TimeoutInMillis=50)
    api.route("$default", target)
    stage.engine.answer = lambda v, e: Invoked(payload=b"{}", error="Unhandled")
    assert stage.ask("GET", api.id).json == {"message": "Internal Server Error"}

    async def never(*_: Any, **__: Any) -> Any:
        await asyncio.Event().wait()

    stage.engine.invoke = never  # type: ignore[method-assign]
    reply = stage.ask("GET", api.id)
    assert (reply.status, reply.json) == (503, {"message": "Service Unavailable"})


def test_a_stage_limits_its_routes(stage: GatewayStage) -> None:
    api = Api(stage, Target=stage.function("f"))
    api.call(
        "UpdateStage",
        ApiId=api.id,
        StageName="$default",
        DefaultRouteSettings={"ThrottlingBurstLimit": 1, "ThrottlingRateLimit": 0.001},
    )
    assert [stage.ask("GET", api.id).status for _ in range(2)] == [200, 429]


@pytest.mark.parametrize(
    ("operation", "members", "said"),
    [
        ("CreateRoute", {"RouteKey": "GET pets"}, "not formatted properly"),
        ("CreateRoute", {"RouteKey": "GET /{a+}/b"}, "greedy"),
        ("CreateRoute", {"RouteKey": "GET /{a"}, "path parameter"),
        ("CreateRoute", {"RouteKey": "GET /", "Target": "integrations/none"}, "target"),
        ("CreateIntegration", {"IntegrationType": "MOCK"}, "support only"),
        ("CreateIntegration", {"IntegrationType": "AWS_PROXY"}, "ARN of a Lambda"),
        ("CreateStage", {"StageName": "a b"}, "Stage name"),
        ("CreateDeployment", {}, "At least one route"),
    ],
)
def test_parts_are_looked_at_when_they_are_made(
    stage: GatewayStage, operation: str, members: dict[str, Any], said: str
) -> None:
    api = Api(stage)
    with pytest.raises(BadRequestException, match=said):
        api.call(operation, ApiId=api.id, **members)


def test_a_route_is_there_once_and_its_integration_stays_while_it_is(stage: GatewayStage) -> None:
    api = Api(stage)
    target = api.function(stage.function("f"))
    api.route("GET /", target)
    with pytest.raises(ConflictException):
        api.route("GET /", target)
    number = target.removeprefix("integrations/")
    with pytest.raises(ConflictException):
        api.call("DeleteIntegration", ApiId=api.id, IntegrationId=number)
    with pytest.raises(BadRequestException, match="WebSocket"):
        api.call("CreateApi", Name="w", ProtocolType="WEBSOCKET")
