"""Bodies on both ways of a mapped integration: what templates write, and what is in base64."""

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.ground.gateway import templates
from argosy.ground.gateway.templates import TemplateError


def rendered(
    exchange: Exchange, text: str, body: str, context: Mapping[str, Any], override: str
) -> tuple[str, dict[str, Any]]:
    """What a template writes, and what it set in $context.requestOverride or responseOverride.

    Raises Refused.
    """
    held: dict[str, Any] = {"header": {}, "path": {}, "querystring": {}}
    parameters = {
        "path": exchange.path_parameters,
        "querystring": exchange.single_query,
        "header": exchange.written_headers,
    }
    names = templates.names(body, parameters, {**context, override: held}, exchange.place.variables)
    try:
        return templates.parse(text).render(names), held
    except TemplateError as error:
        raise misconfigured(f"the mapping template: {error}") from None


def unbased(body: bytes) -> bytes:
    """What stands there in base64. Raises Refused."""
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Refused(
            "DEFAULT_5XX", "Internal server error", 500, "the body is not base64"
        ) from None
