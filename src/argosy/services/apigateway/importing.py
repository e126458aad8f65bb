"""ImportRestApi and PutRestApi: an API from an OpenAPI document with Amazon's extensions."""

import json
from typing import Any

from argosy.services.apigateway import own, specification
from argosy.services.apigateway.apis import check_api, create, new_api, view
from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.finding import find_api
from argosy.services.apigateway.integrations import (
    check_integration,
    check_response,
    new_integration,
    new_response,
)
from argosy.services.apigateway.methods import check_method, new_method
from argosy.services.apigateway.parts import check_authorizer, check_schema, new_authorizer
from argosy.services.apigateway.resources import add_resource
from argosy.services.apigateway.responses import check_gateway_response
from argosy.services.registry import Call, operation
from argosy.state.apis import REST_PARTS, new_id

_X = "x-amazon-apigateway-"
_PLACES = {"path": "path", "query": "querystring", "header": "header"}
_WAYS = ("ignore", "prepend", "split")

Document = dict[str, Any]


@operation("apigateway", "ImportRestApi")
def import_rest_api(call: Call) -> Document:
    document, asked = _read(call)
    types = [one for one in (asked.get("endpointConfigurationTypes") or "").split(",") if one]
    api = new_api({"endpointConfiguration": {"types": types} if types else None})
    fill(api, document)
    return view(create(call, api))


@operation("apigateway", "PutRestApi")
def put_rest_api(call: Call) -> Document:
    """mode "overwrite" begins with nothing, "merge" (the usual one) with what is there."""
    document, _ = _read(call)
    with call.records.transaction():
        record = find_api(call)
        api = record.document
        if call.input.get("mode") == "overwrite":
            fresh = new_api({"name": api["name"]})
            api |= {part: fresh[part] for part in (*REST_PARTS, "rootResourceId")}
        fill(api, document)
        return view(own.save(call, record))


def _read(call: Call) -> tuple[Document, dict[str, str]]:
    """The definition, its paths with the base path where that is asked for; and the parameters
    of the call. Raises BadRequestException."""
    asked = call.input.get("parameters") or {}
    way = asked.get("basepath") or asked.get("basePath") or "ignore"
    if way not in _WAYS:
        raise BadRequestException(f"basepath must be one of {', '.join(_WAYS)}.")
    return specification.based(specification.read(call.input["body"]), way), asked


def fill(api: Document, document: Document) -> None:
    """Add to an API what a definition has. Raises BadRequestException and the like."""
    info = document.get("info") or {}
    api["name"] = info.get("title") or api["name"]
    api["description"] = info.get("description") or api.get("description")
    version = info.get("version")
    api["version"] = str(version) if version else api.get("version")
    api["binaryMediaTypes"] = document.get(f"{_X}binary-media-types") or api["binaryMediaTypes"]
    api["apiKeySource"] = document.get(f"{_X}api-key-source") or api["apiKeySource"]
    least = document.get(f"{_X}minimum-compression-size")
    api["minimumCompressionSize"] = api.get("minimumCompressionSize") if least is None else least
    api["policy"] = document.get(f"{_X}policy") or api.get("policy")
    endpoint = document.get(f"{_X}endpoint-configuration") or {}
    if "disableExecuteApiEndpoint" in endpoint:
        api["disableExecuteApiEndpoint"] = bool(endpoint["disableExecuteApiEndpoint"])
    check_api(api)
    _models(api, document)
    validators = _validators(api, document)
    authorizers = _authorizers(api, document)
    for kind, given in (document.get(f"{_X}gateway-responses") or {}).items():
        api["gatewayResponses"][kind] = made = {
            "responseType": kind,
            "statusCode": str(given["statusCode"]) if given.get("statusCode") else None,
            "responseParameters": given.get("responseParameters") or {},
            "responseTemplates": given.get("responseTemplates") or {},
        }
        check_gateway_response(made)
    for path, name, one in specification.operations(document):
        resource = _resource(api, path)
        method = _method(api, document, name, one, validators, authorizers)
        _integrate(method, one, resource["id"])
        resource["resourceMethods"][name] = method


def _models(api: Document, document: Document) -> None:
    for name, schema in specification.schemas(document).items():
        plain = "".join(sign for sign in name if sign.isalnum())
        api["models"][plain] = made = {
            "id": new_id(6),
            "name": plain,
            "description": None,
            "schema": json.dumps(schema),
            "contentType": "application/json",
        }
        check_schema(api, made)


def _validators(api: Document, document: Document) -> dict[str, str]:
    """Id by name."""
    found = {one["name"]: number for number, one in api["validators"].items()}
    for name, given in (document.get(f"{_X}request-validators") or {}).items():
        number = found[name] = found.get(name) or new_id(6)
        api["validators"][number] = {
            "id": number,
            "name": name,
            "validateRequestBody": bool(given.get("validateRequestBody")),
            "validateRequestParameters": bool(given.get("validateRequestParameters")),
        }
    return found


def _authorizers(api: Document, document: Document) -> dict[str, Document]:
    """What a method has of each security scheme, by its name; an authorizer that is there already
    keeps its id."""
    known = {one["name"]: number for number, one in api["authorizers"].items()}
    components = document.get("components") or {}
    schemes = components.get("securitySchemes") or document.get("securityDefinitions") or {}
    found: dict[str, Document] = {}
    for name, scheme in schemes.items():
        given = scheme.get(f"{_X}authorizer")
        if given is not None:
            header = f"method.request.header.{scheme.get('name') or 'Authorization'}"
            asked = {"identitySource": header, **given, "name": name}
            made = new_authorizer({**asked, "type": str(given.get("type") or "").upper()})
            made["id"] = known.get(name) or made["id"]
            check_authorizer(made)
            api["authorizers"][made["id"]] = made
            found[name] = {"authorizationType": "CUSTOM", "authorizerId": made["id"]}
        elif scheme.get(f"{_X}authtype") == "awsSigv4":
            found[name] = {"authorizationType": "AWS_IAM"}
        elif scheme.get("type") == "apiKey" and str(scheme.get("name")).lower() == "x-api-key":
            found[name] = {"apiKeyRequired": True}
    return found


def _resource(api: Document, path: str) -> Document:
    """The resource at a path, with those above it."""
    if not path.startswith("/"):
        raise BadRequestException(f"The path {path} does not begin with a slash.")
    by_path = {one["path"]: one for one in api["resources"].values()}
    resource: Document = by_path["/"]
    for part in path.strip("/").split("/") if path.strip("/") else ():
        below = f"{resource['path'].rstrip('/')}/{part}"
        if below not in by_path:
            made = add_resource(api, resource, part)
            by_path[below] = api["resources"][made["id"]]
        resource = by_path[below]
    return resource


def _method(
    api: Document,
    document: Document,
    name: str,
    one: Document,
    validators: dict[str, str],
    authorizers: dict[str, Document],
) -> Document:
    security: Document = {}
    schemes: list[Document] = one.get("security", document.get("security")) or []
    for scheme in schemes:
        for known in scheme:
            security |= authorizers.get(known, {})
    if one.get(f"{_X}auth", {}).get("type") == "AWS_IAM":
        security["authorizationType"] = "AWS_IAM"
    wanted = one.get(f"{_X}request-validator") or document.get(f"{_X}request-validator")
    models = {
        kind: schema if isinstance(schema, str) else _inline(api, document, schema)
        for kind, schema in specification.bodies(document, one).items()
    }
    asked = {
        "authorizationType": "NONE",
        "operationName": one.get("operationId"),
        "requestValidatorId": validators.get(wanted or ""),
        "requestParameters": _parameters(document, one),
        "requestModels": {k: "".join(s for s in v if s.isalnum()) for k, v in models.items()},
        **security,
    }
    method = new_method(name, asked)
    for status, response in (one.get("responses") or {}).items():
        if str(status).isdecimal():
            headers = (specification.resolved(document, response) or {}).get("headers") or {}
            parameters = {f"method.response.header.{header}": False for header in headers}
            method["methodResponses"][str(status)] = {
                "statusCode": str(status),
                "responseParameters": parameters,
                "responseModels": {},
            }
    check_method(api, method)
    return method


def _inline(api: Document, document: Document, schema: Document) -> str:
    """The name of a model made of a schema that has none of its own."""
    made = {
        "id": new_id(6),
        "name": f"MODEL{new_id(6)}",
        "description": None,
        "schema": json.dumps(specification.bundled(document, schema)),
        "contentType": "application/json",
    }
    check_schema(api, made)
    api["models"][made["name"]] = made
    return str(made["name"])


def _parameters(document: Document, one: Document) -> dict[str, bool]:
    found = {}
    for parameter in one["parameters"]:
        given = specification.resolved(document, parameter)
        place = _PLACES.get(str(given.get("in")))
        if place is not None:
            found[f"method.request.{place}.{given.get('name')}"] = bool(given.get("required"))
    return found


def _integrate(method: Document, one: Document, resource: str) -> None:
    given = one.get(f"{_X}integration")
    if given is None:
        return
    kind = str(given.get("type") or "").upper()
    asked = {**given, "type": "HTTP" if kind == "" else kind}
    made = new_integration(asked, given.get("httpMethod"), resource)
    check_integration(made)
    for pattern, response in (given.get("responses") or {}).items():
        status = str(response.get("statusCode") or "200")
        chosen = None if pattern == "default" else pattern
        answer = new_response(status, {**response, "selectionPattern": chosen})
        if status not in method["methodResponses"]:
            raise BadRequestException(f"The response {status} of an integration is not declared.")
        check_response(method, made["integrationResponses"], answer)
        made["integrationResponses"][status] = answer
    method["methodIntegration"] = made
