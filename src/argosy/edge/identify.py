"""Who made a request: its signature checked against the keys of the routing table."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from argosy.access import sigv2, sigv4, tokens
from argosy.access.canonical import UNSIGNED_PAYLOAD, Asked
from argosy.access.errors import AuthError, Failure
from argosy.access.quick import make_plan
from argosy.access.sigv4 import Claim, SigningKeys
from argosy.edge.request import Request
from argosy.edge.route import Kind
from argosy.edge.shape import Known
from argosy.ground.routes import KeyEntry, endpoint_key

log = logging.getLogger(__name__)

REGISTRY = "registry"
"""What stands for a service with callers that send a token."""

_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class Caller:
    """An identity, and what its signature was scoped to."""

    account: str
    arn: str
    user_id: str
    region: str
    service: str


class Identifier:
    """Checks claims against the keys; `now` is moved by the gate."""

    def __init__(self, now: float, region: str) -> None:
        self.keys: Mapping[str, KeyEntry] = {}
        self.epoch = object()
        """Another one whenever the keys are others."""
        self.now = now
        self._region = region
        self._signing = SigningKeys()

    def take_keys(self, keys: Mapping[str, KeyEntry]) -> None:
        """From now on these keys are good, and no others."""
        self.keys, self.epoch = keys, object()

    def of_whole(self, request: Request) -> Caller:
        """The caller of a request whose body is here. Raises AuthError."""
        asked = request.asked()
        v2 = sigv2.claim_of(asked)
        if v2 is not None:
            return self._of_v2(v2, asked)
        claim = self._claim(asked)
        self._check(claim, asked, _declared(claim, asked, request.body_hash))
        return self._caller(claim)

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
        self._check(claim, asked, _declared(claim, asked, request.body_hash))
        caller = self._caller(claim)
        key = endpoint_key(caller.account, caller.region, endpoint)
        self._remember(request, claim, kind, key)
        return key

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
        self._check(claim, asked, payload)
        return self._caller(claim), payload

    def _claim(self, asked: Asked) -> Claim:
        claim = sigv4.claim_of(asked)
        if claim is None:
            raise AuthError(Failure.MISSING)
        return claim

    def _check(self, claim: Claim, asked: Asked, payload_hash: str) -> None:
        key = self.keys.get(claim.key_id)
        secret = None if key is None else key["secret"]
        sigv4.check(claim, asked, payload_hash, secret, self.now, self._signing)

    def _caller(self, claim: Claim) -> Caller:
        key = self.keys[claim.key_id]
        return Caller(
            key["account"], key["arn"], key["user_id"], claim.scope.region, claim.scope.service
        )

    def _of_v2(self, claim: sigv2.ClaimV2, asked: Asked) -> Caller:
        key = self.keys.get(claim.key_id)
        sigv2.check(claim, asked, None if key is None else key["secret"], self.now)
        assert key is not None
        return Caller(key["account"], key["arn"], key["user_id"], self._region, "s3")

    def _remember(self, request: Request, claim: Claim, kind: Kind, endpoint: str) -> None:
        authorization = request.header("authorization")
        if authorization is None:
            return
        secret = self.keys[claim.key_id]["secret"]
        target = request.target.decode("latin-1")
        plan = make_plan(
            claim, request.shape.names, request.method.decode(), target, secret, self._signing
        )
        if plan is not None and authorization.endswith(claim.signature.encode("latin-1")):
            request.shape.remember(
                authorization, request.target, Known(plan, kind, endpoint, self.epoch)
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
