"""Lambda authorizers of REST and HTTP APIs: asked, believed for a while, or not at all."""

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from argosy.automation.gateway.context import rest_context
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange, Place
from argosy.automation.gateway.tools import Tools
from argosy.ground.gateway.uris import aws_target, with_variables
from argosy.ground.globs import fits

_MOST = 10_000


@dataclass(frozen=True)
class Verdict:
    """What an authorizer said of a caller."""

    principal: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    policy: Mapping[str, Any] | None = None
    allowed: bool | None = None
    """Of a simple answer; None where the policy decides."""
    usage_key: str = ""

    def allows(self, arn: str) -> bool:
        """Whether a request to this method may go on."""
        if self.allowed is not None:
            return self.allowed
        return policy_allows(self.policy or {}, arn)


class Verdicts:
    """Verdicts that are believed until their time is over; the least used go first."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[str, ...], tuple[float, Verdict]] = OrderedDict()

    def get(self, key: tuple[str, ...]) -> Verdict | None:
        found = self._kept.get(key)
        if found is None or found[0] < monotonic():
            self._kept.pop(key, None)
            return None
        self._kept.move_to_end(key)
        return found[1]

    def keep(self, key: tuple[str, ...], verdict: Verdict, seconds: float) -> None:
        if seconds > 0:
            self._kept[key] = monotonic() + seconds, verdict
            if len(self._kept) > _MOST:
                self._kept.popitem(last=False)

    def forget(self, api: str) -> None:
        """The API has changed; the first of a key is the API."""
        for key in [key for key in self._kept if key[0] == api]:
            del self._kept[key]

    def clear(self) -> None:
        self._kept.clear()


async def ask(
    tools: Tools,
    place: Place,
    number: str,
    uri: str,
    event: Mapping[str, Any],
    *,
    by_role: bool,
) -> Any:
    """What the function of the authorizer with this number answered. Raises Refused."""
    target = aws_target(with_variables(uri, place.variables))
    if target is None or not target.function:
        raise misconfigured("the authorizer's URI names no function")
    api = f"arn:aws:execute-api:{place.region}:{place.account}:{place.api_id}"
    answer = await tools.caller.invoke(
        target.function,
        json.dumps(event).encode(),
        source_arn=f"{api}/authorizers/{number}",
        account=place.account,
        by_role=by_role,
    )
    try:
        told = json.loads(answer.payload)
    except (ValueError, RecursionError):
        raise misconfigured("the authorizer's answer is not JSON") from None
    if answer.error:
        message = told.get("errorMessage") if isinstance(told, dict) else ""
        if message == "Unauthorized":
            raise Refused("UNAUTHORIZED")
        raise Refused("AUTHORIZER_FAILURE", detail=str(message)[:500])
    return told


def value_of(exchange: Exchange, source: str) -> str | None:
    """What a caller is known by: `request.header.x`, `request.querystring.x`, `stageVariables.x`
    or `context.x`."""
    if source.startswith("request.header."):
        return exchange.request.header(source.removeprefix("request.header.").lower())
    if source.startswith("request.querystring."):
        return exchange.single_query.get(source.removeprefix("request.querystring."))
    if source.startswith("stageVariables."):
        return exchange.place.variables.get(source.removeprefix("stageVariables."))
    held: Any = rest_context(exchange)
    for step in source.removeprefix("context.").split("."):
        held = held.get(step) if isinstance(held, dict) else None
    return None if held is None else str(held)


def verdict_of(told: Any) -> Verdict:
    """Of an answer with a policy. Raises Refused for one that cannot be understood."""
    if not isinstance(told, dict) or not isinstance(told.get("policyDocument"), dict):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", detail="no policyDocument")
    context = told.get("context") or {}
    if not isinstance(context, dict) or any(isinstance(v, dict | list) for v in context.values()):
        raise Refused("AUTHORIZER_CONFIGURATION_ERROR", detail="context has nested values")
    return Verdict(
        principal=str(told.get("principalId") or ""),
        context={name: _said(value) for name, value in context.items()},
        policy=told["policyDocument"],
        usage_key=str(told.get("usageIdentifierKey") or ""),
    )


def policy_allows(policy: Mapping[str, Any], arn: str) -> bool:
    """A statement that denies goes before all that allow."""
    statements = policy.get("Statement") or []
    if isinstance(statements, dict):
        statements = [statements]
    effects = {
        one.get("Effect") for one in statements if isinstance(one, dict) and _covers(one, arn)
    }
    return "Allow" in effects and "Deny" not in effects


def _covers(statement: Mapping[str, Any], arn: str) -> bool:
    actions = _listed(statement.get("Action"))
    if not any(fits(one.lower(), "execute-api:invoke") for one in actions):
        return False
    return any(fits(one, arn) for one in _listed(statement.get("Resource")))


def _listed(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [one for one in value if isinstance(one, str)] if isinstance(value, list) else []


def _said(value: Any) -> Any:
    """In a REST API's context all is text."""
    return value if value is None or isinstance(value, str) else json.dumps(value)
