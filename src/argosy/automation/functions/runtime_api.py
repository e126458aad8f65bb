"""The runtime API of Lambda over HTTP, for the custom runtime or the container of one environment.

It listens on loopback, on a port of its own, and hangs up on whoever is not a process of that
environment: no other can take its events or answer them. To the environment it looks like the
channel of a Python one (`channel.py`): the same frames.

Source: Lambda Developer Guide, "Using the Lambda runtime API".
"""

import asyncio
import json
import socket
from collections.abc import Callable
from typing import Any

import httptools

from argosy.automation.functions.memory import family, peak_kb
from argosy.automation.functions.peers import is_of
from argosy.runtimes.function import (
    ANSWER,
    ERROR,
    INIT_ERROR,
    MAX_ANSWER,
    NEXT,
    READY,
    TOO_LARGE,
)

_HOST = "127.0.0.1"
_PREFIX = "/2018-06-01/runtime/"
_TEXTS = {200: "OK", 202: "Accepted", 400: "Bad Request", 404: "Not Found", 413: "Too Large"}


class RuntimeApi:
    """One environment's; `pid` gives the process that all of its processes descend from."""

    def __init__(self, pid: Callable[[], int]) -> None:
        self.on_frame: Callable[[bytes, dict[str, Any], bytes], None] = lambda *frame: None
        self.on_lost: Callable[[], None] = lambda: None
        self.address = ""
        self._pid = pid
        self._socket: socket.socket | None = None
        self._server: asyncio.Server | None = None
        self._connections: set[_Connection] = set()
        self._asking: _Connection | None = None
        self._event: tuple[dict[str, Any], bytes] | None = None

    def reserve(self) -> None:
        """Take the port: who connects from now on waits until it is listened to."""
        self._socket = socket.create_server((_HOST, 0))
        self.address = f"{_HOST}:{self._socket.getsockname()[1]}"

    async def listen(self) -> None:
        """Answer. The process must be known, and the environment be told to start before the loop
        turns again."""
        assert self._socket is not None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), sock=self._socket)

    def send(self, letter: bytes, head: dict[str, Any], body: bytes = b"") -> None:
        """The next event (the only frame there is for a custom runtime)."""
        if letter == NEXT:
            self._event = head, body
            self._hand_over()

    def close(self) -> None:
        if self._server is not None:
            self._server.close()
        if self._socket is not None:
            self._socket.close()
        for connection in tuple(self._connections):
            connection.abort()

    # -- for connections

    def admits(self, client: tuple[str, int], server: tuple[str, int]) -> bool:
        pid = self._pid()
        return bool(pid) and is_of(family(pid), client, server)

    def opened(self, connection: "_Connection") -> None:
        self._connections.add(connection)

    def closed(self, connection: "_Connection") -> None:
        self._connections.discard(connection)
        if self._asking is connection:
            self._asking = None

    def asked(self, connection: "_Connection", method: str, path: str, body: bytes) -> None:
        """A request is whole."""
        words = path.removeprefix(_PREFIX).split("/") if path.startswith(_PREFIX) else []
        match method, words:
            case "GET", ["invocation", "next"]:
                self._asking = connection
                self.on_frame(READY, {}, b"")
                self._hand_over()
            case "POST", ["invocation", request_id, "response"]:
                self._answer(connection, request_id, body)
            case "POST", ["invocation", request_id, "error"]:
                connection.answer(202, _status("OK"))
                self.on_frame(ERROR, {"id": request_id, **self._used()}, body[:MAX_ANSWER])
            case "POST", ["init", "error"]:
                connection.answer(202, _status("OK"))
                self.on_frame(INIT_ERROR, {}, body[:MAX_ANSWER])
            case _:
                connection.answer(404, _error("There is no such path.", "NotFound"))

    def _answer(self, connection: "_Connection", request_id: str, body: bytes) -> None:
        if len(body) > MAX_ANSWER:
            connection.answer(413, _error("The response is too large.", "RequestEntityTooLarge"))
            said = {"id": request_id, "size": len(body), **self._used()}
            self.on_frame(TOO_LARGE, said, b"")
        else:
            connection.answer(202, _status("OK"))
            self.on_frame(ANSWER, {"id": request_id, **self._used()}, body)

    def _used(self) -> dict[str, int]:
        """The most memory that its processes have had in use, KiB."""
        return {"memory": peak_kb(self._pid())}

    def _hand_over(self) -> None:
        """Give the event that waits to the runtime that waits."""
        if self._event is None or self._asking is None:
            return
        (head, body), connection = self._event, self._asking
        self._event = self._asking = None
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": head["id"],
            "Lambda-Runtime-Deadline-Ms": head["deadline_ms"],
            "Lambda-Runtime-Invoked-Function-Arn": head["arn"],
            "Lambda-Runtime-Trace-Id": head.get("trace"),
            "Lambda-Runtime-Client-Context": head.get("client_context"),
        }
        connection.answer(200, body, {name: str(v) for name, v in headers.items() if v})


class _Connection(asyncio.Protocol):
    """HTTP/1.1 with a process of the environment; one request at a time."""

    def __init__(self, api: RuntimeApi) -> None:
        self._api = api
        self._parser = httptools.HttpRequestParser(self)
        self._transport: asyncio.Transport | None = None
        self._body = bytearray()
        self._path = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        client, server = (transport.get_extra_info(end) for end in ("peername", "sockname"))
        if not self._api.admits(client, server):
            transport.abort()
            return
        self._transport = transport
        self._api.opened(self)

    def connection_lost(self, error: Exception | None) -> None:
        self._api.closed(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def on_url(self, url: bytes) -> None:
        self._path = url.decode("latin-1").partition("?")[0]
        self._body.clear()

    def on_body(self, data: bytes) -> None:
        if len(self._body) <= MAX_ANSWER:
            self._body += data

    def on_message_complete(self) -> None:
        self._api.asked(self, self._parser.get_method().decode(), self._path, bytes(self._body))

    def answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        """Head and body in one write: a client that acknowledges late would wait for the second."""
        if self._transport is None:
            return
        lines = [f"HTTP/1.1 {status} {_TEXTS[status]}", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self._transport.write("\r\n".join((*lines, "", "")).encode() + body)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


def _status(text: str) -> bytes:
    return json.dumps({"status": text}).encode()


def _error(message: str, kind: str) -> bytes:
    return json.dumps({"errorMessage": message, "errorType": kind}).encode()
