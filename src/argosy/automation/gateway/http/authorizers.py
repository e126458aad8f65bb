"""Who may call a route of an HTTP API: anybody, who signs, who has a token, or whom a function
lets in."""

from collections.abc import Mapping
from typing import Any

from argosy.automation.gateway import authorizing, events
from argosy.automation.gateway.authorizing import Verdict, Verdicts
from argosy.automation.gateway.errors import Refused, misconfigured
from argosy.automation.gateway.exchange import Exchange
from argosy.automation.gateway.http.stage import HttpStage, Route
from argosy.automation.gateway.http.tokens import BadToken, Issuers, scopes_of, told
from argosy.automation.gateway.tools import Tools

_TOKEN = "$request.header.Authorization"
_LACKS = "the token lacks a scope"


class Authorizers:
    """For all HTTP APIs of a platform."""

    def __init__(self, tools: Tools, verdicts: Verdicts) -> None:
        self._tools = tools
        self._verdicts = verdicts
        self._issuers = Issuers(tools.outgoing)

    def clear(self) -> None:
        self._issuers.clear()

    async def authorize(self, exchange: Exchange, stage: HttpStage, route: Route) -> None:
        """Fills in what the authorizer says. Raises Refused."""
        kind = route.document.get("authorizationType") or "NONE"
        if kind == "NONE":
            return
        if kind == "AWS_IAM":
            self._signed(exchange)
            return
        authorizer = stage.authorizers.get(route.document.get("authorizerId") or "")
        if authorizer is None:
            raise misconfigured("the authorizer is gone")
        if kind == "JWT":
            await self._token(exchange, route, authorizer)
        else:
            await self._ask(exchange, authorizer)

    def _signed(self, exchange: Exchange) -> None:
        signer = exchange.request.signer
        if signer is None or signer.account != exchange.place.account:
            raise Refused("ACCESS_DENIED", "Forbidden")
        exchange.authorizer = {
            "iam": {
                "accessKey": None,
                "accountId": signer.account,
                "callerId": signer.user_id,
                "cognitoIdentity": None,
                "principalOrgId": None,
                "userArn": signer.arn,
                "userId": signer.user_id,
            }
        }

    async def _token(self, exchange: Exchange, route: Route, authorizer: Mapping[str, Any]) -> None:
        sources = authorizer.get("identitySource") or [_TOKEN]
        token = _value(exchange, sources[0]) or ""
        if token[:7].lower() == "bearer ":
            token = token[7:].strip()
        wanted = route.document.get("authorizationScopes") or []
        if not token:
            raise Refused("UNAUTHORIZED", headers=[_challenge(wanted)])
        configuration = authorizer.get("jwtConfiguration") or {}
        try:
            claims = await self._issuers.claims(
                token, configuration.get("issuer") or "", configuration.get("audience") or []
            )
        except BadToken as error:
            why = _challenge(wanted, "invalid_token", str(error))
            raise Refused("UNAUTHORIZED", detail=str(error), headers=[why]) from None
        scopes = scopes_of(claims)
        if wanted and not set(wanted) & set(scopes):
            why = _challenge(wanted, "insufficient_scope", _LACKS)
            raise Refused("ACCESS_DENIED", "Forbidden", detail=_LACKS, headers=[why])
        exchange.authorizer = {"jwt": {"claims": told(claims), "scopes": scopes or None}}

    async def _ask(self, exchange: Exchange, authorizer: Mapping[str, Any]) -> None:
        """A Lambda authorizer."""
        place, number = exchange.place, authorizer["authorizerId"]
        sources = authorizer.get("identitySource") or []
        values = [_value(exchange, one) or "" for one in sources]
        if not all(values):
            raise Refused("UNAUTHORIZED")
        key = (place.api_id, place.stage, number, *values)
        arn = place.arn(f"{exchange.request.method}{exchange.path}")
        verdict = self._verdicts.get(key) if values else None
        if verdict is None:
            verdict = await self._asked(exchange, authorizer, sources, values, arn)
            seconds = authorizer.get("authorizerResultTtlInSeconds") or 0
            self._verdicts.keep(key, verdict, seconds if values else 0)
        if not verdict.allows(arn):
            raise Refused("ACCESS_DENIED", "Forbidden")
        exchange.principal = verdict.principal
        exchange.authorizer = {"lambda": dict(verdict.context) or None}

    async def _asked(
        self,
        exchange: Exchange,
        authorizer: Mapping[str, Any],
        sources: list[str],
        values: list[str],
        arn: str,
    ) -> Verdict:
        second = authorizer.get("authorizerPayloadFormatVersion") == "2.0"
        if second:
            event = events.event_2(exchange, False)
            event.pop("body", None)
            event.pop("isBase64Encoded", None)
            event |= {"type": "REQUEST", "routeArn": arn, "identitySource": values or None}
        else:
            event = events.request_event(exchange, arn)
            event["identitySource"] = ",".join(values)
            event["authorizationToken"] = values[0] if values else ""
        answer = await authorizing.ask(
            self._tools,
            exchange.place,
            authorizer["authorizerId"],
            authorizer.get("authorizerUri") or "",
            event,
            by_role=bool(authorizer.get("authorizerCredentialsArn")),
        )
        if second and authorizer.get("enableSimpleResponses"):
            if not isinstance(answer, dict) or not isinstance(answer.get("isAuthorized"), bool):
                raise misconfigured("the authorizer's answer has no isAuthorized")
            return Verdict(context=answer.get("context") or {}, allowed=answer["isAuthorized"])
        return authorizing.verdict_of(answer)


def _value(exchange: Exchange, source: str) -> str | None:
    """Sources of HTTP APIs begin with "$"."""
    return authorizing.value_of(exchange, source.removeprefix("$"))


def _challenge(scopes: list[str], error: str = "", why: str = "") -> tuple[str, str]:
    """The header that tells a client which token is wanted (RFC 6750, section 3)."""
    told = {"scope": " ".join(scopes), "error": error, "error_description": why}
    said = [f'{name}="{_quotable(value)}"' for name, value in told.items() if value]
    return "WWW-Authenticate", f"Bearer {' '.join(said)}".strip()


def _quotable(text: str) -> str:
    """Without what would end a quoted text, or the header."""
    return "".join(one for one in text if one.isprintable() and one.isascii() and one not in '"\\')
