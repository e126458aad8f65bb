"""The door behind which functions answer HTTP, and their code can be fetched."""

import json
import logging

from argosy.automation.gateway.http.cors import dress, preflight
from argosy.automation.gateway.proxied import Malformed, answer_2
from argosy.automation.urls.code_links import fetched
from argosy.automation.urls.event import event_of
from argosy.ground.doors import DoorAnswer, DoorRequest
from argosy.ground.errors import ApiError
from argosy.ground.functions import Functions
from argosy.ground.lineage import MOST, onward, passed
from argosy.ground.names import function_arn
from argosy.means import Means
from argosy.state.function_links import PATH
from argosy.state.function_policy import INVOKE_URL, allows
from argosy.state.functions import FUNCTION, URL, resolve
from argosy.state.record import Record
from argosy.state.remembered import Remembered

log = logging.getLogger(__name__)


class FunctionUrls:
    """A `Door` for `ground.doors.FUNCTION_URL`."""

    def __init__(self, means: Means, functions: Functions) -> None:
        self._means = means
        self._functions = functions
        self._known = Remembered[dict[str, Record]](means.records.transactions, URL)

    async def __call__(self, request: DoorRequest) -> DoorAnswer:
        url_id, _, path = request.path.partition("/")
        if url_id == PATH:
            return await fetched(self._means, path, request)
        record = self._known.get("", self._read).get(url_id)
        if record is None:
            return _said(403, "Forbidden")
        cors = _camel(record.document["cors"])
        answer = preflight(cors, request)
        if answer is None:
            answer = await self._answered(record, request, f"/{path}")
            dress(cors, request, answer)
        return answer

    def _read(self) -> dict[str, Record]:
        return {one.document["id"]: one for one in self._means.records.find(URL)}

    async def _answered(self, record: Record, request: DoorRequest, path: str) -> DoorAnswer:
        name, _, qualifier = record.name.partition(":")
        place = record.account, record.region
        version = resolve(self._means.records, *place, name, qualifier)
        if version is None or not self._may(record, request, version.invoked_arn):
            return _said(403, "Forbidden")
        arn = function_arn(record.region, record.account, name)
        trace = request.header("x-amzn-trace-id") or ""
        if passed(trace, arn) >= MOST and self._stops_loops(record, name):
            log.warning("function %s calls itself by its URL: stopped", arn)
            return _said(508, "Loop Detected")
        event = event_of(request, record.document["id"], path, self._means.clock.now())
        try:
            invoked = await self._functions.invoke(
                version,
                json.dumps(event).encode(),
                request_id=request.request_id,
                trace=onward(trace, arn),
            )
            if invoked.error:
                return _said(502, "Internal Server Error")
            return answer_2(invoked.payload)
        except Malformed:
            return _said(502, "Internal Server Error")
        except ApiError as error:
            return _said(error.status, error.message)

    def _may(self, record: Record, request: DoorRequest, arn: str) -> bool:
        """Whether the caller may: its own account with a signature, others by the policy."""
        auth, signer = record.document["auth"], request.signer
        if auth == "NONE":
            principal = signer.arn if signer else "*"
        elif signer is None:
            return False
        elif signer.account == record.account:
            return True
        else:
            principal = signer.arn
        return allows(self._means.records, arn, principal, action=INVOKE_URL, url_auth=auth)

    def _stops_loops(self, record: Record, name: str) -> bool:
        found = self._means.records.get(FUNCTION, record.account, record.region, name)
        return found is not None and found.document["recursion"] == "Terminate"


def _camel(cors: dict[str, object] | None) -> dict[str, object] | None:
    """AllowOrigins → allowOrigins, as HTTP APIs have it."""
    return {name[0].lower() + name[1:]: value for name, value in cors.items()} if cors else None


def _said(status: int, message: str) -> DoorAnswer:
    body = json.dumps({"Message": message}).encode()
    return DoorAnswer(status, [("Content-Type", "application/json")], body)
