"""Asks a service of this platform as an integration of type AWS does: over its own port, signed.

The request is the one that the API makes; who asks is the role in the integration's credentials.
"""

import hashlib
import time
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
_IN_QUERY = ("sqs",)
SESSION = "BackplaneAssumeRoleSession"


def called(target: AwsTarget) -> dict[str, str]:
    """The headers by which services that speak JSON 1.x are told an action; {} for all others,
    and for queues, which take it in the query as AWS's examples send it."""
    if not target.action or target.service in _IN_QUERY:
        return {}
    try:
        service = wire.load(target.service)
    except wire.UnknownService:
        return {}
    if service.protocol != "json":
        return {}
    told = service.metadata
    return {
        "x-amz-target": f"{told['targetPrefix']}.{target.action}",
        "content-type": f"application/x-amz-json-{told['jsonVersion']}",
    }


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
