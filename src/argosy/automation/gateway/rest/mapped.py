"""Integrations whose requests and responses are mapped: AWS, HTTP and MOCK; and HTTP_PROXY."""

import base64
import binascii
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import re2

from argosy.automation.gateway.aws import AwsAsker
from argosy.automation.gateway.context import template_context
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.events import titled
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.mapping import mapped, request_values, shared_value
from argosy.automation.gateway.media import is_binary
from argosy.automation.gateway.outgoing import HOP_BY_HOP, Answer, OutgoingError
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.automation.gateway.tools import Tools, within
from argosy.ground.doors import DoorAnswer
from argosy.ground.gateway import templates
from argosy.ground.gateway.expressions import Source, target
from argosy.ground.gateway.templates import TemplateError
from argosy.ground.gateway.uris import aws_target, with_variables

_VARIABLE = re.compile(r"\{([\w.$-]+)\+?\}")
_JSON = "application/json"


@dataclass(slots=True)
class Asking:
    """The request that an integration sends."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    query: list[tuple[str, str]] = field(default_factory=list)
    path: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, Any] = field(default_factory=dict)


async def ask(
    exchange: Exchange, stage: RestStage, method: Method, tools: Tools, aws: AwsAsker
) -> DoorAnswer:
    """The mapped answer of the integration. Raises Refused."""
    integration = method.integration
    context = template_context(exchange)
    asking = _asking(exchange, stage, method, context)
    kind = integration["type"]
    try:
        if kind == "MOCK":
            answer = _mock(asking)
        elif kind == "AWS":
            answer = await within(
                exchange, method.timeout_s, _aws(exchange, method, asking, tools, aws)
            )
        else:
            answer = await within(
                exchange, method.timeout_s, _http(exchange, method, asking, tools)
            )
    except OutgoingError as error:
        raise Refused("INTEGRATION_FAILURE", detail=str(error)) from None
    exchange.integration_status = answer.status
    return _answer(exchange, stage, method, answer, context)


async def pass_on(exchange: Exchange, stage: RestStage, method: Method, tools: Tools) -> DoorAnswer:
    """HTTP_PROXY: the request as it is, and the answer as it comes. Raises Refused."""
    asking = Asking(exchange.request.body)
    given = [(n, v) for n, v in exchange.request.headers if n not in HOP_BY_HOP]
    asking.headers = dict(given)
    asking.query = list(exchange.query)
    _take_parameters(exchange, method, asking, template_context(exchange))
    try:
        answer = await within(exchange, method.timeout_s, _http(exchange, method, asking, tools))
    except OutgoingError as error:
        raise Refused("INTEGRATION_FAILURE", detail=str(error)) from None
    exchange.integration_status = answer.status
    kept = [(name, v) for name, v in answer.headers if name.lower() not in HOP_BY_HOP]
    return DoorAnswer(answer.status, kept, answer.body)


# -- the integration's request


def _asking(
    exchange: Exchange, stage: RestStage, method: Method, context: Mapping[str, Any]
) -> Asking:
    asking = Asking(exchange.request.body)
    asking.headers["content-type"] = exchange.request.header("content-type") or _JSON
    handling = method.integration.get("contentHandling")
    binary = is_binary(stage.binary, exchange.request.header("content-type") or "")
    template = _request_template(exchange, method)
    if handling == "CONVERT_TO_TEXT" and binary:
        asking.body = base64.b64encode(asking.body)
    elif handling == "CONVERT_TO_BINARY" and not binary:
        asking.body = _unbased(asking.body)
    if template is not None:
        text = asking.body.decode("utf-8", "replace")
        rendered, override = _rendered(exchange, template, text, context, "requestOverride")
        asking.body = rendered.encode()
        asking.headers["content-type"] = _JSON
        asking.overrides = override
    _take_parameters(exchange, method, asking, context)
    return asking


def _request_template(exchange: Exchange, method: Method) -> str | None:
    """None: the body goes on as it is. Raises Refused."""
    texts = method.integration["requestTemplates"]
    found = texts.get(exchange.media_type)
    if found is None:
        found = texts.get("$default")
    if found is not None:
        return str(found)
    passing = method.integration["passthroughBehavior"]
    if passing == "NEVER" or (passing == "WHEN_NO_TEMPLATES" and texts):
        raise Refused("UNSUPPORTED_MEDIA_TYPE")
    return None


def _take_parameters(
    exchange: Exchange, method: Method, asking: Asking, context: Mapping[str, Any]
) -> None:
    values = mapped(
        method.integration["requestParameters"], "method.request", request_values(exchange, context)
    )
    for put, value in values.items():
        where, name = target(put, "request") or ("", "")
        if where == "header":
            asking.headers[name.lower()] = value
        elif where == "querystring":
            asking.query = [pair for pair in asking.query if pair[0] != name] + [(name, value)]
        elif where == "path":
            asking.path[name] = value
    override = asking.overrides
    asking.headers.update({k.lower(): str(v) for k, v in (override.get("header") or {}).items()})
    asking.path.update({k: str(v) for k, v in (override.get("path") or {}).items()})
    asking.query += [(k, str(v)) for k, v in (override.get("querystring") or {}).items()]


def _mock(asking: Asking) -> Answer:
    try:
        told = json.loads(asking.body)
        status = int(told["statusCode"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise misconfigured("Unable to parse statusCode of the mock's template") from None
    return Answer(status, [], b"")


async def _http(exchange: Exchange, method: Method, asking: Asking, tools: Tools) -> Answer:
    uri = with_variables(method.integration["uri"], exchange.place.variables)
    url = _VARIABLE.sub(lambda found: quote(_part(exchange, asking, found.group(1))), uri)
    if asking.query:
        text = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in asking.query)
        url += ("&" if "?" in url else "?") + text
    verb = method.integration.get("httpMethod") or exchange.request.method
    verb = exchange.request.method if verb == "ANY" else verb
    return await tools.outgoing.ask(verb, url, list(asking.headers.items()), asking.body)


async def _aws(
    exchange: Exchange, method: Method, asking: Asking, tools: Tools, aws: AwsAsker
) -> Answer:
    integration, place = method.integration, exchange.place
    wanted = aws_target(with_variables(integration["uri"], place.variables))
    if wanted is None:
        raise misconfigured("the integration's URI cannot be read")
    if wanted.function:
        return await _invoke(exchange, wanted.function, asking, method, tools)
    path = _VARIABLE.sub(lambda f: quote(_part(exchange, asking, f.group(1)), safe=""), wanted.path)
    query = [("Action", wanted.action)] if wanted.action else []
    role = _role(exchange, integration.get("credentials") or "")
    return await aws.ask(
        place.account,
        role,
        wanted,
        integration.get("httpMethod") or "POST",
        path,
        [*query, *asking.query],
        list(asking.headers.items()),
        asking.body,
    )


async def _invoke(
    exchange: Exchange, function: str, asking: Asking, method: Method, tools: Tools
) -> Answer:
    """A function that is given the mapped body, now or later."""
    place = exchange.place
    source_arn = place.arn(f"{exchange.request.method}{exchange.resource_path}")
    by_role = bool(method.integration.get("credentials"))
    if asking.headers.get("x-amz-invocation-type") == "Event":
        number = tools.caller.queue(
            function,
            asking.body or b"{}",
            source_arn=source_arn,
            account=place.account,
            region=place.region,
            by_role=by_role,
            trace=exchange.trace,
        )
        return Answer(202, [("x-amzn-RequestId", number)], b"")
    answer = await tools.caller.invoke(
        function,
        asking.body or b"{}",
        source_arn=source_arn,
        account=place.account,
        by_role=by_role,
        trace=exchange.trace,
    )
    headers = [("Content-Type", _JSON)]
    if answer.error:
        headers.append(("X-Amz-Function-Error", answer.error))
    return Answer(200, headers, answer.payload)


def _part(exchange: Exchange, asking: Asking, name: str) -> str:
    return asking.path.get(name) or exchange.path_parameters.get(name, "")


def _role(exchange: Exchange, credentials: str) -> str:
    """The caller's own, for `arn:aws:iam::*:user/*`."""
    signer = exchange.request.signer
    if credentials.endswith(":user/*") and signer is not None:
        return signer.arn
    return credentials


# -- the method's response


def _answer(
    exchange: Exchange, stage: RestStage, method: Method, answer: Answer, context: Mapping[str, Any]
) -> DoorAnswer:
    response = _selected(method, answer)
    status = int(response["statusCode"])
    headers: dict[str, str] = {}
    body, content_type = _response_body(exchange, stage, method, response, answer)
    override: dict[str, Any] = {}
    template = _response_template(exchange, response)
    if template is not None:
        content_type, text = template
        written, override = _rendered(
            exchange, text, answer.body.decode("utf-8", "replace"), context, "responseOverride"
        )
        body = written.encode()

    def value(wanted: Source) -> str | None:
        if wanted.kind == "header":
            return answer.header(wanted.name.lower())
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
        return _unbased(answer.body), content_type
    return answer.body, content_type


def _rendered(
    exchange: Exchange, text: str, body: str, context: Mapping[str, Any], override: str
) -> tuple[str, dict[str, Any]]:
    """What a template writes, and what it set in $context.requestOverride or responseOverride."""
    held: dict[str, Any] = {"header": {}, "path": {}, "querystring": {}}
    parameters = {
        "path": exchange.path_parameters,
        "querystring": exchange.single_query,
        "header": {titled(name): value for name, value in exchange.request.headers},
    }
    names = templates.names(body, parameters, {**context, override: held}, exchange.place.variables)
    try:
        return templates.parse(text).render(names), held
    except TemplateError as error:
        raise misconfigured(f"the mapping template: {error}") from None


def _unbased(body: bytes) -> bytes:
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error:
        raise Refused(
            "DEFAULT_5XX", "Internal server error", 500, "the body is not base64"
        ) from None
