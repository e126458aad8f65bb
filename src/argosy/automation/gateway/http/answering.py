"""The way of a request to an HTTP API, from its path to its answer."""

import json

from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.http import cors, integrations
from argosy.automation.gateway.http.authorizers import Authorizers
from argosy.automation.gateway.http.stage import HttpStage, Route
from argosy.automation.gateway.throttle import Throttles
from argosy.automation.gateway.tools import Tools
from argosy.ground.doors import DoorAnswer

_SAID = {
    "API_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_CONFIGURATION_ERROR": (500, "Internal Server Error"),
    "AUTHORIZER_FAILURE": (500, "Internal Server Error"),
    "INTEGRATION_TIMEOUT": (503, "Service Unavailable"),
}
"""What HTTP APIs say in their own way."""


class HttpAnswering:
    """For all HTTP APIs of a platform."""

    def __init__(self, tools: Tools, throttles: Throttles, authorizers: Authorizers) -> None:
        self._tools = tools
        self._throttles = throttles
        self._authorizers = authorizers

    async def answer(self, exchange: Exchange, stage: HttpStage) -> DoorAnswer:
        """What the client gets; never raises Refused."""
        answer = cors.preflight(stage.cors, exchange.request)
        if answer is None:
            try:
                answer = await self._answer(exchange, stage)
            except Refused as refused:
                answer = _refusal(exchange, refused)
            cors.dress(stage.cors, exchange.request, answer)
        answer.headers.append(("Apigw-Requestid", exchange.number))
        return answer

    async def _answer(self, exchange: Exchange, stage: HttpStage) -> DoorAnswer:
        found = None if stage.closed else stage.find(exchange.request.method, exchange.path)
        if found is None:
            raise Refused("RESOURCE_NOT_FOUND")
        route, exchange.path_parameters = found
        exchange.resource_path = route.key
        self._throttle(exchange, route)
        await self._authorizers.authorize(exchange, stage, route)
        return await integrations.ask(exchange, route, self._tools)

    def _throttle(self, exchange: Exchange, route: Route) -> None:
        place, settings = exchange.place, route.settings
        key = "stage", place.api_id, place.stage, route.key
        rate, burst = settings.get("throttlingRateLimit"), settings.get("throttlingBurstLimit")
        if not self._throttles.allow(key, rate, burst):
            raise Refused("THROTTLED")


def _refusal(exchange: Exchange, refused: Refused) -> DoorAnswer:
    exchange.error = refused.detail or refused.message
    exchange.error_kind = refused.kind
    status, message = _SAID.get(refused.kind, (refused.status or 500, refused.message))
    body = json.dumps({"message": message}, separators=(",", ":")).encode()
    return DoorAnswer(status, [("Content-Type", "application/json"), *refused.headers], body)
