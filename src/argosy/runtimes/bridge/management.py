"""The model-management requests of a container of many models, and what their answers mean.

200 is yes to each; 409 to a load means that it is loaded already, 404 to anything else that it is
not, 507 that there is no room for it. Source: reference/multi-model-and-pipelines.md §3.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from urllib.parse import quote

from argosy.runtimes.bridge.http import Connection, Headers
from argosy.runtimes.bridge.pool import Pool

OK, NOT_FOUND, ALREADY, NO_ROOM = 200, 404, 409, 507
_LONGEST_TEXT = 1000


@dataclass(frozen=True)
class Answer:
    """What came: a status, 0 when nothing did, and the text or a clause on why."""

    status: int
    text: str


async def load(pool: Pool, name: str, url: str) -> Answer:
    """POST /models: have the model in the folder `url` loaded."""
    body = json.dumps({"model_name": name, "url": url}).encode()
    return await _ask(pool, b"POST /models HTTP/1.1\r\nContent-Type: application/json\r\n", body)


async def unload(pool: Pool, name: str) -> Answer:
    """DELETE /models/NAME: what the model held is free when it is answered."""
    return await _ask(pool, b"DELETE %b HTTP/1.1\r\n" % path_of(name))


async def find(pool: Pool, name: str) -> Answer:
    """GET /models/NAME: whether it is loaded."""
    return await _ask(pool, b"GET %b HTTP/1.1\r\n" % path_of(name))


def path_of(name: str) -> bytes:
    return f"/models/{quote(name, safe='')}".encode()


async def _ask(pool: Pool, line: bytes, body: bytes = b"") -> Answer:
    call = _Asking(line, body)
    pool.begin(call, urgent=True)
    try:
        return await call.answer
    finally:
        if call.open:
            pool.cancel(call)


class _Asking:
    """A request that somebody awaits; a `http.Call`."""

    def __init__(self, line: bytes, body: bytes) -> None:
        self.line = line
        self.body: bytes | memoryview = body
        self.open = True
        self.retried = False
        self.connection: Connection | None = None
        self.answer: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._status = 0
        self._text = b""

    def head(self, status: int, headers: Headers) -> None:
        self._status = status

    def data(self, data: bytes) -> None:
        self._text = (self._text + data)[:_LONGEST_TEXT]

    def done(self) -> None:
        self._tell(Answer(self._status, self._text.decode("utf-8", "replace").strip()))

    def failed(self, reason: str) -> None:
        self._tell(Answer(0, reason))

    def _tell(self, answer: Answer) -> None:
        self.open = False
        if not self.answer.done():
            self.answer.set_result(answer)
