"""A connection to the endpoint: one request at a time, its answer handed to whoever sent it."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

import httptools

_TEXT_BYTES = 2048


class Connection(asyncio.Protocol):
    """Stays open as long as the server lets it."""

    __slots__ = ("_answered", "_body", "_closes", "_lost", "_parser", "_transport", "due", "open")

    def __init__(
        self,
        answered: Callable[["Connection", int, bytes], None],
        lost: Callable[["Connection"], None],
    ) -> None:
        """`answered(connection, status, body)`, the body of errors only; `lost`: it is closed."""
        self.due = 0.0
        """When the request on its way was due; 0 for none."""
        self.open = False
        self._answered = answered
        self._lost = lost
        self._parser: Any = httptools.HttpResponseParser(self)
        self._body = b""
        self._transport: asyncio.Transport | None = None
        self._closes = False

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        if self._transport is not None:
            self._transport.write(request)

    def close(self) -> None:
        """Drop it, with what is on its way."""
        self._lost = _nobody
        if self._transport is not None:
            self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self.open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self.open = False
        self._transport = None
        self._lost(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            if self._transport is not None:
                self._transport.abort()

    def on_body(self, data: bytes) -> None:
        if self._parser.get_status_code() >= 300 and len(self._body) < _TEXT_BYTES:
            self._body += data

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if 100 <= status < 200:
            return
        if not self._parser.should_keep_alive():
            self.open = False
        body, self._body = self._body, b""
        self._answered(self, status, body)


def _nobody(connection: Connection) -> None:
    """Nobody is told."""
