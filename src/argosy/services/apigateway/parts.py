"""Models, request validators, authorizers and gateway responses of an API."""

import json
import re
from typing import Any

from argosy.ground.gateway import schemas
from argosy.ground.gateway.patterns import compiled
from argosy.ground.gateway.uris import aws_target
from argosy.services.apigateway import patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
)
from argosy.services.apigateway.finding import (
    AUTHORIZER,
    MODEL,
    VALIDATOR,
    changing,
    page,
    patching,
    reading,
)
from argosy.services.registry import Call, operation
from argosy.state.apis import new_id

_NAME = re.compile(r"[A-Za-z0-9]+")
_IDENTITY = re.compile(r"(method\.request\.(header|querystring)|stageVariables|context)\.[\w.-]+")
_LONGEST_TTL_S = 3600
_USUAL_TTL_S = 300
_MODEL_RULES: dict[str, patches.Rule] = {"/schema": patches.needed, "/description": patches.text}
_VALIDATOR_RULES: dict[str, patches.Rule] = {
    "/name": patches.text,
    "/validateRequestBody": patches.boolean,
    "/validateRequestParameters": patches.boolean,
}
_AUTHORIZER_RULES: dict[str, patches.Rule] = {
    "/name": patches.text,
    "/authorizerUri": patches.text,
    "/authorizerCredentials": patches.text,
    "/identitySource": patches.text,
    "/identityValidationExpression": patches.text,
    "/authorizerResultTtlInSeconds": patches.integer,
}


@operation("apigateway", "CreateModel")
def create_model(call: Call) -> dict[str, Any]:
    asked = call.input
    with changing(call) as api:
        if not _NAME.fullmatch(asked["name"]):
            raise BadRequestException("Model name must be alphanumeric: " + asked["name"])
        if asked["name"] in api["models"]:
            raise ConflictException("Model name already exists for this REST API")
        api["models"][asked["name"]] = made = {
            "id": new_id(6),
            "name": asked["name"],
            "description": asked.get("description"),
            "schema": asked.get("schema") or "{}",
            "contentType": asked["contentType"],
        }
        check_schema(api, made)
        return dict(made)


@operation("apigateway", "GetModel")
def get_model(call: Call) -> dict[str, Any]:
    return MODEL.named(call, reading(call))


@operation("apigateway", "GetModels")
def get_models(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["models"])


@operation("apigateway", "UpdateModel")
def update_model(call: Call) -> dict[str, Any]:
    with patching(call, MODEL.named, _MODEL_RULES) as (api, model):
        check_schema(api, model)
        return dict(model)


@operation("apigateway", "DeleteModel")
def delete_model(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        name = MODEL.key(call, api)
        for method in methods_of(api):
            if name in method["requestModels"].values():
                raise ConflictException(f"Cannot delete model '{name}', is referenced in a method.")
        for other in api["models"].values():
            if other["name"] != name and name in schemas.models_of(json.loads(other["schema"])):
                raise ConflictException(
                    f"Cannot delete model '{name}', is referenced in model '{other['name']}'."
                )
        del api["models"][name]
    return {}


@operation("apigateway", "CreateRequestValidator")
def create_request_validator(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        made = {
            "id": new_id(6),
            "name": call.input.get("name"),
            "validateRequestBody": bool(call.input.get("validateRequestBody")),
            "validateRequestParameters": bool(call.input.get("validateRequestParameters")),
        }
        api["validators"][made["id"]] = made
        return made


@operation("apigateway", "GetRequestValidator")
def get_request_validator(call: Call) -> dict[str, Any]:
    return VALIDATOR.named(call, reading(call))


@operation("apigateway", "GetRequestValidators")
def get_request_validators(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["validators"])


@operation("apigateway", "UpdateRequestValidator")
def update_request_validator(call: Call) -> dict[str, Any]:
    with patching(call, VALIDATOR.named, _VALIDATOR_RULES) as (_, validator):
        return dict(validator)


@operation("apigateway", "DeleteRequestValidator")
def delete_request_validator(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        name = VALIDATOR.key(call, api)
        if any(method.get("requestValidatorId") == name for method in methods_of(api)):
            raise ConflictException("Cannot delete a validator that a method uses.")
        del api["validators"][name]
    return {}


@operation("apigateway", "CreateAuthorizer")
def create_authorizer(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        made = new_authorizer(call.input)
        if any(one["name"] == made["name"] for one in api["authorizers"].values()):
            raise BadRequestException("Authorizer name must be unique. Authorizer already exists.")
        check_authorizer(made)
        api["authorizers"][made["id"]] = made
        return dict(made)


@operation("apigateway", "GetAuthorizer")
def get_authorizer(call: Call) -> dict[str, Any]:
    return AUTHORIZER.named(call, reading(call))


@operation("apigateway", "GetAuthorizers")
def get_authorizers(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["authorizers"])


@operation("apigateway", "UpdateAuthorizer")
def update_authorizer(call: Call) -> dict[str, Any]:
    with patching(call, AUTHORIZER.named, _AUTHORIZER_RULES) as (_, one):
        check_authorizer(one)
        return dict(one)


@operation("apigateway", "DeleteAuthorizer")
def delete_authorizer(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        name = AUTHORIZER.key(call, api)
        if any(method.get("authorizerId") == name for method in methods_of(api)):
            raise ConflictException("Cannot delete authorizer, is referenced in a method.")
        del api["authorizers"][name]
    return {}


def methods_of(api: dict[str, Any]) -> list[dict[str, Any]]:
    """All methods of an API."""
    trees = api["resources"].values()
    return [method for one in trees for method in one["resourceMethods"].values()]


def check_schema(api: dict[str, Any], model: dict[str, Any]) -> None:
    """Raises BadRequestException for a model whose schema is none, or needs one that is not
    there."""
    try:
        document = json.loads(model["schema"])
        schemas.check(document)
        missing = [name for name in schemas.models_of(document) if name not in api["models"]]
        if missing:
            raise ValueError(f"there is no model {missing[0]}")
    except (ValueError, RecursionError) as error:
        raise BadRequestException(f"Invalid model schema specified: {error}") from None


def new_authorizer(asked: dict[str, Any]) -> dict[str, Any]:
    """An authorizer as its document holds it."""
    ttl = asked.get("authorizerResultTtlInSeconds")
    return {
        "id": new_id(6),
        "name": asked.get("name"),
        "type": asked.get("type"),
        "authType": asked.get("authType") or "custom",
        "authorizerUri": asked.get("authorizerUri"),
        "authorizerCredentials": asked.get("authorizerCredentials"),
        "identitySource": asked.get("identitySource"),
        "identityValidationExpression": asked.get("identityValidationExpression"),
        "authorizerResultTtlInSeconds": _USUAL_TTL_S if ttl is None else ttl,
    }


def check_authorizer(one: dict[str, Any]) -> None:
    """Raises BadRequestException, NotFoundException."""
    if one["type"] not in ("TOKEN", "REQUEST"):
        raise BadRequestException("Authorizers of type TOKEN and REQUEST are offered here.")
    target = aws_target(one.get("authorizerUri") or "")
    if target is None or not target.function:
        raise BadRequestException("Invalid Authorizer URI: " + (one.get("authorizerUri") or ""))
    ttl = one.get("authorizerResultTtlInSeconds")
    if ttl is None or not 0 <= ttl <= _LONGEST_TTL_S:
        raise BadRequestException(f"The TTL must be from 0 to {_LONGEST_TTL_S} seconds.")
    sources = [part.strip() for part in (one.get("identitySource") or "").split(",") if part]
    if not all(_IDENTITY.fullmatch(source) for source in sources):
        raise BadRequestException(f"Invalid identity source: {one['identitySource']}")
    if not sources and (one["type"] == "TOKEN" or ttl):
        raise BadRequestException("An identity source is needed for a TOKEN, and for a TTL.")
    try:
        compiled(one.get("identityValidationExpression") or "")
    except ValueError as error:
        raise BadRequestException(f"Invalid identity validation expression: {error}") from None
