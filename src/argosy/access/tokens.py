"""Tokens for the registry: a password that a client of the OCI protocol sends as Basic auth.

A token names a key and a region and an hour at which it ends, and is signed with the key's secret:
whoever knows the keys can check it, and nothing has to be remembered. It ends early when the key
is gone. Source of its lifetime: ECR API reference, GetAuthorizationToken.
"""

import base64
import binascii
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass

from argosy.access.errors import AuthError, Failure

USER = "AWS"
LIFETIME_S = 12 * 3600

_PURPOSE = b"argosy registry token 1\n"
_LONGEST = 4096


@dataclass(frozen=True)
class Grant:
    """What a token says; `ends` in epoch seconds."""

    key_id: str
    region: str
    ends: int


def make(grant: Grant, secret: str) -> str:
    """The token, letters that need no quoting."""
    said = json.dumps([grant.key_id, grant.region, grant.ends]).encode()
    return f"{_encode(said)}.{_encode(_signature(said, secret))}"


def basic(token: str) -> str:
    """The Authorization header that a client sends."""
    return "Basic " + base64.b64encode(f"{USER}:{token}".encode()).decode()


def check_basic(authorization: str, secret_of: Callable[[str], str | None], now: float) -> Grant:
    """The grant in a header `Basic AWS:token`. Raises AuthError."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _LONGEST:
        raise AuthError(Failure.MISSING)
    user, _, token = _decode(encoded.strip()).decode("latin-1").partition(":")
    if user != USER:
        raise AuthError(Failure.UNKNOWN_KEY, f"The user name must be {USER}.")
    return check(token, secret_of, now)


def check(token: str, secret_of: Callable[[str], str | None], now: float) -> Grant:
    """What the token grants; `secret_of` a key id is None for keys that are not there.

    Raises AuthError.
    """
    said, _, signature = token.partition(".")
    grant = _read(_decode(said))
    secret = secret_of(grant.key_id)
    if secret is None:
        raise AuthError(Failure.UNKNOWN_KEY)
    if not hmac.compare_digest(_decode(signature), _signature(_decode(said), secret)):
        raise AuthError(Failure.UNKNOWN_KEY)
    if now > grant.ends:
        raise AuthError(
            Failure.EXPIRED, "Your authorization token has expired. Reauthenticate and try again."
        )
    return grant


def _read(said: bytes) -> Grant:
    try:
        key_id, region, ends = json.loads(said)
    except (ValueError, TypeError, RecursionError):
        raise AuthError(Failure.UNKNOWN_KEY) from None
    if not isinstance(key_id, str) or not isinstance(region, str) or type(ends) is not int:
        raise AuthError(Failure.UNKNOWN_KEY)
    return Grant(key_id, region, ends)


def _signature(said: bytes, secret: str) -> bytes:
    return hmac.digest(secret.encode(), _PURPOSE + said, "sha256")


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    """Base64 of either alphabet; raises AuthError."""
    try:
        padded = text.translate({ord("-"): "+", ord("_"): "/"}).rstrip("=")
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except (ValueError, binascii.Error):
        raise AuthError(Failure.UNKNOWN_KEY) from None
