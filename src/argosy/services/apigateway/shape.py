"""What an OpenAPI document must look like to be read here: a schema of what is read of it."""

from typing import Any

_X = "x-amazon-apigateway-"
_TEXT: dict[str, Any] = {"type": "string"}
_TEXTS = {"type": "object", "additionalProperties": _TEXT}
_OBJECTS = {"type": "object", "additionalProperties": {"type": "object"}}
_MAYBE: dict[str, Any] = {"type": ["string", "null"]}
_AUTHORIZER = {
    "type": "object",
    "properties": {
        "type": _MAYBE,
        "authorizerUri": _MAYBE,
        "authorizerCredentials": _MAYBE,
        "identitySource": _MAYBE,
        "identityValidationExpression": _MAYBE,
        "authorizerResultTtlInSeconds": {"type": ["integer", "null"]},
    },
}
_SCHEMES = {
    "type": "object",
    "additionalProperties": {
        "type": "object",
        "properties": {f"{_X}authorizer": _AUTHORIZER},
    },
}
_SECURITY = {"type": "array", "items": {"type": "object"}}
_PARAMETERS = {
    "type": "array",
    "items": {"type": "object", "properties": {"name": _TEXT, "in": _TEXT, "$ref": _TEXT}},
}
_MAPPED = {
    "type": "object",
    "properties": {
        "statusCode": {"type": ["string", "integer"]},
        "responseParameters": _TEXTS,
        "responseTemplates": _TEXTS,
        "contentHandling": _TEXT,
    },
}
_INTEGRATION = {
    "type": "object",
    "properties": {
        "type": _TEXT,
        "uri": _TEXT,
        "httpMethod": _TEXT,
        "credentials": _TEXT,
        "requestParameters": _TEXTS,
        "requestTemplates": _TEXTS,
        "passthroughBehavior": _TEXT,
        "timeoutInMillis": {"type": "integer"},
        "cacheKeyParameters": {"type": "array"},
        "responses": {"type": "object", "additionalProperties": _MAPPED},
    },
}
_OPERATION = {
    "type": "object",
    "properties": {
        "operationId": _TEXT,
        "parameters": _PARAMETERS,
        "consumes": {"type": "array", "items": _TEXT},
        "requestBody": {"type": "object", "properties": {"content": _OBJECTS}},
        "responses": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "properties": {"headers": {"type": "object"}},
            },
        },
        "security": _SECURITY,
        f"{_X}auth": {"type": "object"},
        f"{_X}request-validator": _TEXT,
        f"{_X}integration": _INTEGRATION,
    },
}
_VERBS = ("get", "put", "post", "delete", "options", "head", "patch", f"{_X}any-method")
_PATH = {
    "type": "object",
    "properties": {"parameters": _PARAMETERS, **dict.fromkeys(_VERBS, _OPERATION)},
}

DOCUMENT = {
    "type": "object",
    "required": ["info", "paths"],
    "properties": {
        "info": {
            "type": "object",
            "required": ["title"],
            "properties": {
                "title": _TEXT,
                "description": _TEXT,
                "version": {"type": ["string", "number", "null"]},
            },
        },
        "paths": {"type": "object", "additionalProperties": _PATH},
        "consumes": {"type": "array", "items": _TEXT},
        "security": _SECURITY,
        "definitions": _OBJECTS,
        "securityDefinitions": _SCHEMES,
        "components": {
            "type": "object",
            "properties": {"schemas": _OBJECTS, "securitySchemes": _SCHEMES},
        },
        f"{_X}request-validators": _OBJECTS,
        f"{_X}request-validator": _TEXT,
        f"{_X}binary-media-types": {"type": "array", "items": _TEXT},
        f"{_X}minimum-compression-size": {"type": "integer"},
        f"{_X}api-key-source": _TEXT,
        f"{_X}policy": {"type": "object"},
        f"{_X}endpoint-configuration": {"type": "object"},
        f"{_X}gateway-responses": {"type": "object", "additionalProperties": _MAPPED},
    },
}
