"""What stands behind a method: its integration, and how answers of it become the method's."""

from collections.abc import Mapping
from typing import Any

from argosy.ground.gateway import expressions, templates
from argosy.ground.gateway.patterns import compiled
from argosy.ground.gateway.uris import aws_target, is_url
from argosy.services.apigateway import patches
from argosy.services.apigateway.errors import BadRequestException, ConflictException
from argosy.services.apigateway.finding import (
    INTEGRATION_RESPONSE,
    METHOD,
    METHOD_RESPONSE,
    changing,
    integration_of,
    patching,
    reading,
)
from argosy.services.registry import Call, operation

TYPES = ("HTTP", "AWS", "MOCK", "HTTP_PROXY", "AWS_PROXY")
_PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
_HANDLING = ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT")
SHORTEST_MS, LONGEST_MS = 50, 29_000

_RULES: dict[str, patches.Rule] = {
    "/uri": patches.text,
    "/httpMethod": patches.text,
    "/credentials": patches.text,
    "/passthroughBehavior": patches.text,
    "/contentHandling": patches.text,
    "/timeoutInMillis": patches.integer,
    "/tlsConfig/insecureSkipVerification": patches.boolean,
    "/requestParameters/{}": patches.entry,
    "/requestTemplates/{}": patches.entry,
}
_RESPONSE_RULES: dict[str, patches.Rule] = {
    "/selectionPattern": patches.text,
    "/contentHandling": patches.text,
    "/responseParameters/{}": patches.entry,
    "/responseTemplates/{}": patches.entry,
}


@operation("apigateway", "PutIntegration")
def put_integration(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        method = METHOD.named(call, api)
        method["methodIntegration"] = made = new_integration(
            call.input, call.input.get("integrationHttpMethod"), call.input["resourceId"]
        )
        check_integration(made)
        return dict(made)


@operation("apigateway", "GetIntegration")
def get_integration(call: Call) -> dict[str, Any]:
    return integration_of(call, reading(call))


@operation("apigateway", "UpdateIntegration")
def update_integration(call: Call) -> dict[str, Any]:
    with patching(call, integration_of, _RULES) as (_, integration):
        check_integration(integration)
        return dict(integration)


@operation("apigateway", "DeleteIntegration")
def delete_integration(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        integration_of(call, api)
        del METHOD.named(call, api)["methodIntegration"]
    return {}


@operation("apigateway", "PutIntegrationResponse")
def put_integration_response(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        responses, status = INTEGRATION_RESPONSE.all(call, api), call.input["statusCode"]
        if status not in METHOD_RESPONSE.all(call, api):
            raise BadRequestException("Invalid Response status code specified")
        responses[status] = made = new_response(status, call.input)
        check_response(METHOD.named(call, api), responses, made)
        return dict(made)


@operation("apigateway", "GetIntegrationResponse")
def get_integration_response(call: Call) -> dict[str, Any]:
    return INTEGRATION_RESPONSE.named(call, reading(call))


@operation("apigateway", "UpdateIntegrationResponse")
def update_integration_response(call: Call) -> dict[str, Any]:
    with patching(call, INTEGRATION_RESPONSE.named, _RESPONSE_RULES) as (api, response):
        responses = INTEGRATION_RESPONSE.all(call, api)
        check_response(METHOD.named(call, api), responses, response)
        return dict(response)


@operation("apigateway", "DeleteIntegrationResponse")
def delete_integration_response(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        INTEGRATION_RESPONSE.remove(call, api)
    return {}


def new_integration(asked: Mapping[str, Any], method: str | None, namespace: str) -> dict[str, Any]:
    """An integration as its document holds it."""
    return {
        "type": asked.get("type"),
        "httpMethod": method,
        "uri": asked.get("uri"),
        "connectionType": asked.get("connectionType"),
        "credentials": asked.get("credentials"),
        "requestParameters": asked.get("requestParameters") or {},
        "requestTemplates": asked.get("requestTemplates") or {},
        "passthroughBehavior": (asked.get("passthroughBehavior") or "WHEN_NO_MATCH").upper(),
        "contentHandling": asked.get("contentHandling"),
        "timeoutInMillis": asked.get("timeoutInMillis") or LONGEST_MS,
        "tlsConfig": asked.get("tlsConfig"),
        "cacheNamespace": asked.get("cacheNamespace") or namespace,
        "cacheKeyParameters": asked.get("cacheKeyParameters") or [],
        "integrationResponses": {},
    }


def new_response(status: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "statusCode": status,
        "selectionPattern": asked.get("selectionPattern"),
        "responseParameters": asked.get("responseParameters") or {},
        "responseTemplates": asked.get("responseTemplates") or {},
        "contentHandling": asked.get("contentHandling"),
    }


def check_integration(one: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    if one.get("connectionType") == "VPC_LINK":
        raise BadRequestException("VPC links are not offered here.")
    if one["type"] != "MOCK":
        _check_uri(one)
        if not one.get("httpMethod"):
            raise BadRequestException("Enumeration value for HttpMethod must be non-empty")
    if one["passthroughBehavior"] not in _PASSTHROUGH:
        raise BadRequestException(f"passthroughBehavior must be one of {', '.join(_PASSTHROUGH)}.")
    if one["timeoutInMillis"] is None:
        one["timeoutInMillis"] = LONGEST_MS
    if not SHORTEST_MS <= one["timeoutInMillis"] <= LONGEST_MS:
        raise BadRequestException(f"Timeout should be between {SHORTEST_MS} ms and {LONGEST_MS} ms")
    if one.get("cacheKeyParameters"):
        raise BadRequestException("Caches of stages are not offered here.")
    _check_handling(one)
    check_mappings(one["requestParameters"], "request", "method.request")
    check_templates(one["requestTemplates"])


def check_response(method: dict[str, Any], responses: dict[str, Any], one: dict[str, Any]) -> None:
    """Raises BadRequestException, ConflictException."""
    pattern = one.get("selectionPattern") or ""
    try:
        compiled(pattern)
    except ValueError as error:
        raise BadRequestException(f"The selectionPattern cannot be used: {error}") from None
    for other in responses.values():
        same = (other.get("selectionPattern") or "") == pattern
        if same and other["statusCode"] != one["statusCode"]:
            raise ConflictException("Another integration response has this selectionPattern.")
    _check_handling(one)
    check_mappings(one["responseParameters"], "response", "integration.response")
    declared = method["methodResponses"][one["statusCode"]]["responseParameters"]
    for name in one["responseParameters"]:
        if name not in declared:
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {name}]"
            )
    check_templates(one["responseTemplates"])


def _check_uri(one: dict[str, Any]) -> None:
    uri = one.get("uri") or ""
    if one["type"] in ("HTTP", "HTTP_PROXY"):
        if not is_url(uri):
            raise BadRequestException("Invalid HTTP endpoint specified for URI")
        return
    target = aws_target(uri)
    if target is None:
        raise BadRequestException("Invalid ARN specified in the request")
    if one["type"] == "AWS_PROXY" and not target.function:
        raise BadRequestException(
            "Integrations of type 'AWS_PROXY' currently only supports Lambda function invocations."
        )
    if target.function and one.get("httpMethod") not in ("POST", None):
        raise BadRequestException("The integrationHttpMethod of a Lambda function is POST.")


def _check_handling(one: dict[str, Any]) -> None:
    if one.get("contentHandling") not in (None, "", *_HANDLING):
        raise BadRequestException(f"contentHandling must be one of {', '.join(_HANDLING)}.")


def check_mappings(mappings: dict[str, str], kind: str, side: str) -> None:
    """Raises BadRequestException for what is put nowhere, or taken from nowhere."""
    for put, taken in mappings.items():
        wrong = put if expressions.target(put, kind) is None else ""
        if not wrong and expressions.source(taken, side) is None:
            wrong = taken
        if wrong:
            raise BadRequestException(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : "
                f"[Invalid mapping expression parameter specified: {wrong}]"
            )


def check_templates(texts: dict[str, str]) -> None:
    """Raises BadRequestException for one that cannot be read."""
    for content_type, text in texts.items():
        try:
            templates.parse(text or "")
        except templates.TemplateError as error:
            raise BadRequestException(f"The template for {content_type}: {error}") from None
