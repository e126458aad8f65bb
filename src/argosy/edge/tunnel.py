"""A client's connection that became a WebSocket: bytes both ways between it and a server behind.

The server's answer to the handshake is looked at; after that nothing is, and nothing is kept but
what the slower side has not taken yet, so that it makes the other one wait. A tunnel ends with
either side, when the session is over that it was opened in, when the client has sent nothing for
long (the server's pings make a browser say something every half minute), and when it takes nothing.
"""

import asyncio
import time
from collections.abc import Callable
from typing import cast

from argosy.edge import answers

IDLE_S = 600.0
STALL_S = 60.0
HANDSHAKE_S = 30.0
LINGER_S = 3.0
_MAX_HEAD = 64 * 1024
_SWITCHED = b"HTTP/1.1 101 "


class Tunnel:
    """One such connection."""

    def __init__(
        self, path: str, head: bytes, until: float, over: Callable[["Tunnel"], None]
    ) -> None:
        """`path`: the server's Unix socket. `head`: the request that it gets. `until`: when the
        session ends, epoch seconds. `over` is called once, when the tunnel has ended."""
        self._path = path
        self._asked = head
        self._until = until
        self._over = over
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._client = _End(self._from_client, self.close)
        self._server = _End(self._from_server, self._server_lost)
        self._client.other, self._server.other = self._server, self._client
        self._opening: asyncio.Task[None] | None = None
        self._switched = self._closed = False
        self._early = b""
        self._answer = b""

    def begin(self, transport: asyncio.Transport, early: bytes) -> None:
        """Take the client's connection over; `early` is what it has sent after its request."""
        self._client.connection_made(transport)
        transport.set_protocol(self._client)
        transport.pause_reading()
        self._early = early
        self._opening = self._loop.create_task(self._open())

    def close(self) -> None:
        """End it: what is on its way to either side still gets there, if that is quick."""
        if self._closed:
            return
        self._closed = True
        if self._opening is not None:
            self._opening.cancel()
        for end in (self._client, self._server):
            end.close()
        self._over(self)

    def sweep(self, now: float) -> None:
        """End what takes too long; `now` is the loop's time."""
        if not self._switched:
            if now - self._begun > HANDSHAKE_S:
                self._refuse(504, "JupyterLab does not answer.")
            return
        stalled = self._client.stalled(now) > STALL_S or self._server.stalled(now) > STALL_S
        if stalled or now - self._client.heard > IDLE_S or time.time() >= self._until:
            self.close()

    async def _open(self) -> None:
        try:
            await self._loop.create_unix_connection(lambda: self._server, self._path)
        except OSError:
            self._refuse(503, "JupyterLab cannot be reached.")
        else:
            self._server.write(self._asked)

    def _from_client(self, data: bytes) -> None:
        if self._switched:
            self._server.write(data)
            return
        self._early += data
        if len(self._early) > _MAX_HEAD:
            self.close()

    def _from_server(self, data: bytes) -> None:
        if self._switched:
            self._client.write(data)
            return
        self._answer += data
        if b"\r\n\r\n" not in self._answer and len(self._answer) <= _MAX_HEAD:
            return
        if not self._answer.startswith(_SWITCHED):
            self._refuse(_status(self._answer), "JupyterLab takes no WebSocket here.")
            return
        self._switched = True
        self._client.heard = self._loop.time()
        self._client.write(self._answer)
        self._client.resume()
        self._server.write(self._early)
        self._answer = self._early = b""

    def _server_lost(self) -> None:
        if not self._switched:
            self._refuse(502, "JupyterLab has hung up.")
        self.close()

    def _refuse(self, status: int, text: str) -> None:
        """Answer the handshake, and close."""
        if not self._closed:
            body = f"{text}\n".encode()
            headers = {"Content-Type": "text/plain", "Connection": "close"}
            self._client.write(answers.head(status, headers, len(body)) + body)
            self.close()


class _End(asyncio.Protocol):
    """One side."""

    other: "_End"

    def __init__(self, take: Callable[[bytes], None], lost: Callable[[], None]) -> None:
        self.heard = 0.0
        self._take = take
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._full_since = 0.0
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self.heard = self._loop.time()
        self._take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._lost()

    def pause_writing(self) -> None:
        self._full_since = self._loop.time()
        if self.other._transport is not None:
            self.other._transport.pause_reading()

    def resume_writing(self) -> None:
        self._full_since = 0.0
        self.other.resume()

    def resume(self) -> None:
        """Read on."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None and data:
            self._transport.write(data)

    def close(self) -> None:
        transport = self._transport
        if transport is not None:
            transport.close()
            self._loop.call_later(LINGER_S, transport.abort)

    def stalled(self, now: float) -> float:
        """For how many seconds it has taken nothing, or too little."""
        return now - self._full_since if self._full_since else 0.0


def _status(answer: bytes) -> int:
    """The status of an answer that is no 101; 502 for what is none."""
    words = answer[:64].split(b" ", 2)
    code = words[1] if len(words) > 1 else b""
    return int(code) if code.isdigit() and 400 <= int(code) < 600 else 502
