"""HTTP APIs themselves, with quick creation and CORS."""

from typing import Any

from argosy.ground.gateway.uris import is_url
from argosy.services.apigateway import own
from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.tags import change_tags, find_tagged
from argosy.services.apigatewayv2.finding import asked, changing, find_api, page, write
from argosy.services.apigatewayv2.forms import shown
from argosy.services.apigatewayv2.routes import check_key
from argosy.services.registry import Call, operation
from argosy.state.apis import HTTP_API, delete_api, new_id
from argosy.state.records import Record

_SELECTION = "$request.method $request.path"
_CORS_METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "*"}
_QUICK = ("target", "routeKey", "credentialsArn")


@operation("apigatewayv2", "CreateApi")
def create_api(call: Call) -> dict[str, Any]:
    """With Target, also a route, an integration and a stage $default that deploys by itself."""
    if call.input["ProtocolType"] != "HTTP":
        raise BadRequestException("WebSocket APIs are not offered here: use ProtocolType HTTP.")
    document = {**new_api(), **asked(call)}
    target = document.pop("target", None)
    key = document.pop("routeKey", None) or "$default"
    credentials = document.pop("credentialsArn", None)
    check_api(document)
    with call.records.transaction():
        record = own.create(call, HTTP_API, document["apiId"], document)
        if target:
            _quick(record.document, target, key, credentials, call.clock.now())
            write(call, record)
    return view(call, record)


@operation("apigatewayv2", "GetApi")
def get_api(call: Call) -> dict[str, Any]:
    return view(call, find_api(call))


@operation("apigatewayv2", "GetApis")
def get_apis(call: Call) -> dict[str, Any]:
    found = own.find_all(call, HTTP_API)
    return page(call, [(one.name, view(call, one)) for one in found])


@operation("apigatewayv2", "UpdateApi")
def update_api(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        given = asked(call)
        if any(name in given for name in _QUICK):
            raise BadRequestException("Change the route and the integration of the API instead.")
        api.update(given)
        check_api(api)
    return view(call, find_api(call))


@operation("apigatewayv2", "DeleteApi")
def delete_api_(call: Call) -> dict[str, Any]:
    delete_api(call.records, find_api(call))
    return {}


@operation("apigatewayv2", "DeleteCorsConfiguration")
def delete_cors_configuration(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        api.pop("corsConfiguration", None)
    return {}


@operation("apigatewayv2", "TagResource")
def tag_resource(call: Call) -> dict[str, Any]:
    change_tags(call, call.input["ResourceArn"], call.input.get("Tags") or {}, [])
    return {}


@operation("apigatewayv2", "UntagResource")
def untag_resource(call: Call) -> dict[str, Any]:
    change_tags(call, call.input["ResourceArn"], {}, call.input["TagKeys"])
    return {}


@operation("apigatewayv2", "GetTags")
def get_tags(call: Call) -> dict[str, Any]:
    return {"Tags": find_tagged(call, call.input["ResourceArn"])[1]["tags"]}


def new_api() -> dict[str, Any]:
    """The document of an API without anything."""
    return {
        "apiId": new_id(),
        "protocolType": "HTTP",
        "routeSelectionExpression": _SELECTION,
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "disableExecuteApiEndpoint": False,
        "tags": {},
        "routes": {},
        "integrations": {},
        "authorizers": {},
        "stages": {},
    }


def check_api(api: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    if not api.get("name"):
        raise BadRequestException("Invalid API name specified")
    if api["routeSelectionExpression"] != _SELECTION:
        raise BadRequestException(f"The RouteSelectionExpression of an HTTP API is {_SELECTION}.")
    cors = api.get("corsConfiguration")
    if cors:
        _check_cors(cors)


def view(call: Call, record: Record) -> dict[str, Any]:
    """The API as GetApi shows it; its endpoint is a path of this platform's URL."""
    parts = ("routes", "integrations", "authorizers", "stages")
    document = {name: one for name, one in record.document.items() if name not in parts}
    return {
        **shown(document),
        "ApiEndpoint": f"{call.base}/_aws/execute-api/{record.name}",
        "CreatedDate": record.created,
    }


def _quick(api: dict[str, Any], target: str, key: str, credentials: str | None, now: float) -> None:
    check_key(key)
    if not target.startswith("arn:") and not is_url(target):
        raise BadRequestException("The Target is a function's ARN or a URL.")
    number, route = new_id(7), new_id(7)
    integration = {
        "integrationId": number,
        "integrationType": "HTTP_PROXY" if is_url(target) else "AWS_PROXY",
        "integrationUri": target,
        "payloadFormatVersion": "1.0" if is_url(target) else "2.0",
        "connectionType": "INTERNET",
        "timeoutInMillis": 30_000,
        "apiGatewayManaged": True,
        "credentialsArn": credentials,
        **({"integrationMethod": "ANY"} if is_url(target) else {"integrationMethod": "POST"}),
    }
    api["integrations"][number] = integration
    api["routes"][route] = {
        "routeId": route,
        "routeKey": key,
        "target": f"integrations/{number}",
        "authorizationType": "NONE",
        "apiKeyRequired": False,
        "apiGatewayManaged": True,
    }
    api["stages"]["$default"] = {
        "stageName": "$default",
        "autoDeploy": True,
        "apiGatewayManaged": True,
        "stageVariables": {},
        "routeSettings": {},
        "tags": {},
        "createdDate": now,
        "lastUpdatedDate": now,
    }


def _check_cors(cors: dict[str, Any]) -> None:
    origins = cors.get("allowOrigins") or []
    if cors.get("allowCredentials") and "*" in origins:
        raise BadRequestException("allowCredentials is not supported for the origin *")
    for one in origins:
        if one != "*" and "://" not in one:
            raise BadRequestException(f"Invalid origin {one}: it is * or begins with a scheme.")
    unknown = set(cors.get("allowMethods") or ()) - _CORS_METHODS
    if unknown:
        raise BadRequestException(f"Invalid method in allowMethods: {sorted(unknown)[0]}")
    age = cors.get("maxAge")
    if age is not None and not -1 <= age <= 86_400:
        raise BadRequestException("maxAge must be between -1 and 86400")
