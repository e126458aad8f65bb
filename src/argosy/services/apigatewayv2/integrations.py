"""Integrations of HTTP APIs: functions, HTTP servers, and a few operations of services."""

import re
from typing import Any

from argosy.ground.gateway.uris import aws_target, is_url
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from argosy.services.apigatewayv2.finding import (
    INTEGRATION,
    asked,
    changing,
    page,
    reading,
    updating,
)
from argosy.services.apigatewayv2.forms import shown
from argosy.services.registry import Call, operation
from argosy.state.apis import new_id

_FUNCTION = re.compile(r"arn:aws:lambda:[\w-]+:\d{12}:function:\S+")
_VARIABLE = re.compile(r"\$\{stageVariables\.\w+\}")
_PARAMETER = re.compile(
    r"(append|overwrite|remove):(header\.[\w-]+|querystring\.\S+|path|statuscode)"
)
_SUBTYPES = {
    "SQS-SendMessage": ("QueueUrl", "MessageBody"),
    "EventBridge-PutEvents": ("Detail", "DetailType", "Source"),
}
"""Parameters that each needs."""
_SHORTEST_MS, _LONGEST_MS = 50, 30_000


@operation("apigatewayv2", "CreateIntegration")
def create_integration(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        number = new_id(7)
        made = {
            "integrationId": number,
            "connectionType": "INTERNET",
            "timeoutInMillis": _LONGEST_MS,
            **asked(call),
        }
        check_integration(made)
        api["integrations"][number] = made
        return shown(made)


@operation("apigatewayv2", "GetIntegration")
def get_integration(call: Call) -> dict[str, Any]:
    return shown(INTEGRATION.named(call, reading(call)))


@operation("apigatewayv2", "GetIntegrations")
def get_integrations(call: Call) -> dict[str, Any]:
    return page(call, reading(call)["integrations"].items())


@operation("apigatewayv2", "UpdateIntegration")
def update_integration(call: Call) -> dict[str, Any]:
    with updating(call, INTEGRATION) as (_, integration):
        check_integration(integration)
        return shown(integration)


@operation("apigatewayv2", "DeleteIntegration")
def delete_integration(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        number = INTEGRATION.key(call, api)
        for route in api["routes"].values():
            if route.get("target") == f"integrations/{number}":
                raise ConflictException(
                    f"Cannot delete Integration. Integration is referenced by route "
                    f"{route['routeKey']}"
                )
        del api["integrations"][number]
    return {}


def check_integration(one: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    if one.get("connectionType") == "VPC_LINK":
        raise BadRequestException("VPC links are not offered here.")
    if not _SHORTEST_MS <= one["timeoutInMillis"] <= _LONGEST_MS:
        raise BadRequestException(
            f"Timeout should be between {_SHORTEST_MS} ms and {_LONGEST_MS} ms"
        )
    if one.get("integrationSubtype"):
        _check_operation(one)
    elif one["integrationType"] == "AWS_PROXY":
        _check_function(one)
    elif one["integrationType"] == "HTTP_PROXY":
        _check_server(one)
    else:
        raise BadRequestException("HTTP APIs support only AWS_PROXY and HTTP_PROXY integrations")


def _check_function(one: dict[str, Any]) -> None:
    uri = _VARIABLE.sub("x", one.get("integrationUri") or "")
    target = aws_target(uri)
    if not _FUNCTION.fullmatch(uri) and not (target is not None and target.function):
        raise BadRequestException("AWS_PROXY integrations need the ARN of a Lambda function.")
    if one.get("payloadFormatVersion") not in ("1.0", "2.0"):
        raise BadRequestException("PayloadFormatVersion is a required parameter: 1.0 or 2.0")
    one.setdefault("integrationMethod", "POST")


def _check_server(one: dict[str, Any]) -> None:
    if not is_url(one.get("integrationUri") or ""):
        raise BadRequestException("HTTP_PROXY integrations need a URL.")
    if not one.get("integrationMethod"):
        raise BadRequestException("HttpMethod must be specified for HTTP_PROXY integrations")
    one.setdefault("payloadFormatVersion", "1.0")
    _check_parameters(one.get("requestParameters") or {})
    for parameters in (one.get("responseParameters") or {}).values():
        _check_parameters(parameters)


def _check_parameters(parameters: dict[str, str]) -> None:
    for name in parameters:
        if not _PARAMETER.fullmatch(name):
            raise BadRequestException(f"Invalid mapping expression specified: {name}")


def _check_operation(one: dict[str, Any]) -> None:
    needed = _SUBTYPES.get(one["integrationSubtype"])
    if needed is None:
        raise BadRequestException(
            f"Of service integrations {', '.join(_SUBTYPES)} are offered here."
        )
    if not one.get("credentialsArn"):
        raise BadRequestException("Credentials are required for AWS service integrations")
    given = one.get("requestParameters") or {}
    missing = [name for name in needed if name not in given]
    if missing:
        raise BadRequestException(f"Parameters: ({', '.join(missing)}) are required")
