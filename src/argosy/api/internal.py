"""Routes under /_argosy/: Argosy's own, in plain JSON.

`GET /_argosy/health` is answered here; what else there is, is given by whoever assembles the
process: "METHOD /path" → an async function that returns JSON or None, or one that takes the
caller's account and the request's JSON object (`Internal`, `Order`).
"""

import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import argosy
from argosy.ground.errors import ArgosyError
from argosy.ground.settings import Settings
from argosy.wire import HttpRequest, HttpResponse

Internal = Callable[[], Awaitable[Any]]
Order = Callable[[str, dict[str, Any]], Awaitable[Any]]
"""What is wrong with it is raised as ArgosyError, and answered with 400."""

PREFIX = "/_argosy/"
RESET = "POST /_argosy/reset"

_log = logging.getLogger(__name__)


class InternalRoutes:
    """Answers requests whose path begins with /_argosy/."""

    def __init__(
        self,
        settings: Settings,
        routes: Mapping[str, Internal],
        orders: Mapping[str, Order] | None = None,
    ) -> None:
        self._settings = settings
        self._routes: dict[str, Internal] = {"GET /_argosy/health": _health, **routes}
        self._orders = dict(orders or {})

    async def answer(self, request: HttpRequest, request_id: str) -> HttpResponse:
        asked = f"{request.method} {request.path}"
        order = self._orders.get(asked)
        route = self._routes.get(asked) if order is None else _bound(order, request)
        if route is None:
            return self._refuse(request.path, request_id)
        if asked == RESET and not self._settings.allow_reset:
            message = "Start Argosy with --allow-reset (ARGOSY_ALLOW_RESET=1) to allow this."
            return _response(403, {"code": "ResetNotAllowed", "message": message}, request_id)
        try:
            return _response(200, await route() or {}, request_id)
        except ArgosyError as error:
            return _response(400, {"code": "BadRequest", "message": str(error)}, request_id)
        except Exception:
            _log.exception("request %s: %s failed", request_id, asked)
            message = f"Argosy failed; look for request {request_id} in its logs."
            return _response(500, {"code": "InternalFailure", "message": message}, request_id)

    def _refuse(self, path: str, request_id: str) -> HttpResponse:
        known_routes = [*self._routes, *self._orders]
        methods = [known.split()[0] for known in known_routes if known.split()[1] == path]
        if methods:
            message = f"Use {', '.join(methods)}."
            response = _response(405, {"code": "MethodNotAllowed", "message": message}, request_id)
            response.headers["Allow"] = ", ".join(methods)
            return response
        return _response(404, {"code": "NotFound", "message": f"No {path[:128]} here."}, request_id)


def _bound(order: Order, request: HttpRequest) -> Internal:
    """The order with its account and its body. Its errors are raised when it is called."""

    async def call() -> Any:
        try:
            body = json.loads(request.body or b"{}")
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise ArgosyError("The body is not a JSON object.")
        return await order(request.headers.get("x-argosy-account", ""), body)

    return call


async def _health() -> dict[str, str]:
    return {"status": "ok", "version": argosy.__version__}


def _response(status: int, value: Any, request_id: str) -> HttpResponse:
    headers = {"Content-Type": "application/json", "x-amzn-RequestId": request_id}
    return HttpResponse(status, headers, json.dumps(value).encode())
