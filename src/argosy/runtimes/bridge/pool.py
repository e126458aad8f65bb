"""The connections to one container: idle ones are used again, more are made up to a limit.

A call takes an idle connection, the one used last; else it waits for the first that is made or
becomes free. No task per call: one per connection that is being made.
"""

from __future__ import annotations

import asyncio
from collections import deque

from argosy.runtimes.bridge.http import Call, Connection

MOST_CONNECTIONS = 256
"""nginx has room for 512 with its defaults: one for the client, one for what is behind it."""
_CONNECT_S = 5.0
_IDLE_S = 15.0


class Pool:
    """Sends calls to the server at `address`: "host:port" or "unix:/path"."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.host = b"Host: %b\r\n" % (
            b"localhost" if address.startswith("unix:") else address.encode()
        )
        self._loop = asyncio.get_running_loop()
        self._idle: list[Connection] = []
        self._open: set[Connection] = set()
        self._waiting: deque[Call] = deque()
        self._connecting: set[asyncio.Task[None]] = set()
        self._sweeper = self._loop.call_later(_IDLE_S, self._sweep)

    def begin(self, call: Call, *, urgent: bool = False) -> None:
        """Send the call as soon as there is a connection; an urgent one is next, limit or not."""
        if self._idle:
            self._idle.pop().send(call)
            return
        if urgent:
            self._waiting.appendleft(call)
        else:
            self._waiting.append(call)
        if urgent or len(self._open) + len(self._connecting) < MOST_CONNECTIONS:
            self._connect()

    def again(self, call: Call) -> None:
        """Send a call once more, on a connection that is surely alive."""
        call.connection = None
        self._waiting.appendleft(call)
        self._connect()

    def cancel(self, call: Call) -> None:
        """Nobody waits for the call any more; the container learns it by a closed connection."""
        call.open = False
        connection, call.connection = call.connection, None
        if connection is not None:
            connection.close()

    def close(self) -> None:
        """Close every connection. Nobody is told."""
        self._sweeper.cancel()
        for task in self._connecting:
            task.cancel()
        for connection in list(self._open):
            connection.close()

    # what connections report

    def made(self, connection: Connection) -> None:
        """A connection is there."""
        self._open.add(connection)
        self.freed(connection)

    def freed(self, connection: Connection) -> None:
        """A connection may take the next call."""
        while self._waiting:
            call = self._waiting.popleft()
            if call.open:
                connection.send(call)
                return
        connection.idle_since = self._loop.time()
        self._idle.append(connection)

    def lost(self, connection: Connection) -> None:
        """A connection is gone."""
        self._open.discard(connection)
        if connection in self._idle:
            self._idle.remove(connection)
        if len(self._waiting) > len(self._connecting):
            self._connect()

    # connecting

    def _connect(self) -> None:
        task = self._loop.create_task(self._dial())
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _dial(self) -> None:
        try:
            async with asyncio.timeout(_CONNECT_S):
                await self._create()
        except TimeoutError:
            self._refuse("accepts no further connections")
        except OSError:
            self._refuse("accepts no connections")

    async def _create(self) -> None:
        if self.address.startswith("unix:"):
            path = self.address.removeprefix("unix:")
            await self._loop.create_unix_connection(lambda: Connection(self), path)
        else:
            host, _, port = self.address.rpartition(":")
            await self._loop.create_connection(lambda: Connection(self), host, int(port))

    def _refuse(self, why: str) -> None:
        """The call that this connection was for cannot be sent."""
        while self._waiting:
            call = self._waiting.popleft()
            if call.open:
                call.failed(f"it {why} at {self.address}")
                return

    def _sweep(self) -> None:
        """Close what has been idle for long: a server may have few threads, one per connection."""
        self._sweeper = self._loop.call_later(_IDLE_S, self._sweep)
        limit = self._loop.time() - _IDLE_S
        for connection in [one for one in self._idle if one.idle_since < limit]:
            self._idle.remove(connection)
            connection.close()
