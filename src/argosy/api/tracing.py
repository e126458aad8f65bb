"""Traces of AWS calls: a span for each one that is chosen."""

import time
from collections.abc import Awaitable, Callable

from argosy.api.asgi import Receive
from argosy.api.exchange import Exchange
from argosy.telemetry.tracing import Told, Tracing, Value
from argosy.wire import HttpResponse

Call = Callable[[Exchange, Receive], Awaitable[HttpResponse]]


def traced(call: Call, tracing: Tracing) -> Call:
    """`call`, which answers an AWS call, with a span told of each one that is chosen."""

    async def answer(exchange: Exchange, receive: Receive) -> HttpResponse:
        chosen = tracing.chosen(exchange.request.headers.get("traceparent", ""))
        if chosen is None:
            return await call(exchange, receive)
        place, parent = chosen
        start = time.time_ns()
        response = await call(exchange, receive)
        name = exchange.match.operation if exchange.match else "?"
        attributes: dict[str, Value] = {
            "rpc.system": "aws-api",
            "rpc.service": exchange.scope_service,
            "rpc.method": name,
            "http.response.status_code": response.status,
            "aws.request_id": exchange.request_id,
        }
        failed = response.status >= 500
        told = f"{exchange.scope_service}.{name}"
        tracing.tell(
            Told(told, place, parent, start, time.time_ns(), attributes, failed, server=True)
        )
        return response

    return answer
