"""Reads OpenAPI 3 and Swagger 2 documents, in JSON or YAML, and looks things up in them. Pure."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from argosy.ground.gateway.schemas import Schema
from argosy.services.apigateway.errors import BadRequestException
from argosy.services.apigateway.shape import DOCUMENT

VERBS = ("get", "put", "post", "delete", "options", "head", "patch")
ANY = "x-amazon-apigateway-any-method"
_MOST_BYTES = 6 << 20


def read(body: bytes) -> dict[str, Any]:
    """The document. Raises BadRequestException."""
    if len(body) > _MOST_BYTES:
        raise BadRequestException("The definition is larger than 6 MiB.")
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text) if text.lstrip().startswith("{") else _from_yaml(text)
    except (ValueError, RecursionError, yaml.YAMLError):
        raise BadRequestException(
            "Unable to parse API definition: it is no JSON or YAML."
        ) from None
    if not isinstance(document, dict):
        raise BadRequestException("Unable to parse API definition: it is no object.")
    version = str(document.get("openapi") or document.get("swagger") or "")
    if not version.startswith(("3.", "2.")):
        raise BadRequestException("Unable to parse API definition: no openapi 3 or swagger 2.")
    wrong = Schema(DOCUMENT).wrong_with(document)
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
    if held is None or not str(reference).startswith("#/"):
        raise BadRequestException(f"Unable to resolve reference {str(reference)[:200]}")
    return held


def schemas(document: Mapping[str, Any]) -> dict[str, Any]:
    """Schemas by name, each whole: what it refers to is among its own definitions."""
    found = (document.get("components") or {}).get("schemas") or document.get("definitions") or {}
    text = json.dumps(found).replace('"#/components/schemas/', '"#/definitions/')
    local: dict[str, Any] = json.loads(text)
    return {
        name: {**schema, "definitions": local}
        if '"#/definitions/' in json.dumps(schema)
        else schema
        for name, schema in local.items()
    }


def schema_name(value: Any) -> str:
    """The name that a reference to a schema has; "" where there is none."""
    reference = value.get("$ref") if isinstance(value, dict) else None
    return str(reference).rpartition("/")[2] if reference else ""


def bodies(document: Mapping[str, Any], operation: Mapping[str, Any]) -> dict[str, str]:
    """Content type → schema, of an operation's request."""
    wanted = resolved(document, operation.get("requestBody") or {})
    found = {
        kind: schema_name(media.get("schema"))
        for kind, media in (wanted.get("content") or {}).items()
    }
    for parameter in operation["parameters"]:
        given = resolved(document, parameter)
        if given.get("in") == "body":
            kinds = operation.get("consumes") or document.get("consumes") or ["application/json"]
            found |= dict.fromkeys(kinds, schema_name(given.get("schema")))
    return {kind: name for kind, name in found.items() if name}


def _from_yaml(text: str) -> Any:
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.AliasEvent):
            raise BadRequestException("Aliases of YAML are not read: write their values out.")
    # Statuses and dates are no texts in YAML; in JSON names always are.
    return json.loads(json.dumps(yaml.safe_load(text), default=str))
