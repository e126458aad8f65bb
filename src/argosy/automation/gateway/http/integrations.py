"""What stands behind a route: a function, an HTTP server, or an operation of a service."""

import json
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from argosy.automation.gateway import events, proxied
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.http.parameters import evaluated, map_request, map_response
from argosy.automation.gateway.http.stage import Route
from argosy.automation.gateway.outgoing import HOP_BY_HOP, OutgoingError
from argosy.automation.gateway.tools import Tools, within
from argosy.ground.doors import DoorAnswer
from argosy.ground.errors import ApiError
from argosy.ground.functions import Invoked
from argosy.ground.gateway.uris import aws_target, with_variables
from argosy.ground.operations import Asker

_VARIABLE = re.compile(r"\{([\w.$-]+)\+?\}")
_TEXT = ("text/", "application/json", "application/xml", "application/javascript")
SUBTYPES = {
    "SQS-SendMessage": ("sqs", "SendMessage"),
    "EventBridge-PutEvents": ("events", "PutEvents"),
}


async def ask(exchange: Exchange, route: Route, tools: Tools) -> DoorAnswer:
    """The integration's answer. Raises Refused."""
    integration = route.integration
    kind = integration.get("integrationType")
    if kind == "HTTP_PROXY":
        return await _pass_on(exchange, route, tools)
    if integration.get("integrationSubtype"):
        return await _operate(exchange, route, tools)
    if kind == "AWS_PROXY":
        return await _invoke(exchange, route, tools)
    raise misconfigured("the route has no integration")


async def _invoke(exchange: Exchange, route: Route, tools: Tools) -> DoorAnswer:
    integration = route.integration
    event, second = _event(exchange, integration)
    function = function_of(integration.get("integrationUri") or "", exchange.place.variables)
    rest = route.key if route.key == "$default" else route.key.replace(" ", "", 1)
    answer = await within(
        exchange,
        route.timeout_s,
        tools.caller.invoke(
            function,
            json.dumps(event).encode(),
            source_arn=exchange.place.arn(_concrete(rest, exchange)),
            account=exchange.place.account,
            by_role=bool(integration.get("credentialsArn")),
            trace=exchange.trace,
        ),
    )
    exchange.integration_status = 200
    try:
        return _read(answer, second)
    except proxied.Malformed as error:
        raise Refused("DEFAULT_5XX", "Internal Server Error", 500, f"malformed: {error}") from None


def _event(exchange: Exchange, integration: Mapping[str, Any]) -> tuple[dict[str, Any], bool]:
    """The event, and whether it is of format 2.0."""
    content_type = (exchange.request.header("content-type") or "").lower()
    binary = bool(content_type) and not (
        content_type.startswith(_TEXT) or "charset=" in content_type
    )
    second = integration.get("payloadFormatVersion") != "1.0"
    return (events.event_2 if second else events.event_1)(exchange, binary), second


def _read(answer: Invoked, second: bool) -> DoorAnswer:
    if answer.error:
        raise proxied.Malformed(answer.error)
    if second:
        return proxied.answer_2(answer.payload, proxied.TEXT)
    return proxied.answer_1(answer.payload, lambda _: True, proxied.TEXT)


def _concrete(rest: str, exchange: Exchange) -> str:
    """ANY becomes the method that came."""
    return exchange.request.method + rest[3:] if rest.startswith("ANY/") else rest


def function_of(uri: str, variables: Mapping[str, str]) -> str:
    """The ARN of the function that an integration names, itself or in API Gateway's way."""
    text = with_variables(uri, dict(variables))
    target = aws_target(text)
    return target.function if target is not None else text


async def _pass_on(exchange: Exchange, route: Route, tools: Tools) -> DoorAnswer:
    integration = route.integration
    headers = [(n, v) for n, v in exchange.request.headers if n not in HOP_BY_HOP]
    query = list(exchange.query)
    mappings = integration.get("requestParameters") or {}
    headers, query, path = map_request(mappings, exchange, headers, query)
    url = _url(exchange, integration, query, path)
    verb = integration.get("integrationMethod") or "ANY"
    verb = exchange.request.method if verb == "ANY" else verb
    try:
        told = await within(
            exchange,
            route.timeout_s,
            tools.outgoing.ask(verb, url, headers, exchange.request.body),
        )
    except OutgoingError as error:
        raise Refused("DEFAULT_5XX", "Internal Server Error", 500, str(error)) from None
    exchange.integration_status = told.status
    kept = [(n, v) for n, v in told.headers if n.lower() not in HOP_BY_HOP]
    answer = DoorAnswer(told.status, kept, told.body)
    responses = integration.get("responseParameters") or {}
    map_response(responses.get(str(told.status)) or {}, exchange, answer)
    return answer


def _url(
    exchange: Exchange,
    integration: Mapping[str, Any],
    query: list[tuple[str, str]],
    path: str | None,
) -> str:
    uri = with_variables(integration.get("integrationUri") or "", exchange.place.variables)
    url = _VARIABLE.sub(lambda f: quote(exchange.path_parameters.get(f.group(1), "")), uri)
    if path is not None:
        scheme, _, rest = url.partition("://")
        url = f"{scheme}://{rest.partition('/')[0]}/{quote(path.lstrip('/'))}"
    if query:
        text = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in query)
        url += ("&" if "?" in url else "?") + text
    return url


async def _operate(exchange: Exchange, route: Route, tools: Tools) -> DoorAnswer:
    integration, place = route.integration, exchange.place
    wanted = SUBTYPES[integration["integrationSubtype"]]
    given = {
        name: evaluated(expression, exchange)
        for name, expression in (integration.get("requestParameters") or {}).items()
    }
    members: dict[str, Any] = dict(given)
    if wanted[1] == "PutEvents":
        members = {"Entries": [_entry(given)]}
    asker = Asker(place.account, place.region, integration.get("credentialsArn") or "")
    try:
        result = await within(
            exchange, route.timeout_s, tools.means.operations.call(*wanted, members, asker)
        )
    except ApiError as error:
        exchange.integration_status = error.status
        body = {"__type": error.code, "message": error.message}
        return _said(error.status, body)
    exchange.integration_status = 200
    return _said(200, result)


def _entry(given: Mapping[str, str]) -> dict[str, Any]:
    entry: dict[str, Any] = dict(given)
    if "Resources" in entry:
        entry["Resources"] = [one for one in entry["Resources"].split(",") if one]
    return entry


def _said(status: int, value: Any) -> DoorAnswer:
    return DoorAnswer(
        status, [("Content-Type", "application/json")], json.dumps(value, default=str).encode()
    )
