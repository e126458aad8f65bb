"""Which operation of a REST service a method, a path and a query string ask for."""

import re
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qsl, unquote

from botocore.model import OperationModel

from argosy.ground.errors import UnknownOperationException
from argosy.wire.base import Match
from argosy.wire.http import HttpRequest
from argosy.wire.service import Service

_LABEL = re.compile(r"\{([^}+]+)(\+?)\}")


@dataclass(frozen=True)
class Route:
    """One operation's request line."""

    operation: str
    method: str
    path: re.Pattern[str]
    labels: tuple[str, ...]
    query: frozenset[tuple[str, str]]
    """Fixed parameters that must be there."""
    rank: tuple[int, int, int]
    """The route with the highest rank wins: fixed parameters, then literal characters of the
    path, then not being deprecated."""


def find(service: Service, request: HttpRequest) -> Match:
    """The operation and the path's labels, decoded; raises UnknownOperationException."""
    try:
        given = frozenset(parse_qsl(request.query, keep_blank_values=True, max_num_fields=1000))
    except ValueError:
        given = frozenset()
    for route in _routes(service):
        if route.method != request.method or not route.query <= given:
            continue
        found = route.path.fullmatch(request.path)
        if found:
            values = (unquote(text) for text in found.groups())
            return Match(route.operation, dict(zip(route.labels, values, strict=True)))
    raise UnknownOperationException(
        f"{service.name} has no operation {request.method} {request.path[:256]}."
    )


@cache
def _routes(service: Service) -> list[Route]:
    routes = [_route(service.operation(name)) for name in sorted(service.operation_names)]
    return sorted(routes, key=lambda route: route.rank, reverse=True)


def _route(operation: OperationModel) -> Route:
    path, _, query = operation.http["requestUri"].partition("?")
    fixed = frozenset(parse_qsl(query, keep_blank_values=True))
    literal = len(_LABEL.sub("", path))
    return Route(
        operation=operation.name,
        method=operation.http["method"],
        path=re.compile(_pattern(path)),
        labels=tuple(name for name, _ in _LABEL.findall(path)),
        query=fixed,
        rank=(len(fixed), literal, 0 if operation.deprecated else 1),
    )


def _pattern(path: str) -> str:
    """The path's regular expression; a trailing slash more or less makes no difference."""
    pieces = []
    end = 0
    for label in _LABEL.finditer(path):
        pieces.append(re.escape(path[end : label.start()]))
        pieces.append("(.+)" if label[2] else "([^/]+)")
        end = label.end()
    return "".join(pieces) + re.escape(path[end:].rstrip("/")) + "/?"
