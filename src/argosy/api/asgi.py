"""The few things of ASGI that control needs: a request whole, a response whole."""

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from argosy.wire import HttpRequest, HttpResponse

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

MAX_BODY = 68 << 20
"""Bytes; the largest request of AWS's control planes is CreateFunction, with a zip of 50 MB."""


class ClientGone(Exception):
    """The other side hung up before its request was whole, or before it was answered."""


class BodyTooLarge(Exception):
    """The body is over MAX_BODY."""


async def read_request(scope: Scope, receive: Receive) -> HttpRequest:
    """The request with its whole body; raises ClientGone or BodyTooLarge."""
    return _request(scope, await read_body(receive))


async def read_body(receive: Receive) -> bytes:
    """The whole body; raises ClientGone or BodyTooLarge."""
    body = bytearray()
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MAX_BODY:
            raise BodyTooLarge
    return bytes(body)


async def while_there(waiting: Awaitable[None], receive: Receive) -> None:
    """Await something for a client whose request is whole.

    When the client goes away first, `waiting` is cancelled, and then ClientGone raised.
    """
    work = asyncio.ensure_future(waiting)
    gone = asyncio.ensure_future(_hung_up(receive))
    gone.add_done_callback(lambda _: work.cancel())
    try:
        await work
    except asyncio.CancelledError:
        if not gone.done():
            raise
        raise ClientGone from None
    finally:
        gone.cancel()


async def _hung_up(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def head_of(scope: Scope) -> HttpRequest:
    """The request without its body."""
    return _request(scope, b"")


async def send_response(response: HttpResponse, send: Send) -> None:
    headers = [
        (name.encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers.items()
    ]
    if not (response.status == 204 or response.status < 200):
        headers.append((b"content-length", b"%d" % len(response.body)))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


def path_of(scope: Scope) -> str:
    """The path as it came, percent-encoded."""
    raw = scope.get("raw_path") or scope["path"].encode()
    return str(raw.decode("latin-1").partition("?")[0])


def _request(scope: Scope, body: bytes) -> HttpRequest:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return HttpRequest(
        method=scope["method"],
        path=path_of(scope),
        query=scope.get("query_string", b"").decode("latin-1"),
        headers=headers,
        body=body,
    )
