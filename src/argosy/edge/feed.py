"""The line to control: routing tables come in, acknowledgements, metrics and wants go out.

Connects again for ever. What is measured is kept until control has it for good.
"""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, cast

from argosy.edge.gate import Gate
from argosy.edge.untaken import Untaken
from argosy.ground.files import read_json

log = logging.getLogger(__name__)

_RETRY_S = 0.2
_MAX_LINE = 256 * 1024 * 1024


class Feed(asyncio.Protocol):
    """The edge's end of the feed."""

    def __init__(self, gate: Gate, path: Path) -> None:
        self._gate = gate
        self._path = str(path)
        self._transport: asyncio.Transport | None = None
        self._parts: list[bytes] = []
        self._size = 0
        self._task: asyncio.Task[None] | None = None
        self._untaken = Untaken()
        gate.on_table = self._acknowledge  # type: ignore[method-assign]
        gate.holding.on_wanting = self._want

    def load(self, routes: Path) -> None:
        """Take the table that lies on disk, for the time until control is there."""
        table = read_json(routes)
        if table is not None:
            self._gate.fleet.take(table)

    def connect(self) -> None:
        self._task = self._gate.loop.create_task(self._connect())

    async def _connect(self) -> None:
        try:
            await self._gate.loop.create_unix_connection(lambda: self, self._path)
        except OSError:
            self._gate.loop.call_later(_RETRY_S, self.connect)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        for line in self._untaken.lines():
            self._send(line)
        self._want()

    def connection_lost(self, exc: Exception | None) -> None:
        log.warning("control is away; what is known goes on being served")
        self._transport = None
        self._parts, self._size = [], 0
        self._gate.loop.call_later(_RETRY_S, self.connect)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        while b"\n" in data:
            line, data = data.split(b"\n", 1)
            self._take(b"".join((*self._parts, line)))
            self._parts, self._size = [], len(data)
        self._parts.append(data)
        if self._size > _MAX_LINE and self._transport is not None:
            self._transport.abort()

    def _take(self, line: bytes) -> None:
        try:
            message = json.loads(line)
        except ValueError:
            log.error("control sent a line that is not JSON")
            return
        if isinstance(message, dict) and "table" in message:
            self._gate.fleet.take(message["table"])
        elif isinstance(message, dict) and "took" in message:
            self._untaken.took(message["took"])

    def _acknowledge(self, version: int) -> None:
        self._send({"ack": version})

    def flush(self) -> None:
        """Tell control what was measured since the last time."""
        for line in self._untaken.collect(self._gate.metrics, connected=self.connected):
            self._send(line)
        self._want()

    @property
    def connected(self) -> bool:
        return self._transport is not None

    def _want(self) -> None:
        """Tell control which variants are waited for; again and again, as long as they are."""
        wanting = self._gate.holding.wanting()
        if wanting:
            self._send({"wanting": wanting})

    def _send(self, message: dict[str, Any]) -> None:
        if self._transport is not None:
            self._transport.write(json.dumps(message).encode() + b"\n")
