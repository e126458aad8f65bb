"""Authorizers of HTTP APIs: JWTs and functions."""

from typing import Any

from argosy.ground.gateway.uris import aws_target, is_url
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from argosy.services.apigatewayv2.finding import (
    AUTHORIZER,
    STAGE,
    asked,
    changing,
    page,
    reading,
    updating,
)
from argosy.services.apigatewayv2.forms import shown
from argosy.services.registry import Call, operation
from argosy.state.apis import new_id

_SOURCES = ("$request.header.", "$request.querystring.", "$context.", "$stageVariables.")
_LONGEST_TTL_S = 3600


@operation("apigatewayv2", "CreateAuthorizer")
def create_authorizer(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        made = {"authorizerId": new_id(6), **asked(call)}
        if any(one["name"] == made["name"] for one in api["authorizers"].values()):
            raise ConflictException(f"Authorizer name {made['name']} is taken.")
        check_authorizer(made)
        api["authorizers"][made["authorizerId"]] = made
        return shown(made)


@operation("apigatewayv2", "GetAuthorizer")
def get_authorizer(call: Call) -> dict[str, Any]:
    return shown(AUTHORIZER.named(call, reading(call)))


@operation("apigatewayv2", "GetAuthorizers")
def get_authorizers(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["authorizers"].items())


@operation("apigatewayv2", "UpdateAuthorizer")
def update_authorizer(call: Call) -> dict[str, Any]:
    with updating(call, AUTHORIZER) as (_, authorizer):
        check_authorizer(authorizer)
        return shown(authorizer)


@operation("apigatewayv2", "DeleteAuthorizer")
def delete_authorizer(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        number = AUTHORIZER.key(call, api)
        if any(route.get("authorizerId") == number for route in api["routes"].values()):
            raise ConflictException("Cannot delete Authorizer. A route needs it.")
        del api["authorizers"][number]
    return {}


@operation("apigatewayv2", "ResetAuthorizersCache")
def reset_authorizers_cache(call: Call) -> dict[str, Any]:
    """Whoever answers requests sees that the API has changed, and forgets."""
    with changing(call) as api:
        STAGE.named(call, api)["flushed"] = call.clock.now()
    return {}


def check_authorizer(one: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    sources = one.get("identitySource") or []
    if not all(source.startswith(_SOURCES) for source in sources):
        raise BadRequestException(f"Invalid identity source: {sources}")
    if one["authorizerType"] == "JWT":
        _check_jwt(one, sources)
    else:
        _check_function(one, sources)


def _check_jwt(one: dict[str, Any], sources: list[str]) -> None:
    configuration = one.get("jwtConfiguration") or {}
    if not is_url(configuration.get("issuer") or ""):
        raise BadRequestException("Invalid issuer: it is a URL.")
    if not configuration.get("audience"):
        raise BadRequestException("The JwtConfiguration needs an Audience.")
    if len(sources) != 1:
        raise BadRequestException("A JWT authorizer has one identity source.")


def _check_function(one: dict[str, Any], sources: list[str]) -> None:
    target = aws_target(one.get("authorizerUri") or "")
    if target is None or not target.function:
        raise BadRequestException("Invalid AuthorizerUri: it names a function.")
    if one.get("authorizerPayloadFormatVersion") not in ("1.0", "2.0"):
        raise BadRequestException("AuthorizerPayloadFormatVersion is 1.0 or 2.0.")
    if one.get("enableSimpleResponses") and one["authorizerPayloadFormatVersion"] == "1.0":
        raise BadRequestException("Simple responses need the payload format version 2.0.")
    ttl = one.get("authorizerResultTtlInSeconds") or 0
    if not 0 <= ttl <= _LONGEST_TTL_S:
        raise BadRequestException(f"The TTL must be from 0 to {_LONGEST_TTL_S} seconds.")
    if ttl and not sources:
        raise BadRequestException("A TTL needs an identity source.")
