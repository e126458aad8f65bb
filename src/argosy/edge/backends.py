"""What stands behind the edge besides models: control and the object store."""

import os
from typing import TYPE_CHECKING

from argosy.access.sigv4 import SigningKeys
from argosy.edge.call import Call
from argosy.edge.health import Health
from argosy.edge.identify import Caller, is_signed
from argosy.edge.notebooks import Notebooks
from argosy.edge.object_line import ObjectLine
from argosy.edge.relay import Relay, is_bodiless
from argosy.edge.request import Request
from argosy.edge.scraping import Scraping, refusal
from argosy.edge.store import External, Store, forwarded
from argosy.edge.upstream import Upstream, unix_upstream, url_upstream
from argosy.ground.errors import AccessDeniedException
from argosy.ground.paths import DataDir
from argosy.ground.settings import Settings

if TYPE_CHECKING:
    from argosy.edge.gate import Gate

# Control has no need of them: the signature is checked.
_NOT_FOR_CONTROL = ("authorization", "x-amz-security-token")


class Backends:
    """Where requests go that are not invocations."""

    def __init__(self, settings: Settings, folder: DataDir) -> None:
        self._settings = settings
        self._control = unix_upstream("Control", str(folder.control_socket))
        self._objects = ObjectLine(folder.objects_socket)
        self.notebooks = Notebooks()
        self._store = _store(settings, folder, self._objects)
        self.intake_socket = folder.intake_socket
        self._scraping = Scraping(folder.scrape_token, settings.metrics_open)
        self._health = Health({"control": self._control, "store": self._store.upstream})

    def to_store(self, gate: "Gate", request: Request) -> None:
        """Stream an S3 request through. Raises AuthError, ApiError."""
        self._store.begin(gate, request)

    def to_control(self, gate: "Gate", request: Request, caller: Caller) -> None:
        """Pass a checked request on, with the identity behind it."""
        self._call(gate, request, _identity(gate, request, caller))

    def to_door(self, gate: "Gate", request: Request, path: str, caller: Caller) -> None:
        """Pass a request to an API or a function's URL on, under the path that says to which.

        Its Authorization goes on, unless it is the signature that was checked.
        """
        peer = request.connection.transport.get_extra_info("peername")
        identity = _identity(gate, request, caller)
        identity["source-ip"] = str(peer[0]) if isinstance(peer, tuple) else ""
        identity["names"] = request.shape.written
        target = path.encode("latin-1")
        if request.query:
            target += b"?" + request.query.encode("latin-1")
        dropped = _NOT_FOR_CONTROL if is_signed(request) else ()
        self._call(gate, request, identity, target, dropped)

    def to_registry(self, gate: "Gate", request: Request, caller: Caller) -> None:
        """Stream a request of the distribution protocol through to control, layers and all."""
        identity = _identity(gate, request, caller)
        if is_bodiless(request):
            self._call(gate, request, identity)
        else:
            head = _head(request, identity, request.target, _NOT_FOR_CONTROL)
            Relay(gate, request, self._control, head).start(fresh=True)

    def reset(self, gate: "Gate", request: Request) -> None:
        """POST /_argosy/reset and /_argosy/clock, for tests: unsigned, so only where it was asked
        for, and never for a page in a browser. Raises AccessDeniedException."""
        allowed = self._settings.allow_reset and request.method == b"POST"
        if not allowed or request.header("origin") is not None:
            raise AccessDeniedException(
                "This is not offered. Start with --allow-reset and POST without an Origin header."
            )
        request.request_id = gate.request_id()
        self._unsigned(gate, request)

    def metrics(self, gate: "Gate", request: Request) -> None:
        """GET /metrics, for Prometheus: a token in place of a signature."""
        request.request_id = gate.request_id()
        if self._scraping.allows(request.text("authorization")):
            self._unsigned(gate, request)
        else:
            request.connection.answer(request, refusal(request.request_id))

    def _unsigned(self, gate: "Gate", request: Request) -> None:
        """For a request that nobody has signed: control is told its id alone."""
        self._call(gate, request, {"request-id": request.request_id.decode()})

    def _call(
        self,
        gate: "Gate",
        request: Request,
        identity: dict[str, str],
        target: bytes = b"",
        dropped: tuple[str, ...] = _NOT_FOR_CONTROL,
    ) -> None:
        head = _head(request, identity, target or request.target, dropped)
        Call(gate, request, self._control, head).start()

    def health(self, gate: "Gate", request: Request) -> None:
        """GET /_argosy/health: 200 when everything answers, 503 with what does not."""
        self._health.answer(gate, request)

    def sweep(self, now: float) -> None:
        self._control.sweep(now)
        self._store.upstream.sweep(now)
        self._objects.sweep()
        self.notebooks.sweep(now)


def _head(
    request: Request, identity: dict[str, str], target: bytes, dropped: tuple[str, ...]
) -> list[bytes]:
    """Request line and headers for control, which is told who asks by headers of our own."""
    lines = [f"x-argosy-{name}: {value}\r\n".encode() for name, value in identity.items()]
    line = b"%b %b HTTP/1.1\r\n" % (request.method, target)
    return [line, *forwarded(request, dropped), *lines]


def _identity(gate: "Gate", request: Request, caller: Caller) -> dict[str, str]:
    """What control is told of a request; gives the request its id."""
    request.request_id = gate.request_id()
    return {
        "account": caller.account,
        "region": caller.region,
        "service": caller.service,
        "arn": caller.arn,
        "user-id": caller.user_id,
        "request-id": request.request_id.decode(),
    }


def _store(settings: Settings, folder: DataDir, line: ObjectLine) -> Store:
    if settings.s3_endpoint:
        upstream, host = url_upstream("The object store", settings.s3_endpoint)
        external = External(
            host,
            settings.s3_access_key_id,
            settings.s3_secret_access_key,
            settings.s3_region,
            SigningKeys(),
        )
        return Store(upstream, settings.s3_region, external, line)
    url = os.environ.get("ARGOSY_STORE_URL")
    if url:
        return Store(url_upstream("The object store", url)[0], settings.region, None, line)
    path = str(folder.store_socket)
    return Store(unix_upstream("The object store", path), settings.region, None, line)


__all__ = ["Backends", "Upstream"]
