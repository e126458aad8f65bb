"""The line on which control is told of objects that were written, and says when it has it durably.

    edge → control   {"id": n, "bucket", "account", "asker", "events": […]}
    control → edge   {"done": n} or {"failed": n, "why": …}

What is not acknowledged when the line breaks is said again on the next one: control may then write
down twice what happened, never not at all. Who waits too long is told so.
"""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

log = logging.getLogger(__name__)

PATIENCE_S = 20.0
"""How long a client waits for control, which is back much sooner when it was restarted."""
_RETRY_S = 0.1


@dataclass(slots=True)
class _Waiting:
    message: bytes
    on_done: Callable[[], None]
    on_failure: Callable[[str], None]
    since: float


class ObjectLine(asyncio.Protocol):
    """The edge's end of run/objects.sock."""

    def __init__(self, path: Path) -> None:
        self._path = str(path)
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._waiting: dict[int, _Waiting] = {}
        self._number = 0
        self._task: asyncio.Task[None] | None = None

    def tell(
        self,
        message: dict[str, Any],
        on_done: Callable[[], None],
        on_failure: Callable[[str], None],
    ) -> None:
        """Have one of the two called, once."""
        self._number += 1
        line = json.dumps({"id": self._number, **message}).encode() + b"\n"
        self._waiting[self._number] = _Waiting(line, on_done, on_failure, self._loop.time())
        if self._transport is None:
            self._connect()
        else:
            self._transport.write(line)

    def sweep(self) -> None:
        """Tell those who have waited too long; called about twice a second."""
        oldest = self._loop.time() - PATIENCE_S
        for number, waiting in list(self._waiting.items()):
            if waiting.since < oldest:
                del self._waiting[number]
                waiting.on_failure("The platform's control process does not answer.")

    def _connect(self) -> None:
        if self._task is None and self._transport is None:
            self._task = self._loop.create_task(self._connecting())

    async def _connecting(self) -> None:
        try:
            await self._loop.create_unix_connection(lambda: self, self._path)
        except OSError:
            if self._waiting:
                self._loop.call_later(_RETRY_S, self._connect)
        finally:
            self._task = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._rest = b""
        for waiting in self._waiting.values():
            self._transport.write(waiting.message)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        if self._waiting:
            self._loop.call_later(_RETRY_S, self._connect)

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            try:
                self._settle(json.loads(line))
            except ValueError:
                log.error("control sent a line that is not JSON")

    def _settle(self, message: dict[str, Any]) -> None:
        waiting = self._waiting.pop(message.get("done") or message.get("failed") or 0, None)
        if waiting is None:
            return
        if "done" in message:
            waiting.on_done()
        else:
            waiting.on_failure(str(message.get("why", "")))
