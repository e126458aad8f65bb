"""Signature Version 4: reading a claim from a request, checking it, and signing.

    claim = claim_of(asked)                         what the request says of itself, or None
    check(claim, asked, payload_hash, …)            raises AuthError, or returns
    sign(asked, payload_hash, …)                    the headers to add

It refuses to know keys, sockets and clocks: they are handed in. The one thing it remembers is
derived keys, in a bounded cache. Source: IAM User Guide, "Signature Version 4"; texts of errors:
reference/security.md §1.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import NamedTuple
from urllib.parse import unquote

from argosy.access.canonical import (
    UNSIGNED_PAYLOAD,
    Asked,
    canonical_request,
    split_query,
)
from argosy.access.errors import AuthError, Failure

ALGORITHM = "AWS4-HMAC-SHA256"
TERMINATOR = "aws4_request"
MAX_SKEW_S = 900
_TIME = re.compile(r"[0-9]{8}T[0-9]{6}Z")
MAX_EXPIRES_S = 604_800

# Never signed when we sign: they change on the way, or say nothing about the request.
_UNSIGNED = frozenset(
    {"authorization", "connection", "content-length", "expect", "transfer-encoding", "user-agent"}
)


class Scope(NamedTuple):
    """What a credential is good for."""

    date: str
    region: str
    service: str
    terminator: str

    def __str__(self) -> str:
        return "/".join(self)


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says of who made it and how it was signed."""

    key_id: str
    scope: Scope
    signed_headers: tuple[str, ...]
    signature: str
    timestamp: str
    """YYYYMMDDTHHMMSSZ"""
    expires_s: int | None = None
    """Set for presigned requests."""


class SigningKeys:
    """Derived keys, remembered: deriving one costs four HMACs."""

    def __init__(self, limit: int = 1024) -> None:
        self._limit = limit
        self._keys: dict[tuple[str, str, str, str], bytes] = {}

    def get(self, secret: str, date: str, region: str, service: str) -> bytes:
        """The signing key of a secret for one day, region and service."""
        name = (secret, date, region, service)
        key = self._keys.get(name)
        if key is None:
            if len(self._keys) >= self._limit:
                self._keys.clear()
            key = self._keys[name] = derive_key(*name)
        return key


def derive_key(secret: str, date: str, region: str, service: str) -> bytes:
    """secret → date → region → service → terminator, each by HMAC-SHA256."""
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode("latin-1"), "sha256")
    return key


def claim_of(asked: Asked) -> Claim | None:
    """The claim in the Authorization header or in the query; None when there is none.

    Raises AuthError when both are there, or when what is there cannot be read.
    """
    authorization = asked.headers.get("authorization")
    presigned = "X-Amz-Signature=" in asked.query or "X-Amz-Credential=" in asked.query
    if authorization is not None and presigned:
        raise AuthError(
            Failure.INCOMPLETE,
            "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter or the "
            "Authorization header should be specified.",
        )
    if authorization is not None:
        return _from_header(authorization, asked.headers)
    return _from_query(asked.query) if presigned else None


def scope_hint(authorization: str, query: str) -> str:
    """The service a request is probably meant for, without judging it; "" when nothing says."""
    _, _, rest = authorization.partition("Credential=")
    if not rest:
        _, _, rest = query.partition("X-Amz-Credential=")
        rest = unquote(rest.partition("&")[0])
    parts = rest.partition(",")[0].split("/")
    return parts[-2] if len(parts) >= 5 else ""


def _from_header(authorization: str, headers: Mapping[str, str]) -> Claim:
    algorithm, _, rest = authorization.partition(" ")
    if algorithm != ALGORITHM:
        raise AuthError(Failure.UNSUPPORTED)
    fields = dict(_pair(part) for part in rest.split(","))
    for name in ("Credential", "SignedHeaders", "Signature"):
        if not fields.get(name):
            raise AuthError(
                Failure.INCOMPLETE, f"Authorization header requires '{name}' parameter."
            )
    key_id, scope = _credential(fields["Credential"])
    return Claim(
        key_id=key_id,
        scope=scope,
        signed_headers=tuple(fields["SignedHeaders"].split(";")),
        signature=fields["Signature"],
        timestamp=_timestamp(headers),
    )


def _pair(part: str) -> tuple[str, str]:
    name, _, value = part.strip().partition("=")
    return name, value


def _from_query(query: str) -> Claim:
    fields = {name: unquote(value, "latin-1") for name, value in split_query(query)}
    for name in ("Algorithm", "Credential", "Date", "Expires", "SignedHeaders", "Signature"):
        if not fields.get(f"X-Amz-{name}"):
            raise AuthError(
                Failure.INCOMPLETE, f"AWS query-string parameters must include 'X-Amz-{name}'."
            )
    if fields["X-Amz-Algorithm"] != ALGORITHM:
        raise AuthError(Failure.UNSUPPORTED)
    key_id, scope = _credential(fields["X-Amz-Credential"])
    return Claim(
        key_id=key_id,
        scope=scope,
        signed_headers=tuple(fields["X-Amz-SignedHeaders"].split(";")),
        signature=fields["X-Amz-Signature"],
        timestamp=fields["X-Amz-Date"],
        expires_s=_expires(fields["X-Amz-Expires"]),
    )


def _credential(text: str) -> tuple[str, Scope]:
    parts = text.split("/")
    if len(parts) < 5:
        raise AuthError(
            Failure.INCOMPLETE,
            "Credential must have exactly 5 slash-delimited elements, "
            "e.g. keyid/date/region/service/term.",
        )
    return "/".join(parts[:-4]), Scope(*parts[-4:])


def _expires(text: str) -> int:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= MAX_EXPIRES_S):
        raise AuthError(Failure.INCOMPLETE, "X-Amz-Expires must be between 1 and 604800 seconds.")
    return int(text)


def _timestamp(headers: Mapping[str, str]) -> str:
    stamp = headers.get("x-amz-date") or headers.get("date", "")
    if parse_time(stamp) is not None:
        return stamp
    try:
        return format_time(parsedate_to_datetime(stamp).timestamp())
    except (ValueError, TypeError, OverflowError):
        raise AuthError(
            Failure.INCOMPLETE,
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ) from None


def check(
    claim: Claim,
    asked: Asked,
    payload_hash: str,
    secret: str | None,
    now: float,
    keys: SigningKeys,
) -> None:
    """Return when the claim is true; raise AuthError with the reason when it is not.

    `secret` is that of `claim.key_id`, None when nobody has that key. `payload_hash` is the hex
    SHA-256 of the body, or for S3 what x-amz-content-sha256 says.
    """
    if secret is None:
        raise AuthError(Failure.UNKNOWN_KEY)
    check_time(claim, now)
    check_scope(claim)
    check_signed_headers(claim, asked)
    key = keys.get(secret, claim.scope.date, claim.scope.region, claim.scope.service)
    canonical = canonical_request(
        asked, claim.signed_headers, payload_hash, s3=claim.scope.service == "s3"
    )
    expected = signature(key, claim.timestamp, claim.scope, canonical)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode("latin-1", "replace")):
        raise AuthError(Failure.MISMATCH)


def signature(key: bytes, timestamp: str, scope: Scope, canonical: str) -> str:
    """The hex signature of a canonical request."""
    digest = hashlib.sha256(canonical.encode("latin-1")).hexdigest()
    text = f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"
    return hmac.digest(key, text.encode("latin-1"), "sha256").hex()


def check_time(claim: Claim, now: float) -> None:
    """Raise unless the claim is neither too old, from the future, nor past its expiry."""
    signed = parse_time(claim.timestamp)
    if signed is None:
        raise AuthError(Failure.INCOMPLETE, "Date must be in ISO8601 'basic format'.")
    if signed > now + MAX_SKEW_S:
        raise AuthError(
            Failure.SKEWED,
            f"Signature not yet current: {claim.timestamp} is still later than "
            f"{format_time(now + MAX_SKEW_S)}",
        )
    oldest = now - (MAX_SKEW_S if claim.expires_s is None else claim.expires_s)
    if signed < oldest:
        raise AuthError(
            Failure.SKEWED if claim.expires_s is None else Failure.EXPIRED,
            f"Signature expired: {claim.timestamp} is now earlier than {format_time(oldest)}",
        )


def check_scope(claim: Claim) -> None:
    """Raise unless the scope's date and terminator belong to the claim."""
    if claim.scope.terminator != TERMINATOR:
        raise AuthError(
            Failure.SCOPE, "Credential should be scoped with a valid terminator: 'aws4_request'"
        )
    if claim.scope.date != claim.timestamp[:8]:
        raise AuthError(
            Failure.SCOPE,
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date "
            "from HTTP",
        )
    if not claim.scope.region or not claim.scope.service:
        raise AuthError(Failure.SCOPE)


def check_signed_headers(claim: Claim, asked: Asked) -> None:
    """Raise unless Host and every x-amz-* header that is there was signed."""
    signed = set(claim.signed_headers)
    if "host" not in signed:
        raise AuthError(
            Failure.MISMATCH,
            "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
        )
    unsigned = [n for n in asked.headers if n.startswith("x-amz-") and n not in signed]
    if unsigned:
        raise AuthError(
            Failure.MISMATCH,
            f"There were headers present in the request which were not signed: "
            f"{', '.join(sorted(unsigned))}",
        )


def parse_time(timestamp: str) -> float | None:
    """Seconds since the epoch of YYYYMMDDTHHMMSSZ; None when it is something else."""
    if not _TIME.fullmatch(timestamp):
        return None
    try:
        return datetime.fromisoformat(timestamp).timestamp()  # a tenth of what strptime costs
    except ValueError:
        return None


def format_time(seconds: float) -> str:
    """YYYYMMDDTHHMMSSZ"""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y%m%dT%H%M%SZ")


def sign(
    asked: Asked,
    payload_hash: str,
    *,
    key_id: str,
    secret: str,
    region: str,
    service: str,
    now: float,
    keys: SigningKeys | None = None,
) -> dict[str, str]:
    """The headers that make the request a signed one (names in lower case).

    `asked.headers` must hold "host"; every header given is signed but those that change on the
    way. For S3 the payload hash may be UNSIGNED-PAYLOAD or a streaming marker.
    """
    timestamp = format_time(now)
    added = {"x-amz-date": timestamp}
    if service == "s3":
        added["x-amz-content-sha256"] = payload_hash
    headers = {**asked.headers, **added}
    names = sorted(name for name in headers if name not in _UNSIGNED)
    scope = Scope(timestamp[:8], region, service, TERMINATOR)
    whole = Asked(asked.method, asked.path, asked.query, headers)
    canonical = canonical_request(whole, names, payload_hash, s3=service == "s3")
    key = (keys or SigningKeys(1)).get(secret, scope.date, region, service)
    added["authorization"] = (
        f"{ALGORITHM} Credential={key_id}/{scope}, SignedHeaders={';'.join(names)}, "
        f"Signature={signature(key, timestamp, scope, canonical)}"
    )
    return added


__all__ = [
    "MAX_SKEW_S",
    "UNSIGNED_PAYLOAD",
    "Asked",
    "Claim",
    "Scope",
    "SigningKeys",
    "check",
    "claim_of",
    "sign",
]
