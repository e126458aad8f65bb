"""Traces of invocations: which way a request took, and for how long.

Where traces go nowhere none of this is there: the gate keeps its plain invoker. A request that is
traced is a little slower, for it takes the careful way. Those of clients that go away are not told.
"""

import time
from time import perf_counter
from typing import TYPE_CHECKING, Any

from argosy.edge.invoker import Invoker
from argosy.edge.request import Request
from argosy.edge.route import Kind
from argosy.edge.shape import Known
from argosy.telemetry.traceparent import Place
from argosy.telemetry.tracing import Told, Tracing, Value

if TYPE_CHECKING:
    from argosy.edge.connection import Connection
    from argosy.edge.gate import Gate

_NAMES = {
    Kind.INVOKE: "InvokeEndpoint",
    Kind.INVOKE_STREAM: "InvokeEndpointWithResponseStream",
    Kind.INVOKE_ASYNC: "InvokeEndpointAsync",
}


class TracedInvoker(Invoker):
    """Invokes as the plain one does, and watches the requests that are chosen."""

    def __init__(self, gate: "Gate", tracing: Tracing) -> None:
        super().__init__(gate)
        self._tracing = tracing

    def quick(self, request: Request, known: Known) -> bool:
        """See `Invoker`."""
        chosen = self._tracing.chosen(request.text("traceparent"))
        if chosen is None:
            request.looked_at = True
            return super().quick(request, known)
        signature = request.values[request.shape.authorization][-64:]
        identifier = self._gate.identifier
        if known.epoch is not identifier.epoch or not known.plan.holds(
            request.values, signature, request.digest, identifier.now
        ):
            self._watch(request, known.kind, *chosen)
            return False
        self._watch(request, known.kind, *chosen)
        self._serve(request, known.kind, known.endpoint_key)
        return True

    def careful(self, request: Request, kind: Kind, name: str) -> None:
        """See `Invoker`."""
        if not request.looked_at:
            chosen = self._tracing.chosen(request.text("traceparent"))
            if chosen is not None:
                self._watch(request, kind, *chosen)
        super().careful(request, kind, name)

    def _watch(self, request: Request, kind: Kind, place: Place, parent: Place | None) -> None:
        watched = Watched(request.connection, self._tracing, kind, place, parent)
        request.looked_at = True
        request.traceparent = watched.model.header
        request.connection = watched  # type: ignore[assignment]


class Watched:
    """Stands before the connection of one request, and tells its spans when it is answered."""

    def __init__(
        self,
        connection: "Connection",
        tracing: Tracing,
        kind: Kind,
        place: Place,
        parent: Place | None,
    ) -> None:
        self._connection = connection
        self._tracing = tracing
        self._kind = kind
        self._place = place
        self._parent = parent
        self.model = place.within()
        """What the model is told to be within."""
        self._status = 0
        self._sent: float | None = None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def write(self, request: Request, data: bytes) -> None:
        """A piece of the answer."""
        self._look(request, data)
        self._connection.write(request, data)

    def answer(self, request: Request, data: bytes) -> None:
        """The answer, or its end."""
        self._look(request, data)
        call = request.waiter
        request.connection = self._connection
        self._connection.answer(request, data)
        self._tell(request, call)

    def _look(self, request: Request, data: bytes) -> None:
        if not self._status and data.startswith(b"HTTP/1.1 ") and data[9:12] != b"100":
            self._status = int(data[9:12])
            self._sent = getattr(request.waiter, "sent", None)

    def _tell(self, request: Request, call: Any) -> None:
        end, now = time.time_ns(), perf_counter()
        begun = end - int((now - request.begun) * 1e9)
        failed = self._status >= 500 or self._status == 424
        attributes = _attributes(request, call, self._status)
        name, tell = _NAMES[self._kind], self._tracing.tell
        tell(Told(name, self._place, self._parent, begun, end, attributes, failed, server=True))
        if self._sent is None:
            return
        sent = end - int((now - self._sent) * 1e9)
        tell(Told("route", self._place.within(), self._place, begun, sent, {}))
        tell(Told("model", self.model, self._place, sent, end, _instance(call), failed))


def _attributes(request: Request, call: Any, status: int) -> dict[str, Value]:
    found: dict[str, Value] = {
        "http.request.method": request.method.decode(),
        "http.response.status_code": status,
        "url.path": request.path,
        "http.request.body.size": request.size,
    }
    trace_id = request.text("x-amzn-trace-id")
    if trace_id:
        found["aws.xray.trace_id"] = trace_id
    endpoint, variant = getattr(call, "endpoint", None), getattr(call, "variant", None)
    if endpoint is not None and variant is not None:
        found["argosy.account"] = endpoint.account
        found["argosy.endpoint"] = endpoint.name
        found["argosy.variant"] = variant.name
        found["argosy.config"] = variant.counters.counted.config
    elif request.path.startswith("/endpoints/"):
        found["argosy.endpoint"] = request.path.split("/")[2]
    return found


def _instance(call: Any) -> dict[str, Value]:
    link, container = getattr(call, "link", None), getattr(call, "container", "")
    found: dict[str, Value] = {"argosy.container": container} if container else {}
    instance = getattr(link, "instance_id", "")
    return {**found, "argosy.instance": instance} if instance else found
