"""The way of a request to a REST API, from its path to its answer."""

import json

from argosy.automation.gateway.authorizing import Verdicts
from argosy.automation.gateway.aws import AwsAsker
from argosy.automation.gateway.context import rest_context
from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.mapping import mapped as mapped_values
from argosy.automation.gateway.mapping import request_values
from argosy.automation.gateway.rest import compression, functions, mapped
from argosy.automation.gateway.rest.authorizers import authorize
from argosy.automation.gateway.rest.checks import Checks
from argosy.automation.gateway.rest.guests import Guests
from argosy.automation.gateway.rest.stage import NOWHERE, Method, RestStage
from argosy.automation.gateway.throttle import Throttles
from argosy.automation.gateway.tools import Tools
from argosy.ground.doors import DoorAnswer
from argosy.ground.gateway import templates
from argosy.ground.gateway.responses import DEFAULT_TEMPLATE
from argosy.ground.gateway.templates import TemplateError


class RestAnswering:
    """For all REST APIs of a platform."""

    def __init__(
        self, tools: Tools, guests: Guests, throttles: Throttles, verdicts: Verdicts
    ) -> None:
        self._tools = tools
        self._guests = guests
        self._throttles = throttles
        self._verdicts = verdicts
        self._aws = AwsAsker(tools.means, tools.outgoing)
        self._checks = Checks()

    def close(self) -> None:
        """No request is answered any more."""
        self._checks.close()

    async def answer(self, exchange: Exchange, stage: RestStage) -> DoorAnswer:
        """What the client gets; never raises Refused."""
        least = stage.parts.get("minimumCompressionSize")
        try:
            if least is not None:
                exchange.request = compression.expanded(exchange.request)
            answer = await self._answer(exchange, stage)
        except Refused as refused:
            answer = refusal(exchange, stage, refused)
        if least is not None:
            await compression.compress(exchange.request, answer, least)
        answer.headers += [
            ("x-amzn-RequestId", exchange.request.request_id),
            ("x-amz-apigw-id", exchange.number),
        ]
        return answer

    async def _answer(self, exchange: Exchange, stage: RestStage) -> DoorAnswer:
        if stage.closed:
            raise Refused("DEFAULT_4XX", "Forbidden", 403)
        method = self._method(exchange, stage)
        verdict = await authorize(exchange, stage, method, self._tools, self._verdicts)
        if method.document["apiKeyRequired"]:
            by_authorizer = stage.parts.get("apiKeySource") == "AUTHORIZER"
            given = exchange.request.header("x-api-key")
            if by_authorizer:
                given = verdict.usage_key if verdict else None
            self._guests.check(exchange, method, given)
        self._throttle(exchange, method)
        await self._checks.check(exchange, stage, method)
        return await self._integrate(exchange, stage, method)

    def _method(self, exchange: Exchange, stage: RestStage) -> Method:
        """What an unknown path is answered with, signed or not, is AWS's own choice."""
        found = stage.find(exchange.raw_path) or NOWHERE
        method = found.methods.get(exchange.request.method) or found.methods.get("ANY")
        if method is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        exchange.path_parameters, exchange.raw_parameters = found.variables, found.encoded
        exchange.resource_path, exchange.resource_id = method.path, method.resource_id
        exchange.operation_name = method.document.get("operationName") or ""
        exchange.log_level = method.settings.get("loggingLevel") or ""
        return method

    def _throttle(self, exchange: Exchange, method: Method) -> None:
        settings, place = method.settings, exchange.place
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if rate is None and burst is None:
            return
        own = "" if method.settings_key == "*/*" else f"{method.path}/{exchange.request.method}"
        if not self._throttles.allow(("stage", place.api_id, place.stage, own), rate, burst):
            raise Refused("THROTTLED")

    async def _integrate(self, exchange: Exchange, stage: RestStage, method: Method) -> DoorAnswer:
        kind = method.integration.get("type")
        if kind == "AWS_PROXY":
            return await functions.proxy(exchange, stage, method, self._tools)
        if kind == "HTTP_PROXY":
            return await mapped.pass_on(exchange, stage, method, self._tools)
        return await mapped.ask(exchange, stage, method, self._tools, self._aws)


def refusal(exchange: Exchange, stage: RestStage, refused: Refused) -> DoorAnswer:
    """An answer of the gateway itself, as the API's gateway responses would have it."""
    exchange.error = exchange.error or refused.detail or refused.message
    exchange.error_kind = refused.kind
    own = stage.parts.get("gatewayResponses") or {}
    usual = "DEFAULT_4XX" if refused.status < 500 else "DEFAULT_5XX"
    response = own.get(refused.kind) or own.get(usual) or {}
    status = int(response.get("statusCode") or refused.status or 500)
    texts = response.get("responseTemplates") or {}
    kind = "application/json" if "application/json" in texts or not texts else next(iter(texts))
    body = _body(exchange, refused, texts.get(kind) or DEFAULT_TEMPLATE)
    headers = [("Content-Type", kind)]
    if refused.error_type:
        headers.append(("x-amzn-ErrorType", refused.error_type))
    values = request_values(exchange, rest_context(exchange))
    put = mapped_values(response.get("responseParameters") or {}, "method.request", values)
    headers += [(name.partition(".header.")[2], value) for name, value in put.items()]
    return DoorAnswer(status, headers, body)


def _body(exchange: Exchange, refused: Refused, template: str) -> bytes:
    said = refused.said
    if template == DEFAULT_TEMPLATE:
        return json.dumps({"message": said}, separators=(",", ":")).encode()
    error = {
        "message": said or "",
        "messageString": json.dumps(said),
        "responseType": refused.kind,
        "validationErrorString": exchange.error,
    }
    context = {**rest_context(exchange), "error": error}
    names = templates.names("", {}, context, exchange.place.variables)
    try:
        return templates.parse(template).render(names).encode()
    except TemplateError:
        return json.dumps({"message": said}).encode()
