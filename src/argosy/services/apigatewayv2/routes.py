"""Routes of HTTP APIs."""

import re
from typing import Any

from argosy.services.apigateway.errors import BadRequestException, ConflictException
from argosy.services.apigatewayv2.finding import ROUTE, asked, changing, page, reading, updating
from argosy.services.apigatewayv2.forms import shown
from argosy.services.registry import Call, operation
from argosy.state.apis import new_id

_METHODS = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_VARIABLE = re.compile(r"\{[A-Za-z0-9._:-]+\+?\}")
_MOST = 300
_REFUSED = ("modelSelectionExpression", "requestModels", "requestParameters")


@operation("apigatewayv2", "CreateRoute")
def create_route(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        number = new_id(7)
        route = {
            "routeId": number,
            "authorizationType": "NONE",
            "apiKeyRequired": False,
            **asked(call),
        }
        check_route(api, route)
        if len(api["routes"]) >= _MOST:
            raise BadRequestException(f"An API has at most {_MOST} routes.")
        api["routes"][number] = route
        return shown(route)


@operation("apigatewayv2", "GetRoute")
def get_route(call: Call) -> dict[str, Any]:
    return shown(ROUTE.named(call, reading(call)))


@operation("apigatewayv2", "GetRoutes")
def get_routes(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["routes"].items())


@operation("apigatewayv2", "UpdateRoute")
def update_route(call: Call) -> dict[str, Any]:
    with updating(call, ROUTE) as (api, route):
        check_route(api, route)
        return shown(route)


@operation("apigatewayv2", "DeleteRoute")
def delete_route(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        ROUTE.remove(call, api)
    return {}


def check_route(api: dict[str, Any], route: dict[str, Any]) -> None:
    """Raises BadRequestException, ConflictException."""
    check_key(route["routeKey"])
    for other in api["routes"].values():
        if other["routeId"] != route["routeId"] and other["routeKey"] == route["routeKey"]:
            raise ConflictException(
                f"Route with key {route['routeKey']} already exists for this API"
            )
    target = route.get("target")
    if target and target.removeprefix("integrations/") not in api["integrations"]:
        raise BadRequestException(f"Invalid target {target}: there is no such integration.")
    if route.get("apiKeyRequired"):
        raise BadRequestException("HTTP APIs have no API keys.")
    if any(route.get(name) for name in _REFUSED):
        raise BadRequestException("Models and parameters of routes are for WebSocket APIs.")
    _check_authorization(api, route)


def check_key(key: str) -> None:
    """Raises BadRequestException for what is no key of a route."""
    if key == "$default":
        return
    method, _, path = key.partition(" ")
    if method not in _METHODS or not path.startswith("/"):
        raise BadRequestException(
            "The provided route key is not formatted properly for HTTP protocol. Format should be "
            '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )
    parts = path.split("/")[1:]
    for place, part in enumerate(parts, 1):
        if ("{" in part or "}" in part) and not _VARIABLE.fullmatch(part):
            raise BadRequestException(f"Invalid path parameter {part} in the route key {key}")
        if part.endswith("+}") and place < len(parts):
            raise BadRequestException(f"A greedy path variable ends a path: {key}")


def _check_authorization(api: dict[str, Any], route: dict[str, Any]) -> None:
    kind = route.get("authorizationType") or "NONE"
    if kind in ("NONE", "AWS_IAM"):
        return
    authorizer = api["authorizers"].get(route.get("authorizerId") or "")
    wanted = "JWT" if kind == "JWT" else "REQUEST"
    if authorizer is None or authorizer["authorizerType"] != wanted:
        raise BadRequestException(f"{kind} needs the AuthorizerId of an authorizer of its type.")
