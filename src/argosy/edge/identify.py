"""Who made a request: its signature checked against the keys of the routing table."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from urllib.parse import unquote

from argosy.access import sessions, sigv2, sigv4, tokens
from argosy.access.canonical import UNSIGNED_PAYLOAD, Asked, split_query
from argosy.access.errors import AuthError, Failure
from argosy.access.quick import make_plan
from argosy.access.sigv4 import Claim, SigningKeys
from argosy.edge.request import Request
from argosy.edge.route import Kind, Route
from argosy.edge.shape import Known
from argosy.ground.routes import KeyEntry, endpoint_key

log = logging.getLogger(__name__)

REGISTRY = "registry"
"""What stands for a service with callers that send a token."""

_HEX = frozenset("0123456789abcdef")
_SESSIONS = 1024
_TOKEN = "x-amz-security-token"


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity, and what its signature was scoped to."""

    account: str
    arn: str
    user_id: str
    region: str
    service: str
    root: str = ""
    """For temporary credentials: the id of the key that vouches for them."""


@dataclass(frozen=True, slots=True)
class _Key:
    """The key that a request claims to be signed with."""

    entry: KeyEntry
    until: float = inf
    root: str = ""


class Identifier:
    """Checks claims against the keys; `now` is moved by the gate."""

    def __init__(self, now: float, region: str) -> None:
        self.keys: Mapping[str, KeyEntry] = {}
        self.epoch = object()
        """Another one whenever the keys are others."""
        self.now = now
        self._region = region
        self._signing = SigningKeys()
        self._sessions: dict[str, sessions.Opened] = {}
        """By token: those that were seen."""

    def take_keys(self, keys: Mapping[str, KeyEntry]) -> None:
        """From now on these keys are good, and no others."""
        self.keys, self.epoch = keys, object()
        self._sessions.clear()

    def of_whole(self, request: Request) -> Caller:
        """The caller of a request whose body is here. Raises AuthError."""
        asked = request.asked()
        v2 = sigv2.claim_of(asked)
        if v2 is not None:
            return self._of_v2(v2, asked)
        claim = self._claim(asked)
        key = self._check(claim, asked, _declared(claim, asked, request.body_hash))
        return _caller(claim, key)

    def of_nobody(self, service: str) -> Caller:
        """Who visits a link of a service without signing: an identity without an account."""
        return Caller("", "", "", self._region, service)

    def of_guest(self, request: Request, service: str) -> Caller:
        """Who comes to an API or a function's URL: nobody known, unless the request is signed.

        `service` is what a signature must be scoped to. Raises AuthError.
        """
        if not is_signed(request):
            return self.of_nobody(service)
        caller = self.of_whole(request)
        if caller.service != service:
            raise AuthError(
                Failure.SCOPE, f"Credential should be scoped to correct service: '{service}'."
            )
        return caller

    def of_basic(self, request: Request) -> Caller:
        """The caller of the registry, by the token that is its password. Raises AuthError."""
        authorization = request.text("authorization")
        if not authorization:
            raise AuthError(Failure.MISSING)
        grant = tokens.check_basic(authorization, self._secret, self.now)
        key = self.keys[grant.key_id]
        return Caller(key["account"], key["arn"], key["user_id"], grant.region, REGISTRY)

    def _secret(self, key_id: str) -> str | None:
        key = self.keys.get(key_id)
        return None if key is None else key["secret"]

    def of_invocation(self, request: Request, kind: Kind, endpoint: str) -> str:
        """The key of the invoked endpoint in the table, from the caller's account and region.

        The kind of request is remembered for the next one. Raises AuthError.
        """
        asked = request.asked()
        claim = self._claim(asked)
        if claim.scope.service != "sagemaker":
            raise AuthError(
                Failure.SCOPE, "Credential should be scoped to correct service: 'sagemaker'."
            )
        key = self._check(claim, asked, _declared(claim, asked, request.body_hash))
        invoked = endpoint_key(key.entry["account"], claim.scope.region, endpoint)
        self._remember(request, claim, key, Route(kind, invoked))
        return invoked

    def of_head(self, asked: Asked) -> tuple[Caller, str] | None:
        """The caller of an S3 request by its head, and what it says of its payload.

        None when nothing is claimed: the store decides what strangers may do.
        """
        v2 = sigv2.claim_of(asked)
        if v2 is not None:
            return self._of_v2(v2, asked), UNSIGNED_PAYLOAD
        if "authorization" not in asked.headers and "X-Amz-" not in asked.query:
            return None
        claim = self._claim(asked)
        payload = _payload_of_head(claim, asked)
        key = self._check(claim, asked, payload)
        return _caller(claim, key), payload

    def _claim(self, asked: Asked) -> Claim:
        claim = sigv4.claim_of(asked)
        if claim is None:
            raise AuthError(Failure.MISSING)
        return claim

    def _check(self, claim: Claim, asked: Asked, payload_hash: str) -> _Key:
        """The key that made the claim, which is true. Raises AuthError."""
        key = self._key(claim.key_id, _token(asked))
        secret = None if key is None else key.entry["secret"]
        sigv4.check(claim, asked, payload_hash, secret, self.now, self._signing)
        assert key is not None
        return key

    def _of_v2(self, claim: sigv2.ClaimV2, asked: Asked) -> Caller:
        key = self._key(claim.key_id, _token(asked))
        sigv2.check(claim, asked, None if key is None else key.entry["secret"], self.now)
        assert key is not None
        entry = key.entry
        return Caller(
            entry["account"], entry["arn"], entry["user_id"], self._region, "s3", key.root
        )

    def _key(self, key_id: str, token: str) -> _Key | None:
        """The key of this id: one of the table, or that of a session. Raises AuthError."""
        if not token:
            entry = self.keys.get(key_id)
            return None if entry is None else _Key(entry)
        session = self._opened(token)
        if session.key_id != key_id:
            raise AuthError(Failure.BAD_TOKEN)
        said = session.said
        entry = KeyEntry(
            secret=session.secret, account=said.account, arn=said.arn, user_id=said.user_id
        )
        return _Key(entry, session.ends, session.root)

    def _opened(self, token: str) -> sessions.Opened:
        known = self._sessions.get(token)
        if known is not None and self.now < known.ends:
            return known
        session = sessions.opened(token, self._secret, self.now)
        if len(self._sessions) >= _SESSIONS:
            self._sessions.clear()
        self._sessions[token] = session
        return session

    def _remember(self, request: Request, claim: Claim, key: _Key, invoked: Route) -> None:
        authorization = request.header("authorization")
        if authorization is None:
            return
        secret, shape = key.entry["secret"], request.shape
        target = request.target.decode("latin-1")
        plan = make_plan(claim, shape.names, request.method.decode(), target, secret, self._signing)
        if plan is not None and authorization.endswith(claim.signature.encode("latin-1")):
            known = Known(plan, invoked.kind, invoked.endpoint, self.epoch, key.until)
            shape.remember(authorization, request.target, known)


def _caller(claim: Claim, key: _Key) -> Caller:
    entry, scope = key.entry, claim.scope
    return Caller(
        entry["account"], entry["arn"], entry["user_id"], scope.region, scope.service, key.root
    )


def _token(asked: Asked) -> str:
    """The token of temporary credentials that came along; "" for none."""
    token = asked.headers.get(_TOKEN, "")
    if token or not asked.query:
        return token
    return next(
        (
            unquote(value, "latin-1")
            for name, value in split_query(asked.query)
            if unquote(name).lower() == _TOKEN
        ),
        "",
    )


def is_signed(request: Request) -> bool:
    """Whether a request claims a signature of AWS: other credentials are not the edge's affair."""
    return request.text("authorization").startswith("AWS4-") or "X-Amz-Credential=" in request.query


def _declared(claim: Claim, asked: Asked, body_hash: str) -> str:
    """The payload hash that must have been signed, for a body that is here."""
    declared = asked.headers.get("x-amz-content-sha256")
    if claim.scope.service != "s3":
        if declared is not None and declared != body_hash:
            raise AuthError(Failure.PAYLOAD)
        return body_hash
    if declared is None:
        return UNSIGNED_PAYLOAD if claim.expires_s is not None else _no_payload_hash()
    if declared not in (UNSIGNED_PAYLOAD, body_hash):
        raise AuthError(Failure.PAYLOAD)
    return declared


def _payload_of_head(claim: Claim, asked: Asked) -> str:
    if claim.expires_s is not None:
        return UNSIGNED_PAYLOAD
    return asked.headers.get("x-amz-content-sha256") or _no_payload_hash()


def _no_payload_hash() -> str:
    raise AuthError(
        Failure.UNSUPPORTED, "Missing required header for this request: x-amz-content-sha256"
    )


def is_hash(payload: str) -> bool:
    """True for a hex SHA-256, False for markers like UNSIGNED-PAYLOAD."""
    return len(payload) == 64 and set(payload) <= _HEX
