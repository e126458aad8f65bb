"""Parameters of integrations: values that are taken from one place into another. Pure."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from argosy.automation.gateway.exchange import Exchange
from argosy.ground.gateway.expressions import Source, source

Values = Callable[[Source], str | None]


def request_values(exchange: Exchange, context: Mapping[str, Any]) -> Values:
    """What expressions mean that take from the client's request."""

    def value(wanted: Source) -> str | None:
        if wanted.kind == "path":
            return exchange.path_parameters.get(wanted.name)
        if wanted.kind == "querystring":
            return exchange.single_query.get(wanted.name)
        if wanted.kind == "header":
            return exchange.request.header(wanted.name.lower())
        if wanted.kind == "multivaluequerystring":
            return ",".join(v for name, v in exchange.query if name == wanted.name) or None
        if wanted.kind == "multivalueheader":
            wanted_name = wanted.name.lower()
            return ",".join(v for n, v in exchange.request.headers if n == wanted_name) or None
        return shared_value(wanted, exchange.request.body, context, exchange.place.variables)

    return value


def shared_value(
    wanted: Source, body: bytes, context: Mapping[str, Any], variables: Mapping[str, str]
) -> str | None:
    """A literal, a stage variable, a part of $context or of a body."""
    if wanted.kind == "literal":
        return wanted.name
    if wanted.kind == "stage":
        return variables.get(wanted.name)
    if wanted.kind == "context":
        return _in_context(context, wanted.name)
    if wanted.kind == "body":
        return _in_body(body, wanted.steps)
    return None


def mapped(mappings: Mapping[str, str], side: str, values: Values) -> dict[str, str]:
    """By what is set, the values that there are; expressions were checked when they were made."""
    found = {}
    for put, expression in mappings.items():
        wanted = source(expression, side)
        value = values(wanted) if wanted is not None else None
        if value is not None:
            found[put] = value
    return found


def _in_context(context: Mapping[str, Any], name: str) -> str | None:
    held: Any = context
    for step in name.split("."):
        held = held.get(step) if isinstance(held, Mapping) else None
    return None if held is None else _text(held)


def _in_body(body: bytes, steps: tuple[str | int, ...]) -> str | None:
    text = body.decode("utf-8", "replace")
    if not steps:
        return text
    try:
        held = json.loads(text)
        for step in steps:
            held = held[step]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return None
    return _text(held)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else json.dumps(value)
