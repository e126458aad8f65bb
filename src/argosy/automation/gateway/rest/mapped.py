"""Integrations whose requests and responses are mapped: AWS, HTTP and MOCK; and HTTP_PROXY."""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

import re2

from argosy.automation.gateway.aws import AwsAsker, as_called
from argosy.automation.gateway.context import template_context
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.events import told_headers
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.mapping import mapped, request_values
from argosy.automation.gateway.media import is_binary
from argosy.automation.gateway.outgoing import HOP_BY_HOP, Answer, OutgoingError
from argosy.automation.gateway.rest.answered import answered
from argosy.automation.gateway.rest.rendering import rendered, unbased
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.automation.gateway.tools import Tools, within
from argosy.ground.doors import DoorAnswer
from argosy.ground.gateway.expressions import target
from argosy.ground.gateway.uris import aws_target, with_variables

_VARIABLE = re.compile(r"\{([\w.$-]+)\+?\}")
_JSON = "application/json"
_LOOSE = r"[{,\s][\"']?statusCode[\"']?\s*:\s*[\"']?(\d{3})\b"


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
    return answered(exchange, stage, method, answer, context)


async def pass_on(exchange: Exchange, stage: RestStage, method: Method, tools: Tools) -> DoorAnswer:
    """HTTP_PROXY: the request as it is, with whom it came from, and the answer as it comes.

    Raises Refused.
    """
    asking = Asking(exchange.request.body)
    asking.headers = {n: v for n, v in told_headers(exchange) if n not in HOP_BY_HOP}
    asking.query = list(exchange.query)
    _take_parameters(exchange, method, asking, template_context(exchange))
    try:
        answer = await within(exchange, method.timeout_s, _http(exchange, method, asking, tools))
    except OutgoingError as error:
        raise Refused("INTEGRATION_FAILURE", detail=str(error)) from None
    exchange.integration_status = answer.status
    kept = [(name, v) for name, v in answer.headers if name.lower() not in HOP_BY_HOP]
    return DoorAnswer(answer.status, kept, answer.body)


def _asking(
    exchange: Exchange, stage: RestStage, method: Method, context: Mapping[str, Any]
) -> Asking:
    asking = Asking(exchange.request.body)
    asking.headers["content-type"] = exchange.request.header("content-type") or _JSON
    handling = method.integration.get("contentHandling")
    binary = is_binary(stage.binary, exchange.media_type)
    template = _request_template(exchange, method)
    if handling == "CONVERT_TO_TEXT" and binary:
        asking.body = base64.b64encode(asking.body)
    elif handling == "CONVERT_TO_BINARY" and not binary:
        asking.body = unbased(asking.body)
    if template is not None:
        text = asking.body.decode("utf-8", "replace")
        written, override = rendered(exchange, template, text, context, "requestOverride")
        asking.body = written.encode()
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
    """The status that the template writes."""
    try:
        return Answer(int(_mocked(asking.body)), [], b"")
    except (KeyError, TypeError, ValueError):
        raise misconfigured("Unable to parse statusCode of the mock's template") from None


def _mocked(body: bytes) -> Any:
    """statusCode of JSON, whose names may stand without quotes: `{statusCode: 204}` is what CDK
    and the Serverless Framework write. Raises KeyError, TypeError, ValueError."""
    try:
        return json.loads(body)["statusCode"]
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError):
        found = re2.search(_LOOSE, body.decode("utf-8", "replace"))
        if found is None:
            raise ValueError("no statusCode") from None
        return found.group(1)


async def _http(exchange: Exchange, method: Method, asking: Asking, tools: Tools) -> Answer:
    uri = with_variables(method.integration["uri"], exchange.place.variables)
    kept = _slashes(exchange)
    url = _VARIABLE.sub(lambda f: quote(_part(exchange, asking, f.group(1)), safe=kept), uri)
    if asking.query:
        text = "&".join(f"{quote(k, safe='')}={quote(v, safe='')}" for k, v in asking.query)
        url += ("&" if "?" in url else "?") + text
    verb = method.integration.get("httpMethod") or exchange.request.method
    verb = exchange.request.method if verb == "ANY" else verb
    trust = bool((method.integration.get("tlsConfig") or {}).get("insecureSkipVerification"))
    headers = list(asking.headers.items())
    return await tools.outgoing.ask(verb, url, headers, asking.body, trust=trust)


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
    called = as_called(wanted, asking.query, asking.headers, asking.body)
    role = _role(exchange, integration.get("credentials") or "")
    return await aws.ask(
        place.account,
        role,
        wanted,
        integration.get("httpMethod") or "POST",
        path,
        called.query,
        list(called.headers.items()),
        called.body,
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


def _slashes(exchange: Exchange) -> str:
    """What stays as it is in a URL: slashes, unless one came percent-encoded within a variable."""
    greedy = exchange.resource_path.endswith("+}")
    within = any("/" in value for value in exchange.path_parameters.values())
    return "" if within and not greedy else "/"


def _role(exchange: Exchange, credentials: str) -> str:
    """The caller's own, for `arn:aws:iam::*:user/*`."""
    signer = exchange.request.signer
    if credentials.endswith(":user/*") and signer is not None:
        return signer.arn
    return credentials
