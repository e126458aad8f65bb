"""REST APIs themselves."""

from typing import Any

from argosy.services.apigateway import own, patches
from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.finding import changing, find_api, page
from argosy.services.apigateway.plans import leave_plans
from argosy.services.registry import Call, operation
from argosy.state.apis import REST_API, delete_api, new_id
from argosy.state.records import Record

KEY_SOURCES = ("HEADER", "AUTHORIZER")
_BIGGEST = 10 << 20
_RULES: dict[str, patches.Rule] = {
    "/name": patches.text,
    "/description": patches.text,
    "/version": patches.text,
    "/apiKeySource": patches.text,
    "/policy": patches.text,
    "/minimumCompressionSize": patches.integer_or_none,
    "/disableExecuteApiEndpoint": patches.boolean,
    "/binaryMediaTypes/{}": patches.item,
    "/endpointConfiguration/types/{}": patches.item,
}


@operation("apigateway", "CreateRestApi")
def create_rest_api(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("cloneFrom"):
        raise BadRequestException("Cloning an API is not offered here.")
    document = new_api(asked)
    check_api(document)
    return view(create(call, document))


@operation("apigateway", "GetRestApi")
def get_rest_api(call: Call) -> dict[str, Any]:
    return view(find_api(call))


@operation("apigateway", "GetRestApis")
def get_rest_apis(call: Call) -> dict[str, Any]:
    found = own.find_all(call, REST_API)
    return page(call, {one.name: view(one) for one in found})


@operation("apigateway", "UpdateRestApi")
def update_rest_api(call: Call) -> dict[str, Any]:
    with changing(call) as api:
        patches.apply(api, call.input.get("patchOperations"), _RULES)
        check_api(api)
    return view(find_api(call))


@operation("apigateway", "DeleteRestApi")
def delete_rest_api(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = find_api(call)
        leave_plans(call, record.name)
        delete_api(call.records, record)
    return {}


def new_api(asked: dict[str, Any]) -> dict[str, Any]:
    """The document of an API that has nothing but its root."""
    root = new_id()
    return {
        "id": new_id(),
        "name": asked.get("name"),
        "description": asked.get("description"),
        "version": asked.get("version"),
        "binaryMediaTypes": asked.get("binaryMediaTypes") or [],
        "minimumCompressionSize": asked.get("minimumCompressionSize"),
        "apiKeySource": asked.get("apiKeySource") or "HEADER",
        "endpointConfiguration": asked.get("endpointConfiguration") or {"types": ["EDGE"]},
        "policy": asked.get("policy"),
        "tags": asked.get("tags") or {},
        "disableExecuteApiEndpoint": bool(asked.get("disableExecuteApiEndpoint")),
        "rootResourceId": root,
        "resources": {root: {"id": root, "path": "/", "resourceMethods": {}}},
        "models": dict(_models()),
        "validators": {},
        "authorizers": {},
        "gatewayResponses": {},
        "stages": {},
    }


def check_api(api: dict[str, Any]) -> None:
    """Raises BadRequestException."""
    if not api.get("name"):
        raise BadRequestException("Invalid API name specified")
    if api["apiKeySource"] not in KEY_SOURCES:
        raise BadRequestException(f"apiKeySource must be one of {', '.join(KEY_SOURCES)}.")
    if "PRIVATE" in api["endpointConfiguration"].get("types", ()):
        raise BadRequestException("Private APIs are not offered here: there is no VPC.")
    if api.get("policy"):
        raise BadRequestException(
            "Policies of APIs are not evaluated here: leave policy out, and use authorization."
        )
    size = api.get("minimumCompressionSize")
    if size is not None and not 0 <= size <= _BIGGEST:
        raise BadRequestException(f"minimumCompressionSize must be from 0 to {_BIGGEST}.")


def view(record: Record) -> dict[str, Any]:
    """The API as GetRestApi shows it."""
    return {**record.document, "createdDate": int(record.created), "apiStatus": "AVAILABLE"}


def create(call: Call, document: dict[str, Any]) -> Record:
    """The record of a new API."""
    return own.create(call, REST_API, document["id"], document)


def _models() -> dict[str, Any]:
    """The models that every API begins with."""
    draft = "http://json-schema.org/draft-04/schema#"
    made = {
        "Empty": (
            "This is a default empty schema model",
            f'{{\n  "$schema": "{draft}",\n  "title" : "Empty Schema",\n  "type" : "object"\n}}',
        ),
        "Error": (
            "This is a default error schema model",
            f'{{\n  "$schema" : "{draft}",\n  "title" : "Error Schema",\n  "type" : "object",\n'
            '  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}',
        ),
    }
    return {
        name: {
            "id": new_id(6),
            "name": name,
            "description": description,
            "schema": schema,
            "contentType": "application/json",
        }
        for name, (description, schema) in made.items()
    }
