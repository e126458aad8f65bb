"""$context: what templates, access logs and functions are told of a request. Pure."""

from typing import Any

from argosy.automation.gateway.exchange import Exchange


def identity(exchange: Exchange) -> dict[str, Any]:
    """Of whoever calls a REST API, every member there, null where it is not known."""
    signer = exchange.request.signer
    return {
        "cognitoIdentityPoolId": None,
        "accountId": signer.account if signer else None,
        "cognitoIdentityId": None,
        "caller": signer.user_id if signer else None,
        "sourceIp": exchange.request.source_ip,
        "principalOrgId": None,
        "accessKey": None,
        "cognitoAuthenticationType": None,
        "cognitoAuthenticationProvider": None,
        "userArn": signer.arn if signer else None,
        "userAgent": exchange.user_agent,
        "user": signer.user_id if signer else None,
        **({"apiKey": exchange.api_key} if exchange.api_key else {}),
        **({"apiKeyId": exchange.api_key_id} if exchange.api_key_id else {}),
    }


def rest_context(exchange: Exchange) -> dict[str, Any]:
    """requestContext of a REST API's event, and the base of $context."""
    place = exchange.place
    domain = exchange.host.partition(":")[0]
    context = {
        "resourceId": exchange.resource_id,
        "resourcePath": exchange.resource_path,
        "httpMethod": exchange.request.method,
        "extendedRequestId": exchange.number,
        "requestTime": exchange.time,
        "path": exchange.own_path,
        "accountId": place.account,
        "protocol": "HTTP/1.1",
        "stage": place.stage,
        "domainPrefix": domain.partition(".")[0],
        "requestTimeEpoch": int(exchange.received * 1000),
        "requestId": exchange.told_id,
        "identity": identity(exchange),
        "domainName": domain,
        "deploymentId": place.deployment,
        "apiId": place.api_id,
    }
    if exchange.operation_name:
        context["operationName"] = exchange.operation_name
    authorizer = _authorizer(exchange)
    if authorizer is not None:
        context["authorizer"] = authorizer
    return context


def _authorizer(exchange: Exchange) -> Any:
    """What is told of the caller; of an HTTP API the claims of a token, or what a function said."""
    said = exchange.authorizer
    if exchange.place.kind == "http":
        if "lambda" not in said:
            return said.get("jwt")
        said = said["lambda"] or {}
    elif not said and not exchange.principal:
        return None
    return {"principalId": exchange.principal, "integrationLatency": 0, **said}


def template_context(exchange: Exchange) -> dict[str, Any]:
    """$context of mapping templates."""
    return {**rest_context(exchange), "stageVariables": exchange.place.variables}


def log_context(exchange: Exchange, status: int, length: int, latency_ms: int) -> dict[str, Any]:
    """$context of access logs: what came of the request, too."""
    said = exchange.error or None
    integration = {
        "status": str(exchange.integration_status) if exchange.integration_status else None,
        "latency": str(int(exchange.integration_s * 1000)) if exchange.integration_s else None,
        "error": said,
    }
    return {
        **rest_context(exchange),
        "routeKey": exchange.resource_path,
        "status": str(status),
        "responseLength": str(length),
        "responseLatency": str(latency_ms),
        "integration": integration,
        "integrationStatus": integration["status"],
        "integrationLatency": integration["latency"],
        "integrationErrorMessage": said,
        "error": {
            "message": said,
            "messageString": f'"{said}"' if said else None,
            "responseType": exchange.error_kind or None,
        },
    }
