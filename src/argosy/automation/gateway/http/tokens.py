"""JWT authorizers: tokens are proven by the keys that their issuer publishes.

Only RSA signatures are taken, as API Gateway does. An issuer's keys are kept; a token that names an
unknown key has them fetched again, but not more often than once a minute.
"""

import asyncio
import json
from collections.abc import Mapping
from time import monotonic, time
from typing import Any

from argosy.automation.gateway.outgoing import Outgoing, OutgoingError

ALGORITHMS = ("RS256", "RS384", "RS512")
_FETCH_S = 5.0
_AGAIN_S = 60.0
_GOOD_S = 2 * 3600.0
_LONGEST = 16_384
_MOST_ISSUERS = 256


class BadToken(Exception):
    """The token proves nothing; the text says why."""


class Issuers:
    """The keys of issuers, by their URL."""

    def __init__(self, outgoing: Outgoing) -> None:
        self._outgoing = outgoing
        self._keys: dict[str, tuple[float, dict[str, Any]]] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def claims(self, token: str, issuer: str, audience: list[str]) -> dict[str, Any]:
        """What a token claims, once it is proven. Raises BadToken."""
        import jwt

        if len(token) > _LONGEST:
            raise BadToken("the token is too long")
        try:
            header = jwt.get_unverified_header(token)
            key = await self._key(issuer, str(header.get("kid") or ""))
            claims: dict[str, Any] = jwt.decode(
                token,
                key=key,
                algorithms=list(ALGORITHMS),
                issuer=issuer,
                options={"verify_aud": False, "verify_iat": False, "require": ["exp"]},
            )
        except jwt.PyJWTError as error:
            raise BadToken(str(error)[:200]) from None
        _check_audience(claims, audience)
        _check_issued(claims)
        return claims

    def clear(self) -> None:
        self._keys.clear()

    async def _key(self, issuer: str, name: str) -> Any:
        keys = await self._keys_of(issuer, name)
        if name in keys:
            return keys[name]
        if not name and len(keys) == 1:
            return next(iter(keys.values()))
        raise BadToken("the issuer has no such key")

    async def _keys_of(self, issuer: str, name: str) -> dict[str, Any]:
        """Fetched once for all that wait for the same issuer."""
        known = self._good(issuer, name)
        if known is not None:
            return known
        if len(self._keys) >= _MOST_ISSUERS:
            self._keys.clear()
            self._locks.clear()
        async with self._locks.setdefault(issuer, asyncio.Lock()):
            known = self._good(issuer, name)
            if known is None:
                known = await self._fetched(issuer)
                self._keys[issuer] = monotonic(), known
            return known

    def _good(self, issuer: str, name: str) -> dict[str, Any] | None:
        found = self._keys.get(issuer)
        if found is None:
            return None
        age = monotonic() - found[0]
        return found[1] if age < (_GOOD_S if name in found[1] else _AGAIN_S) else None

    async def _fetched(self, issuer: str) -> dict[str, Any]:
        """Raises BadToken; what cannot be fetched is asked for again by the next token."""
        import jwt

        configuration = await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration")
        keys: dict[str, Any] = {}
        for one in (await self._get(str(configuration.get("jwks_uri")))).get("keys") or []:
            try:
                if one.get("kty") == "RSA":
                    keys[str(one.get("kid") or "")] = jwt.PyJWK(one, algorithm="RS256").key
            except (jwt.PyJWTError, AttributeError, ValueError):
                continue
        return keys

    async def _get(self, url: str) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(_FETCH_S):
                answer = await self._outgoing.ask("GET", url, [("Accept", "application/json")], b"")
            told = json.loads(answer.body) if answer.status == 200 else None
        except (OutgoingError, TimeoutError, ValueError) as error:
            raise BadToken(f"the issuer's keys cannot be fetched: {error}") from None
        if not isinstance(told, dict):
            raise BadToken("the issuer's keys cannot be fetched")
        return told


def scopes_of(claims: Mapping[str, Any]) -> list[str]:
    """Those that a token grants, from `scope` or `scp`."""
    given = claims.get("scope") or claims.get("scp") or []
    return given.split() if isinstance(given, str) else [str(one) for one in given]


def told(claims: Mapping[str, Any]) -> dict[str, str]:
    """Claims as functions are told of them: all in text."""
    return {name: _text(value) for name, value in claims.items()}


def _text(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(_text(one) for one in value)}]"
    if isinstance(value, str):
        return value
    return json.dumps(value)


def _check_audience(claims: Mapping[str, Any], audience: list[str]) -> None:
    given = claims.get("aud", claims.get("client_id"))
    several = given if isinstance(given, list) else [given]
    if audience and not any(one in audience for one in several):
        raise BadToken("the token is for another audience")


def _check_issued(claims: Mapping[str, Any]) -> None:
    issued = claims.get("iat")
    if issued is not None and (not isinstance(issued, int | float) or issued > time()):
        raise BadToken("the token is from the future")
