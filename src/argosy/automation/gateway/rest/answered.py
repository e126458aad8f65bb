"""The method's response, made of what the integration answered."""

import base64
import json
from collections.abc import Mapping
from typing import Any

import re2

from argosy.automation.gateway.errors import misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.mapping import mapped, shared_value
from argosy.automation.gateway.outgoing import Answer
from argosy.automation.gateway.rest.rendering import rendered, unbased
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.ground.doors import DoorAnswer
from argosy.ground.gateway.expressions import Source, target
from argosy.ground.gateway.uris import aws_target

_JSON = "application/json"


def answered(
    exchange: Exchange, stage: RestStage, method: Method, answer: Answer, context: Mapping[str, Any]
) -> DoorAnswer:
    """What the client gets for what the integration answered. Raises Refused."""
    response = _selected(method, answer)
    status = int(response["statusCode"])
    headers: dict[str, str] = {}
    body, content_type = _response_body(exchange, stage, method, response, answer)
    override: dict[str, Any] = {}
    template = _response_template(exchange, response)
    if template is not None:
        content_type, text = template
        written, override = rendered(
            exchange, text, answer.body.decode("utf-8", "replace"), context, "responseOverride"
        )
        body = written.encode()

    def value(wanted: Source) -> str | None:
        if wanted.kind == "header":
            return answer.header(wanted.name.lower())
        if wanted.kind == "multivalueheader":
            several = [v for n, v in answer.headers if n.lower() == wanted.name.lower()]
            return ",".join(several) or None
        return shared_value(wanted, answer.body, context, exchange.place.variables)

    for put, found in mapped(response["responseParameters"], "integration.response", value).items():
        headers[(target(put, "response") or ("", ""))[1]] = found
    headers.update({k: str(v) for k, v in (override.get("header") or {}).items()})
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = content_type
    status = int(override.get("status") or status)
    return DoorAnswer(status, list(headers.items()), body)


def _selected(method: Method, answer: Answer) -> Mapping[str, Any]:
    """By the error's text for functions, by the status for all others. Raises Refused."""
    responses = method.integration["integrationResponses"].values()
    failed = answer.header("x-amz-function-error")
    text = str(answer.status)
    function = aws_target(method.integration.get("uri") or "")
    if function is not None and function.function:
        text = _error_message(answer.body) if failed else ""
    usual = None
    for one in responses:
        pattern = one.get("selectionPattern")
        if not pattern:
            usual = one
        elif text and re2.fullmatch(f"(?s:{pattern})", text):
            chosen: Mapping[str, Any] = one
            return chosen
    if usual is None:
        raise misconfigured(f"No match for output mapping and no default: {text[:200]}")
    return dict(usual)


def _error_message(payload: bytes) -> str:
    try:
        told = json.loads(payload)
    except (ValueError, RecursionError):
        return "error"
    return str(told.get("errorMessage") or "error") if isinstance(told, dict) else "error"


def _response_template(exchange: Exchange, response: Mapping[str, Any]) -> tuple[str, str] | None:
    """(content type, template): the one that the client would like, or the first."""
    texts = {kind: text for kind, text in response["responseTemplates"].items() if text}
    if not texts:
        return None
    accepted = (exchange.request.header("accept") or "").partition(",")[0].partition(";")[0]
    kind = accepted if accepted in texts else _JSON if _JSON in texts else next(iter(texts))
    return kind, texts[kind]


def _response_body(
    exchange: Exchange,
    stage: RestStage,
    method: Method,
    response: Mapping[str, Any],
    answer: Answer,
) -> tuple[bytes, str]:
    """The body where no template makes one, and its Content-Type."""
    declared = method.document["methodResponses"].get(response["statusCode"]) or {}
    kinds = list(declared.get("responseModels") or ())
    content_type = kinds[0] if kinds else _JSON
    handling = response.get("contentHandling")
    if handling == "CONVERT_TO_TEXT":
        return base64.b64encode(answer.body), content_type
    if handling == "CONVERT_TO_BINARY":
        return unbased(answer.body), content_type
    return answer.body, content_type
