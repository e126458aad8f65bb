"""Who may call a method of a REST API: anybody, who signs, or whom a function lets in."""

from collections.abc import Mapping
from typing import Any

import re2

from argosy.automation.gateway import authorizing, events
from argosy.automation.gateway.authorizing import Verdict, Verdicts
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.rest.stage import Method, RestStage
from argosy.automation.gateway.tools import Tools


async def authorize(
    exchange: Exchange, stage: RestStage, method: Method, tools: Tools, verdicts: Verdicts
) -> Verdict | None:
    """What a function said of the caller, if one was asked. Raises Refused."""
    kind = method.document["authorizationType"]
    if kind == "AWS_IAM":
        signer = exchange.request.signer
        if signer is None:
            raise Refused("MISSING_AUTHENTICATION_TOKEN")
        if signer.account != exchange.place.account:
            raise Refused("ACCESS_DENIED")
    if kind != "CUSTOM":
        return None
    authorizer = (stage.parts.get("authorizers") or {}).get(method.document.get("authorizerId"))
    if authorizer is None:
        raise misconfigured("the authorizer is gone")
    verdict = await _ask(exchange, method, authorizer, tools, verdicts)
    exchange.principal = verdict.principal
    exchange.authorizer = dict(verdict.context)
    if not verdict.allows(_method_arn(exchange)):
        raise Refused("ACCESS_DENIED", _denied(verdict))
    return verdict


async def _ask(
    exchange: Exchange,
    method: Method,
    authorizer: Mapping[str, Any],
    tools: Tools,
    verdicts: Verdicts,
) -> Verdict:
    place, arn = exchange.place, _method_arn(exchange)
    values = _identity(exchange, authorizer)
    key = (place.api_id, place.stage, authorizer["id"], *values)
    known = verdicts.get(key) if values else None
    if known is not None:
        return known
    if authorizer["type"] == "TOKEN":
        event = events.token_event(exchange, values[0], arn)
    else:
        event = events.request_event(exchange, arn)
    told = await authorizing.ask(
        tools,
        place,
        authorizer["id"],
        authorizer["authorizerUri"],
        event,
        by_role=bool(authorizer.get("authorizerCredentials")),
    )
    verdict = authorizing.verdict_of(told)
    if values:
        verdicts.keep(key, verdict, authorizer.get("authorizerResultTtlInSeconds") or 0)
    return verdict


def _identity(exchange: Exchange, authorizer: Mapping[str, Any]) -> list[str]:
    """The values by which a caller is known. Raises Refused when one is missing or wrong."""
    given = authorizer.get("identitySource") or ""
    values = []
    for source in (one.strip() for one in given.split(",") if one.strip()):
        value = authorizing.value_of(exchange, source.removeprefix("method."))
        if not value:
            raise Refused("UNAUTHORIZED")
        values.append(value)
    pattern = authorizer.get("identityValidationExpression")
    if authorizer["type"] == "TOKEN" and pattern and not re2.fullmatch(pattern, values[0]):
        raise Refused("UNAUTHORIZED")
    return values


def _method_arn(exchange: Exchange) -> str:
    return exchange.place.arn(f"{exchange.request.method}{exchange.path}")


def _denied(verdict: Verdict) -> str:
    """A policy that denies, or one that does not allow."""
    statements = (verdict.policy or {}).get("Statement") or []
    denies = any(
        isinstance(one, dict) and one.get("Effect") == "Deny"
        for one in (statements if isinstance(statements, list) else [statements])
    )
    if denies:
        return "User is not authorized to access this resource with an explicit deny"
    return "User is not authorized to access this resource"
