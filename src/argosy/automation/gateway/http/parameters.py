"""Parameter mapping of HTTP APIs: `overwrite:header.x` and the like. Pure.

Source: API Gateway guide, http-api-parameter-mapping.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from argosy.automation.gateway.context import rest_context
from argosy.automation.gateway.exchange import Exchange
from argosy.ground.doors import DoorAnswer

_VARIABLE = re.compile(
    r"\$\{?((?:request|response)\.(?:header|querystring|path|body)(?:\.[\w$.-]+)?"
    r"|request\.path|context\.[\w.-]+|stageVariables\.\w+)\}?"
)

Pairs = list[tuple[str, str]]


def map_request(
    mappings: Mapping[str, str], exchange: Exchange, headers: Pairs, query: Pairs
) -> tuple[Pairs, Pairs, str | None]:
    """Headers and query as they are sent, and the path where it is overwritten."""
    path = None
    for put, expression in mappings.items():
        action, _, where = put.partition(":")
        kind, _, name = where.partition(".")
        value = "" if action == "remove" else _value(expression, exchange, None)
        if kind == "path":
            path = value
        elif kind == "header":
            headers = _changed(headers, action, name, value, lower=True)
        elif kind == "querystring":
            query = _changed(query, action, name, value, lower=False)
    return headers, query, path


def map_response(mappings: Mapping[str, str], exchange: Exchange, answer: DoorAnswer) -> None:
    """The answer with what is set for its status."""
    for put, expression in mappings.items():
        action, _, where = put.partition(":")
        kind, _, name = where.partition(".")
        value = "" if action == "remove" else _value(expression, exchange, answer)
        if kind == "statuscode" and value.isdecimal() and 200 <= int(value) <= 599:
            answer.status = int(value)
        elif kind == "header":
            answer.headers = _changed(answer.headers, action, name, value, lower=True)


def _changed(pairs: Pairs, action: str, name: str, value: str, *, lower: bool) -> Pairs:
    same: Callable[[str], bool] = lambda one: (  # noqa: E731
        one.lower() == name.lower() if lower else one == name
    )
    if action == "append":
        return [*pairs, (name, value)]
    kept = [pair for pair in pairs if not same(pair[0])]
    return [*kept, (name, value)] if action == "overwrite" else kept


def evaluated(expression: str, exchange: Exchange) -> str:
    """An expression of a service integration's parameter, as text."""
    return _value(expression, exchange, None)


def _value(expression: str, exchange: Exchange, answer: DoorAnswer | None) -> str:
    text = _VARIABLE.sub(lambda found: _variable(found.group(1), exchange, answer), expression)
    return text.replace("\r", " ").replace("\n", " ") if "$" not in expression[:1] else text


def _variable(name: str, exchange: Exchange, answer: DoorAnswer | None) -> str:
    if name.startswith("stageVariables."):
        return exchange.place.variables.get(name.removeprefix("stageVariables."), "")
    if name.startswith("context."):
        return _step(rest_context(exchange), name.removeprefix("context."))
    side, kind, *rest = name.split(".", 2)
    key = rest[0] if rest else ""
    if kind == "body":
        body = exchange.request.body if side == "request" or answer is None else answer.body
        return _of_body(body, key)
    if side == "response":
        headers = answer.headers if answer is not None else []
        return next((v for n, v in reversed(headers) if n.lower() == key.lower()), "")
    if kind == "header":
        return exchange.request.header(key.lower()) or ""
    if kind == "querystring":
        return exchange.single_query.get(key, "")
    return exchange.path_parameters.get(key, "") if key else exchange.path


def _of_body(body: bytes, path: str) -> str:
    text = body.decode("utf-8", "replace")
    if not path:
        return text
    try:
        return _step(json.loads(text), path)
    except (ValueError, RecursionError):
        return ""


def _step(held: Any, path: str) -> str:
    for step in path.split("."):
        held = held.get(step) if isinstance(held, Mapping) else None
    if held is None:
        return ""
    return held if isinstance(held, str) else json.dumps(held)
