"""Reads OpenAPI 3 and Swagger 2 documents, in JSON or YAML, and looks things up in them. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

import yaml

from argosy.ground.gateway.schemas import Schema, TooLong
from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.shape import DOCUMENT

VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
_MOST_BYTES = 6 << 20
_OPENAPI, _DRAFT = '"#/components/schemas/', '"#/definitions/'
"""How a schema is referred to."""


def read(body: bytes) -> dict[str, Any]:
    """The document. Raises BadRequestException."""
    if len(body) > _MOST_BYTES:
        raise BadRequestException("The definition is larger than 6 MiB.")
    text = body.decode("utf-8", "replace")
    try:
        document = _from_json(text) if text.lstrip().startswith("{") else _from_yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        raise BadRequestException(
            "Unable to parse API definition: it is no JSON or YAML."
        ) from None
    if not isinstance(document, dict):
        raise BadRequestException("Unable to parse API definition: it is no object.")
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version.startswith(("3.", "2.")):
        raise BadRequestException("Unable to parse API definition: no openapi 3 or swagger 2.")
    try:
        wrong = Schema(DOCUMENT).wrong_with(document)
    except TooLong:
        wrong = ["it takes too long to look at"]
    if wrong:
        raise BadRequestException(f"Unable to parse API definition: {wrong[0]}")
    return document


def operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(path, method, operation), with what the path says for all its operations."""
    for path, item in document["paths"].items():
        for name, operation in item.items():
            method = "ANY" if name == ANY else name.upper()
            if name not in VERBS and name != ANY:
                continue
            shared = [*item.get("parameters", ()), *operation.get("parameters", ())]
            yield path, method, {**operation, "parameters": shared}


def resolved(document: Mapping[str, Any], value: Any) -> Any:
    """What a `$ref` within the document leads to; anything else as it is."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    if reference is None:
        return value
    held: Any = document
    for step in str(reference).removeprefix("#/").split("/"):
        held = held.get(step) if isinstance(held, dict) else None
    if not isinstance(held, dict) or not str(reference).startswith("#/"):
        raise BadRequestException(f"Unable to resolve reference {str(reference)[:200]}")
    return held


def schemas(document: Mapping[str, Any]) -> dict[str, Any]:
    """Schemas by name, each whole: what it refers to is among its own definitions."""
    return {name: bundled(document, schema) for name, schema in _named(document).items()}


def bundled(document: Mapping[str, Any], schema: Any) -> Any:
    """A schema with what it refers to among its own definitions."""
    local = json.loads(json.dumps(schema).replace(_OPENAPI, _DRAFT))
    if _DRAFT not in json.dumps(local):
        return local
    return {
        **local,
        "definitions": json.loads(json.dumps(_named(document)).replace(_OPENAPI, _DRAFT)),
    }


def bodies(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, Any]:
    """Content type → the schema of a request: its name, or itself where it has none."""
    wanted = resolved(document, operation.get("requestBody") or {})
    found = {kind: media.get("schema") for kind, media in (wanted.get("content") or {}).items()}
    for parameter in operation["parameters"]:
        given = resolved(document, parameter)
        if given.get("in") == "body":
            kinds = operation.get("consumes") or document.get("consumes") or ["application/json"]
            found |= dict.fromkeys(kinds, given.get("schema"))
    return {kind: _schema_name(one) or one for kind, one in found.items() if isinstance(one, dict)}


def based(document: dict[str, Any], way: str) -> dict[str, Any]:
    """The document with its base path before each path: the whole of it ("prepend"), all but its
    first part ("split"), or nothing ("ignore")."""
    base = _base(document).strip("/")
    if way == "split":
        base = base.partition("/")[2]
    if way == "ignore" or not base:
        return document
    return {**document, "paths": {f"/{base}{path}": one for path, one in document["paths"].items()}}


def _base(document: Mapping[str, Any]) -> str:
    """Of Swagger 2, or of the first server of OpenAPI 3, whose variables have their defaults."""
    servers = document.get("servers")
    if not isinstance(servers, list) or not servers or not isinstance(servers[0], dict):
        return str(document.get("basePath") or "")
    url = str(servers[0].get("url") or "")
    variables = servers[0].get("variables")
    for name, one in (variables if isinstance(variables, dict) else {}).items():
        url = url.replace(f"{{{name}}}", str(one.get("default")) if isinstance(one, dict) else "")
    try:
        return urlsplit(url).path
    except ValueError:
        raise BadRequestException(f"The URL of a server cannot be read: {url[:200]}") from None


def _named(document: Mapping[str, Any]) -> dict[str, Any]:
    found = (document.get("components") or {}).get("schemas") or document.get("definitions") or {}
    return dict(found)


def _schema_name(schema: dict[str, Any]) -> str:
    """The name that a reference to a schema has; "" for any other schema."""
    reference = schema.get("$ref")
    return str(reference).rpartition("/")[2] if reference else ""


def _from_json(text: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def _from_yaml(text: str) -> Any:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise BadRequestException("Aliases of YAML are not read: write their values out.")
    # Statuses and dates are no texts in YAML; in JSON names always are.
    return _from_json(json.dumps(yaml.safe_load(text), default=str))
