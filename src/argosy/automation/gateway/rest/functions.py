"""Integrations of type AWS_PROXY: the function is told of the request, and makes the answer."""

import json

from argosy.automation.gateway import events, proxied
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.media import accepts_binary, is_binary
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.automation.gateway.tools import Tools, within
from argosy.ground.doors import DoorAnswer
from argosy.ground.gateway.uris import aws_target, with_variables

MALFORMED = "Execution failed due to configuration error: Malformed Lambda proxy response"


async def proxy(exchange: Exchange, stage: RestStage, method: Method, tools: Tools) -> DoorAnswer:
    """The function's answer. Raises Refused."""
    place, integration = exchange.place, method.integration
    target = aws_target(with_variables(integration["uri"], place.variables))
    if target is None or not target.function:
        raise misconfigured("the integration's URI names no function")
    binary = is_binary(stage.binary, exchange.media_type)
    event = events.event_1(exchange, binary)
    answer = await within(
        exchange,
        method.timeout_s,
        tools.caller.invoke(
            target.function,
            json.dumps(event).encode(),
            source_arn=place.arn(f"{exchange.request.method}{exchange.resource_path}"),
            account=place.account,
            by_role=bool(integration.get("credentials")),
            trace=exchange.trace,
        ),
    )
    exchange.integration_status = 200
    accept = exchange.request.header("accept")

    def decode(content_type: str) -> bool:
        return accepts_binary(stage.binary, accept) or is_binary(stage.binary, content_type)

    try:
        if answer.error:
            raise proxied.Malformed(answer.error)
        return proxied.answer_1(answer.payload, decode)
    except proxied.Malformed as error:
        raise Refused(
            "DEFAULT_5XX", "Internal server error", 502, f"{MALFORMED}: {error}"
        ) from None
