"""Mapping expressions: where the value of a parameter comes from.

method.request.header.Content-Type    'application/json'    stageVariables.x
method.request.body    method.request.body.a.b    context.requestId
integration.response.header.X    integration.response.body.a
"""

import re
from dataclasses import dataclass

_SOURCES = re.compile(
    r"(method\.request|integration\.response)\."
    r"(?:(path|querystring|header|multivaluequerystring|multivalueheader)\.([\w.$-]+)"
    r"|body((?:\.[\w$-]+|\[\d+\])*))"
)
_STEP = re.compile(r"\.([\w$-]+)|\[(\d+)\]")
_TARGETS = {
    "request": re.compile(r"integration\.request\.(path|querystring|header)\.([\w.$-]+)"),
    "response": re.compile(r"method\.response\.(header)\.([\w.$-]+)"),
    "gateway": re.compile(r"gatewayresponse\.(header)\.([\w.$-]+)"),
}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a value comes from."""

    kind: str
    """"literal", "stage", "context", "path", "querystring", "header", "body", "multivalue…"."""
    name: str = ""
    """Of the parameter; the text of a literal."""
    steps: tuple[str | int, ...] = ()
    """Into a body that is JSON; none for the whole of it."""


def source(expression: str, side: str) -> Source | None:
    """What an expression means; None for one that is wrong.

    side: "method.request" or "integration.response", from which it may take.
    """
    if len(expression) >= 2 and expression[0] == expression[-1] == "'":
        return Source("literal", expression[1:-1])
    head, _, rest = expression.partition(".")
    if head in ("stageVariables", "context") and rest:
        return Source("stage" if head == "stageVariables" else "context", rest)
    found = _SOURCES.fullmatch(expression)
    if found is None or found.group(1) != side:
        return None
    if found.group(2):
        return Source(found.group(2), found.group(3))
    return Source("body", steps=steps(found.group(4)))


def steps(path: str) -> tuple[str | int, ...]:
    """`.a.b[0]` as steps."""
    return tuple(name or int(place) for name, place in _STEP.findall(path))


def target(expression: str, kind: str) -> tuple[str, str] | None:
    """(where, name) of what a value is put into, None for one that is wrong; kind: "request" for
    an integration's request, "response" for a method's, "gateway" for the gateway's own."""
    found = _TARGETS[kind].fullmatch(expression)
    return (found.group(1), found.group(2)) if found else None
