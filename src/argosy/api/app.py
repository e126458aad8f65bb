"""The ASGI app: takes a request through the verbs, and puts every error on the wire."""

import logging
import secrets
from collections.abc import Awaitable, Callable, Mapping

from argosy import wire
from argosy.access.roles import RoleSessions
from argosy.access.sessions import RootKey
from argosy.api.asgi import (
    MAX_BODY,
    Asgi,
    BodyTooLarge,
    ClientGone,
    Receive,
    Scope,
    Send,
    head_of,
    path_of,
    read_request,
    send_response,
    while_there,
)
from argosy.api.dispatch import Dispatch
from argosy.api.doors import Doors
from argosy.api.exchange import Exchange
from argosy.api.internal import PREFIX, Internal, InternalRoutes, Order
from argosy.api.tracing import Call, traced
from argosy.api.verbs import verbs
from argosy.ground.clock import Clock
from argosy.ground.doors import Door
from argosy.ground.errors import ApiError, InternalFailure, SerializationException
from argosy.ground.functions import Functions, NoFunctions
from argosy.ground.instances import StoreAccess
from argosy.ground.names import new_request_id
from argosy.ground.settings import Settings
from argosy.messaging import Messaging
from argosy.messaging.signing import PATH_PREFIX as CERTIFICATES
from argosy.services.registry import Routed, at_once
from argosy.state.records import Records
from argosy.telemetry.metrics import MetricStore
from argosy.telemetry.tracing import Tracing
from argosy.wire import HttpRequest, HttpResponse

__all__ = ["App", "Internal"]

REGISTRY_PREFIX = "/v2/"
METRICS_PATHS = ("/metrics", "/_argosy/metrics")

Page = Callable[[str], Awaitable[tuple[str, bytes]]]
"""Takes an Accept header; returns content type and body."""

_log = logging.getLogger(__name__)


class App:
    """A bare ASGI callable for one event loop; handlers run on it, one after the other.

    A handler may wait for something; meanwhile others run, and it ends when its client goes away.

    `internal` and `orders` hold Argosy's own routes: "GET /_argosy/status" → an async function;
    `distribution` answers under /v2/, where bodies are too large to be read whole; `page` is what
    Prometheus reads; `doors` answer what comes to APIs and URLs of functions, each under its
    prefix; `functions` runs functions; `messaging`, `metrics` and `sessions` are made
    here where nobody else has a part in them.
    """

    def __init__(
        self,
        records: Records,
        settings: Settings,
        clock: Clock,
        internal: Mapping[str, Internal] | None = None,
        orders: Mapping[str, Order] | None = None,
        distribution: Asgi | None = None,
        messaging: Messaging | None = None,
        metrics: MetricStore | None = None,
        page: Page | None = None,
        tracing: Tracing | None = None,
        functions: Functions | None = None,
        doors: Mapping[str, Door] | None = None,
        sessions: RoleSessions | None = None,
        store: StoreAccess | None = None,
        routed: Routed = at_once,
    ) -> None:
        self._messaging = messaging or Messaging(records, clock)
        metrics = metrics or MetricStore(records.transactions, clock)
        self.dispatch = Dispatch(
            records,
            settings,
            clock,
            self._messaging,
            metrics,
            functions or NoFunctions(),
            sessions or RoleSessions(records, clock, RootKey("", secrets.token_hex())),
            store,
            routed,
        )
        self._verbs = verbs(self.dispatch)
        self._internal = InternalRoutes(settings, internal or {}, orders)
        self._distribution = distribution
        self._page = page
        self._doors = Doors(doors or {})
        self._call: Call = self._take if tracing is None else traced(self._take, tracing)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        if self._distribution is not None and _of_registry(scope):
            await self._distribution(scope, receive, send)
            return
        if self._doors.has(path_of(scope)):
            await self._doors(scope, receive, send)
            return
        try:
            response = await self._answer(await read_request(scope, receive), receive)
        except ClientGone:
            return
        except BodyTooLarge:
            response = self._too_large(head_of(scope))
        await send_response(response, send)

    async def _answer(self, request: HttpRequest, receive: Receive) -> HttpResponse:
        if request.path in METRICS_PATHS and self._page is not None:
            return await _shown(self._page, request)
        if request.path.startswith(PREFIX):
            return await self._internal.answer(request, _request_id(request))
        if request.path.startswith(CERTIFICATES):
            return self._certificate(request)
        return await self._call(_exchange(request), receive)

    async def _take(self, exchange: Exchange, receive: Receive) -> HttpResponse:
        """The answer to an AWS call; whatever is raised on the way becomes an error answer.

        Raises ClientGone when nobody waits for it any more.
        """
        try:
            for verb in self._verbs:
                waiting = verb(exchange)
                if waiting is not None:
                    await while_there(waiting, receive)
            assert exchange.response is not None
            return exchange.response
        except ClientGone:
            raise
        except ApiError as error:
            return _error(exchange, error)
        except Exception:
            # What was sent is not logged: it may hold secrets.
            asked = exchange.match.operation if exchange.match else "?"
            _log.exception(
                "request %s: %s:%s failed", exchange.request_id, exchange.scope_service, asked
            )
            message = f"Argosy failed; look for request {exchange.request_id} in its logs."
            return _error(exchange, InternalFailure(message))

    def _certificate(self, request: HttpRequest) -> HttpResponse:
        """What proves the signatures of notifications; anybody may have it."""
        pem = self._messaging.signer.certificate(request.path)
        if pem is None:
            return HttpResponse(
                404, {"Content-Type": "text/plain"}, b"There is no such certificate."
            )
        return HttpResponse(200, {"Content-Type": "application/x-pem-file"}, pem)

    def _too_large(self, request: HttpRequest) -> HttpResponse:
        error = SerializationException(f"The body is larger than {MAX_BODY >> 20} MiB.")
        return _error(_exchange(request), error)


def _of_registry(scope: Scope) -> bool:
    """API Gateway's newer service has the same prefix."""
    if not scope["path"].startswith(REGISTRY_PREFIX):
        return False
    return (b"x-argosy-service", b"apigateway") not in scope["headers"]


async def _shown(page: Page, request: HttpRequest) -> HttpResponse:
    content_type, body = await page(request.headers.get("accept", ""))
    return HttpResponse(200, {"Content-Type": content_type}, body)


def _exchange(request: HttpRequest) -> Exchange:
    return Exchange(request, _request_id(request), request.headers.get("x-argosy-service", ""))


def _request_id(request: HttpRequest) -> str:
    return request.headers.get("x-argosy-request-id") or new_request_id()


def _error(exchange: Exchange, error: ApiError) -> HttpResponse:
    """The one place where errors are put on the wire."""
    return wire.serialize_error(exchange.service, exchange.request, error, exchange.request_id)
