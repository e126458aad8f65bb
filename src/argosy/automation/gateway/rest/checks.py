"""Request validators: parameters that must be there, bodies that must fit a model."""

import json

from argosy.automation.gateway.errors import Refused
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.rest.stage import Method, RestStage


def check(exchange: Exchange, stage: RestStage, method: Method) -> None:
    """Raises Refused."""
    name = method.document.get("requestValidatorId")
    validator = (stage.parts.get("validators") or {}).get(name) if name else None
    if validator is None:
        return
    if validator["validateRequestParameters"]:
        _check_parameters(exchange, method)
    if validator["validateRequestBody"]:
        _check_body(exchange, stage, method)


def _check_parameters(exchange: Exchange, method: Method) -> None:
    missing = [
        name.rpartition(".")[2] if ".header." not in name else name.partition(".header.")[2]
        for name, needed in method.document["requestParameters"].items()
        if needed and not _given(exchange, name)
    ]
    if missing:
        raise Refused(
            "BAD_REQUEST_PARAMETERS",
            f"Missing required request parameters: [{', '.join(missing)}]",
        )


def _given(exchange: Exchange, name: str) -> bool:
    where, _, rest = name.removeprefix("method.request.").partition(".")
    if where in ("header", "multivalueheader"):
        return bool(exchange.request.header(rest.lower()))
    if where == "path":
        return bool(exchange.path_parameters.get(rest))
    return any(key == rest and value for key, value in exchange.query)


def _check_body(exchange: Exchange, stage: RestStage, method: Method) -> None:
    models = method.document["requestModels"]
    model = models.get(exchange.media_type) or models.get("$default")
    if model is None:
        return
    schema = stage.schema(model)
    if schema is None:
        return
    try:
        value = json.loads(exchange.request.body)
    except (ValueError, RecursionError):
        raise Refused("BAD_REQUEST_BODY", detail="the body is not JSON") from None
    wrong = schema.wrong_with(value)
    if wrong:
        exchange.error = "; ".join(wrong)[:1000]
        raise Refused("BAD_REQUEST_BODY", detail=exchange.error)
