"""The events by which a function is told of a request, in both formats. Pure.

Source: API Gateway guide, http-api-develop-integrations-lambda and
set-up-lambda-proxy-integrations; reference/automation.md §6.
"""

import base64
from typing import Any

from argosy.automation.gateway.context import identity, rest_context
from argosy.automation.gateway.exchange import Exchange

_FORWARDED = ("x-forwarded-for", "x-forwarded-port", "x-forwarded-proto")
_TRACE = "x-amzn-trace-id"
_OWN = (*_FORWARDED, _TRACE)
_WRITTEN = {name: "-".join(part.capitalize() for part in name.split("-")) for name in _OWN}
"""How the gateway writes the headers that it makes."""


def event_1(exchange: Exchange, binary: bool) -> dict[str, Any]:
    """Format 1.0; `binary`: the body goes as base64.

    Headers are called as the client wrote them. Paths of REST APIs stay percent-encoded, those of
    HTTP APIs are decoded, as on AWS.
    """
    request, place = exchange.request, exchange.place
    written = {**request.written, **_WRITTEN}
    several: dict[str, list[str]] = {}
    for name, value in told_headers(exchange):
        several.setdefault(written.get(name, name), []).append(value)
    query: dict[str, list[str]] = {}
    for name, value in exchange.query:
        query.setdefault(name, []).append(value)
    body, encoded = _body(request.body, binary)
    rest = place.kind == "rest"
    variables = exchange.raw_parameters if rest else exchange.path_parameters
    context = rest_context(exchange) if rest else _context_of_route(exchange)
    return {
        **({} if rest else {"version": "1.0"}),
        "resource": context["resourcePath"],
        "path": exchange.raw_path if rest else exchange.own_path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in several.items()},
        "multiValueHeaders": several,
        "queryStringParameters": {name: v[-1] for name, v in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": variables or None,
        "stageVariables": place.variables or None,
        "requestContext": context,
        "body": body,
        "isBase64Encoded": encoded,
    }


def event_2(exchange: Exchange, binary: bool) -> dict[str, Any]:
    """Format 2.0: names of headers in lower case, repeated ones joined by commas."""
    request, place = exchange.request, exchange.place
    headers: dict[str, str] = {}
    cookies: list[str] = []
    for name, value in told_headers(exchange):
        if name == "cookie":
            cookies += [one.strip() for one in value.split(";") if one.strip()]
        else:
            headers[name] = f"{headers[name]},{value}" if name in headers else value
    query: dict[str, str] = {}
    for name, value in exchange.query:
        query[name] = f"{query[name]},{value}" if name in query else value
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": exchange.resource_path,
        "rawPath": exchange.own_path,
        "rawQueryString": request.query,
        "headers": headers,
        "requestContext": context_2(exchange),
        "isBase64Encoded": False,
    }
    told = {
        "cookies": cookies,
        "queryStringParameters": query,
        "pathParameters": exchange.path_parameters,
        "stageVariables": place.variables,
    }
    event.update({name: value for name, value in told.items() if value})
    if request.body:
        event["body"], event["isBase64Encoded"] = _body(request.body, binary)
    return event


def _context_of_route(exchange: Exchange) -> dict[str, Any]:
    """requestContext of format 1.0 in an HTTP API, whose routes are its resources."""
    context, key = rest_context(exchange), exchange.resource_path
    return context | {"resourceId": key, "resourcePath": key.rpartition(" ")[2]}


def context_2(exchange: Exchange) -> dict[str, Any]:
    """requestContext of format 2.0."""
    request, place = exchange.request, exchange.place
    domain = exchange.host.partition(":")[0]
    context = {
        "accountId": place.account,
        "apiId": place.api_id,
        "domainName": domain,
        "domainPrefix": domain.partition(".")[0],
        "http": {
            "method": request.method,
            "path": exchange.own_path,
            "protocol": "HTTP/1.1",
            "sourceIp": request.source_ip,
            "userAgent": exchange.user_agent or "",
        },
        "requestId": exchange.told_id,
        "routeKey": exchange.resource_path,
        "stage": place.stage,
        "time": exchange.time,
        "timeEpoch": int(exchange.received * 1000),
    }
    if exchange.authorizer:
        context["authorizer"] = exchange.authorizer
    return context


def token_event(exchange: Exchange, token: str, method_arn: str) -> dict[str, Any]:
    """What a TOKEN authorizer is asked."""
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def request_event(exchange: Exchange, method_arn: str) -> dict[str, Any]:
    """What a REQUEST authorizer of format 1.0 is asked: the event without its body."""
    event = event_1(exchange, False)
    for member in ("body", "isBase64Encoded", "version"):
        event.pop(member, None)
    event["requestContext"]["identity"] = identity(exchange)
    version = {} if exchange.place.kind == "rest" else {"version": "1.0"}
    return {**version, "type": "REQUEST", "methodArn": method_arn, **event}


def told_headers(exchange: Exchange) -> list[tuple[str, str]]:
    """Those of the client, and by which way it came."""
    request = exchange.request
    given = [pair for pair in request.headers if pair[0] not in _OWN]
    before = request.header("x-forwarded-for")
    source = f"{before}, {request.source_ip}" if before else request.source_ip
    port = exchange.host.rpartition(":")[2] if ":" in exchange.host else "80"
    scheme = "https" if port == "443" else "http"
    return [*given, *zip(_OWN, (source, port, scheme, exchange.trace), strict=True)]


def _body(body: bytes, binary: bool) -> tuple[str | None, bool]:
    if not body:
        return None, False
    if binary:
        return base64.b64encode(body).decode(), True
    return body.decode("utf-8", "replace"), False
