"""Gateway responses: how the gateway's own errors look."""

import re
from typing import Any

from argosy.ground.gateway.responses import DEFAULT_TEMPLATE, DEFAULTS
from argosy.services.apigateway import patches
from argosy.services.apigateway.errors import BadRequestException, NotFoundException
from argosy.services.apigateway.finding import changing, page, reading
from argosy.services.apigateway.integrations import check_mappings, check_templates
from argosy.services.registry import Call, operation

_STATUS = re.compile(r"[1-5]\d\d")
_RULES: dict[str, patches.Rule] = {
    "/statusCode": patches.text,
    "/responseParameters/{}": patches.entry,
    "/responseTemplates/{}": patches.entry,
}


@operation("apigateway", "PutGatewayResponse")
def put_gateway_response(call: Call) -> dict[str, Any]:
    kind = call.input["responseType"]
    with changing(call) as api:
        api["gatewayResponses"][kind] = made = {
            "responseType": kind,
            "statusCode": call.input.get("statusCode") or _default(kind)["statusCode"],
            "responseParameters": call.input.get("responseParameters") or {},
            "responseTemplates": call.input.get("responseTemplates")
            or {"application/json": DEFAULT_TEMPLATE},
        }
        check_gateway_response(made)
        return {**made, "defaultResponse": False}


@operation("apigateway", "GetGatewayResponse")
def get_gateway_response(call: Call) -> dict[str, Any]:
    return _shown(reading(call), call.input["responseType"])


@operation("apigateway", "GetGatewayResponses")
def get_gateway_responses(call: Call) -> dict[str, Any]:
    api = reading(call)
    return page(call, {kind: _shown(api, kind) for kind in DEFAULTS}, 500)


@operation("apigateway", "UpdateGatewayResponse")
def update_gateway_response(call: Call) -> dict[str, Any]:
    kind = call.input["responseType"]
    with changing(call) as api:
        shown = _shown(api, kind)
        shown.pop("defaultResponse")
        patches.apply(shown, call.input.get("patchOperations"), _RULES)
        check_gateway_response(shown)
        api["gatewayResponses"][kind] = shown
        return {**shown, "defaultResponse": False}


@operation("apigateway", "DeleteGatewayResponse")
def delete_gateway_response(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        if api["gatewayResponses"].pop(call.input["responseType"], None) is None:
            raise NotFoundException("Gateway response type not defined on api")
    return {}


def check_gateway_response(one: dict[str, Any]) -> None:
    """Raises BadRequestException, NotFoundException."""
    if one["responseType"] not in DEFAULTS:
        raise NotFoundException(f"Invalid gateway response type {one['responseType']}")
    status = one.get("statusCode")
    if status and not _STATUS.fullmatch(status):
        raise BadRequestException(f"Invalid status code specified: {status}")
    check_mappings(one["responseParameters"], "gateway", "method.request")
    check_templates(one["responseTemplates"])


def _shown(api: dict[str, Any], kind: str) -> dict[str, Any]:
    own = api["gatewayResponses"].get(kind)
    return {**own, "defaultResponse": False} if own else _default(kind)


def _default(kind: str) -> dict[str, Any]:
    if kind not in DEFAULTS:
        raise NotFoundException(f"Invalid gateway response type {kind}")
    status = DEFAULTS[kind].status
    return {
        "responseType": kind,
        "statusCode": str(status) if status else None,
        "responseParameters": {},
        "responseTemplates": {"application/json": DEFAULT_TEMPLATE},
        "defaultResponse": True,
    }
