"""Where edges hand in asynchronous requests: a group is acknowledged once control has it durably.

    edge → control   {"group": n, "again": bool, "requests": [[queue, id, ttl_s, document, body]…]}
    control → edge   {"group": n, "refused": {id: why}}

`body` is base64, or null; `again`: the group may have been kept before, its acknowledgement was
lost. Groups of several edges that come together are one commit. A group that cannot be kept (the
disk is full) is not acknowledged: the connection is closed, and the edge hands it in again.
"""

import asyncio
import base64
import json
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from argosy.control.listening import listen
from argosy.state.async_requests import NewRequest

log = logging.getLogger(__name__)

_STUMBLED_S = 0.2

Keep = Callable[[list[NewRequest], bool], Awaitable[dict[str, str]]]
"""(requests, again) → id → why it is refused; done when all others are durable."""


class Intake:
    """Listens on run/intake.sock."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._server: asyncio.Server | None = None
        self._edges: set[asyncio.StreamWriter] = set()

    async def listen(self, path: Path) -> None:
        self._server = await listen(path, self._serve)

    async def close(self) -> None:
        """Idempotent."""
        if self._server is not None:
            self._server.close()
        for edge in self._edges:
            edge.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._edges.add(writer)
        try:
            while line := await reader.readline():
                writer.write(await self._take(line))
        except (OSError, ValueError, LookupError, TypeError) as error:
            log.warning("a group of asynchronous requests was not kept: %r", error)
            await asyncio.sleep(_STUMBLED_S)
        finally:
            self._edges.discard(writer)
            writer.close()

    async def _take(self, line: bytes) -> bytes:
        message = json.loads(line)
        asked = [_request(*one) for one in message["requests"]]
        refused = await self._keep(asked, bool(message["again"]))
        return json.dumps({"group": message["group"], "refused": refused}).encode() + b"\n"


def _request(queue: str, number: str, ttl_s: int, document: str, body: str | None) -> NewRequest:
    content = None if body is None else base64.b64decode(body)
    return NewRequest(queue, number, float(ttl_s), document, content)
