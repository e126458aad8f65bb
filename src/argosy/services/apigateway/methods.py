"""Methods of resources, and which answers they declare."""

import re
from typing import Any

from argosy.services.apigateway import patches
from argosy.services.apigateway.errors import (
    BadRequestException,
    ConflictException,
    NotFoundException,
)
from argosy.services.apigateway.finding import (
    METHOD,
    METHOD_RESPONSE,
    changing,
    patching,
    reading,
)
from argosy.services.registry import Call, operation

METHODS = ("GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY")
_PARAMETER = re.compile(
    r"method\.request\.(path|querystring|header|multivaluequerystring|multivalueheader)\.[\w.$-]+"
)
_ANSWERED = re.compile(r"method\.response\.header\.[\w.$-]+")
_RULES: dict[str, patches.Rule] = {
    "/authorizationType": patches.text,
    "/authorizerId": patches.text,
    "/apiKeyRequired": patches.boolean,
    "/requestValidatorId": patches.text,
    "/operationName": patches.text,
    "/requestParameters/{}": patches.flag,
    "/requestModels/{}": patches.entry,
    "/authorizationScopes/{}": patches.item,
}
_RESPONSE_RULES: dict[str, patches.Rule] = {
    "/responseParameters/{}": patches.flag,
    "/responseModels/{}": patches.entry,
}


@operation("apigateway", "PutMethod")
def put_method(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        methods, name = METHOD.all(call, api), call.input["httpMethod"]
        if name in methods:
            raise ConflictException("Method already exists for this resource")
        methods[name] = new_method(name, call.input)
        check_method(api, methods[name])
        return dict(methods[name])


@operation("apigateway", "GetMethod")
def get_method(call: Call) -> dict[str, Any]:
    return METHOD.named(call, reading(call))


@operation("apigateway", "UpdateMethod")
def update_method(call: Call) -> dict[str, Any]:
    with patching(call, METHOD.named, _RULES) as (api, method):
        check_method(api, method)
        return dict(method)


@operation("apigateway", "DeleteMethod")
def delete_method(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        METHOD.remove(call, api)
    return {}


@operation("apigateway", "PutMethodResponse")
def put_method_response(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        responses, status = METHOD_RESPONSE.all(call, api), call.input["statusCode"]
        if status in responses:
            raise ConflictException("Response already exists for this resource")
        responses[status] = {
            "statusCode": status,
            "responseParameters": call.input.get("responseParameters") or {},
            "responseModels": call.input.get("responseModels") or {},
        }
        check_response(api, responses[status])
        return dict(responses[status])


@operation("apigateway", "GetMethodResponse")
def get_method_response(call: Call) -> dict[str, Any]:
    return METHOD_RESPONSE.named(call, reading(call))


@operation("apigateway", "UpdateMethodResponse")
def update_method_response(call: Call) -> dict[str, Any]:
    with patching(call, METHOD_RESPONSE.named, _RESPONSE_RULES) as (api, response):
        check_response(api, response)
        return dict(response)


@operation("apigateway", "DeleteMethodResponse")
def delete_method_response(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        METHOD_RESPONSE.remove(call, api)
    return {}


def new_method(name: str, asked: dict[str, Any]) -> dict[str, Any]:
    """A method as its document holds it."""
    return {
        "httpMethod": name,
        "authorizationType": asked.get("authorizationType"),
        "authorizerId": asked.get("authorizerId"),
        "authorizationScopes": asked.get("authorizationScopes") or [],
        "apiKeyRequired": bool(asked.get("apiKeyRequired")),
        "requestValidatorId": asked.get("requestValidatorId"),
        "operationName": asked.get("operationName"),
        "requestParameters": asked.get("requestParameters") or {},
        "requestModels": asked.get("requestModels") or {},
        "methodResponses": {},
    }


def check_method(api: dict[str, Any], method: dict[str, Any]) -> None:
    """Raises BadRequestException, NotFoundException."""
    if method["httpMethod"] not in METHODS:
        raise BadRequestException(
            f"Invalid HttpMethod specified. Valid options are {','.join(METHODS)}"
        )
    _check_authorization(api, method)
    _check_names(method["requestParameters"], _PARAMETER)
    _check_models(api, method["requestModels"])
    validator = method.get("requestValidatorId")
    if validator and validator not in api["validators"]:
        raise NotFoundException("Invalid Request Validator identifier specified")


def check_response(api: dict[str, Any], response: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    _check_names(response["responseParameters"], _ANSWERED)
    _check_models(api, response["responseModels"])


def _check_authorization(api: dict[str, Any], method: dict[str, Any]) -> None:
    kind = method["authorizationType"]
    if kind == "COGNITO_USER_POOLS":
        raise BadRequestException("There are no Cognito user pools here: use a Lambda authorizer.")
    if kind not in ("NONE", "AWS_IAM", "CUSTOM"):
        raise BadRequestException(
            "Invalid authorization type specified. Must be one of NONE, AWS_IAM, CUSTOM"
        )
    if kind == "CUSTOM" and method.get("authorizerId") not in api["authorizers"]:
        raise BadRequestException(
            "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or "
            "COGNITO_USER_POOLS requires a valid authorizer."
        )


def _check_names(names: dict[str, Any], pattern: re.Pattern[str]) -> None:
    for name in names:
        if not pattern.fullmatch(name):
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )


def _check_models(api: dict[str, Any], models: dict[str, str]) -> None:
    for name in models.values():
        if name not in api["models"]:
            raise BadRequestException(f"Invalid model identifier specified: {name}")
