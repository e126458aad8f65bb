"""Asks a service of this platform as an integration of type AWS does: over its own port, signed.

The request is the one that the API makes; who asks is the role in the integration's credentials.
"""

import hashlib
import time
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from argosy import wire
from argosy.access.sigv4 import Asked, SigningKeys, sign
from argosy.automation.gateway.errors import misconfigured
from argosy.automation.gateway.outgoing import Answer, Headers, Outgoing
from argosy.ground.errors import ApiError, ArgosyError
from argosy.ground.gateway.uris import AwsTarget
from argosy.ground.inside import Credentials, own_endpoint
from argosy.means import Means

_SESSION_S = 3600.0
_EARLY_S = 300.0
_FORM = "application/x-www-form-urlencoded"
_QUERY = ("sqs",)
"""Whose actions are told in query, as AWS's examples do, though JSON is spoken too."""
SESSION = "BackplaneAssumeRoleSession"


class Called(NamedTuple):
    """A request that names an action as its service wants to be told."""

    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


def as_called(
    target: AwsTarget, query: list[tuple[str, str]], headers: dict[str, str], body: bytes
) -> Called:
    """An integration's request, with the action that its URI names.

    A service that speaks JSON 1.x is told it by headers. One that speaks query gets a form: the
    parameters of the query, unless the body is a form already.
    """
    if not target.action:
        return Called(query, headers, body)
    service = _service(target)
    if service is not None and service.protocol == "json" and target.service not in _QUERY:
        told = {
            "x-amz-target": f"{service.metadata['targetPrefix']}.{target.action}",
            "content-type": f"application/x-amz-json-{service.metadata['jsonVersion']}",
        }
        return Called(query, {**headers, **told}, body)
    named = [("Action", target.action), *query]
    if headers.get("content-type", "").startswith(_FORM):
        return Called(named, headers, body)
    return Called([], {**headers, "content-type": _FORM}, urlencode(named).encode())


def _service(target: AwsTarget) -> wire.Service | None:
    try:
        return wire.load(target.service)
    except wire.UnknownService:
        return None


class AwsAsker:
    """Keeps credentials of roles as long as they are good."""

    def __init__(self, means: Means, outgoing: Outgoing) -> None:
        self._means = means
        self._outgoing = outgoing
        self._keys = SigningKeys()
        self._sessions: dict[tuple[str, str], Credentials] = {}

    async def ask(
        self,
        account: str,
        role: str,
        target: AwsTarget,
        method: str,
        path: str,
        query: list[tuple[str, str]],
        headers: Headers,
        body: bytes,
    ) -> Answer:
        """The service's answer. Raises Refused without a role; OutgoingError."""
        base = own_endpoint(self._means.settings)
        host = urlsplit(base).netloc
        text = urlencode(query)
        given = {name.lower(): value for name, value in headers}
        given["host"] = host
        if target.service == "sqs":
            given.setdefault("accept", "application/json")
        session = self._credentials(account, role)
        if session.session_token:
            given["x-amz-security-token"] = session.session_token
        signed = sign(
            Asked(method, path, text, given),
            hashlib.sha256(body).hexdigest(),
            key_id=session.access_key_id,
            secret=session.secret_access_key,
            region=target.region,
            service=target.service,
            now=time.time(),
            keys=self._keys,
        )
        url = f"{base}{path}" + (f"?{text}" if text else "")
        whole = [*given.items(), *signed.items()]
        return await self._outgoing.ask(method, url, whole, body, trust=True)

    def _credentials(self, account: str, role: str) -> Credentials:
        if not role.startswith("arn:"):
            raise misconfigured("API Gateway does not have permission: credentials are missing")
        kept = self._sessions.get((account, role))
        if kept is not None and kept.expiration - _EARLY_S > time.time():
            return kept
        try:
            made = self._means.sessions.of_role(account, role, SESSION, _SESSION_S)
        except (ApiError, ArgosyError) as error:
            raise misconfigured(f"the role cannot be taken on: {error}") from None
        self._sessions[account, role] = made
        return made
