"""The ASGI app: takes a request through the verbs, and puts every error on the wire."""

import logging

from argosy import wire
from argosy.api.asgi import (
    MAX_BODY,
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
from argosy.api.beside import Beside, Page
from argosy.api.dispatch import Dispatch
from argosy.api.doors import Doors
from argosy.api.exchange import Exchange
from argosy.api.internal import PREFIX, InternalRoutes
from argosy.api.tracing import Call, traced
from argosy.api.verbs import verbs
from argosy.ground.errors import ApiError, InternalFailure, SerializationException
from argosy.ground.names import new_request_id
from argosy.messaging.signing import PATH_PREFIX as CERTIFICATES
from argosy.telemetry.tracing import Tracing
from argosy.wire import HttpRequest, HttpResponse

REGISTRY_PREFIX = "/v2/"
METRICS_PATHS = ("/metrics", "/_argosy/metrics")

_log = logging.getLogger(__name__)


class App:
    """A bare ASGI callable for one event loop; handlers run on it, one after the other.

    A handler may wait for something; meanwhile others run, and it ends when its client goes away.

    AWS's operations go through the verbs to `dispatch`; all else is answered by what is `beside`.
    """

    def __init__(
        self, dispatch: Dispatch, beside: Beside | None = None, tracing: Tracing | None = None
    ) -> None:
        beside = beside or Beside()
        self._certificates = dispatch.messaging.signer
        self._verbs = verbs(dispatch)
        self._internal = InternalRoutes(dispatch.settings, beside.internal, beside.orders)
        self._distribution = beside.distribution
        self._page = beside.page
        self._doors = Doors(beside.doors)
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
        pem = self._certificates.certificate(request.path)
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
