"""One of a container's many models, to edges and to the agent like a worker of its own.

It has a socket and speaks frames: LOAD is POST /models, REQUEST is POST /models/NAME/invoke, and
DRAIN, when all edges have left, DELETE /models/NAME. A model that the container turns out not to
have any more is as one whose process died: nothing is answered, and edges have it loaded again.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from collections.abc import Callable, Coroutine
from pathlib import PurePosixPath
from typing import Any

from argosy.runtimes import frames
from argosy.runtimes.bridge import management
from argosy.runtimes.bridge.asker import Asker
from argosy.runtimes.bridge.calls import Invocation
from argosy.runtimes.bridge.pool import Pool

_UNLOAD_S = 60.0
_DEATH_IS_SEEN_S = 0.15
_KILLED = -9


class Slot:
    """Serves one model on `listener`; `ended(status, reason)` is called once, when it is over."""

    def __init__(
        self,
        pool: Pool,
        max_answer: int,
        turns: dict[str, asyncio.Lock],
        ended: Callable[[int, str], None],
    ) -> None:
        """turns: the loads and unloads of one name come one after the other."""
        self._pool = pool
        self._max_answer = max_answer
        self._turns = turns
        self._ended = ended
        self._name = ""
        self._path = b""
        self._load_task: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._askers: set[Asker] = set()
        self._drainer: Asker | None = None
        self._server: asyncio.Server | None = None
        self._there = False
        """The container has it, or may have it."""
        self._over = False

    async def serve(self, listener: socket.socket, agent: socket.socket) -> None:
        """Take connections; `agent` is one already."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_unix_server(lambda: Asker(self), sock=listener)
        await loop.connect_accepted_socket(lambda: Asker(self), agent)

    def kill(self) -> None:
        """Unload it now, whoever waits for its answers."""
        if not self._over:
            self._spawn(self._finish(_KILLED, ""))

    # what askers want

    def connected(self, asker: Asker) -> None:
        """An edge or the agent is there."""
        self._askers.add(asker)

    def disconnected(self, asker: Asker) -> None:
        """It is gone."""
        self._askers.discard(asker)
        self._look_who_is_left()

    def invoke(
        self, asker: Asker, request_id: int, streams: bool, head: bytes, body: bytes | memoryview
    ) -> None:
        """Pass an invocation on to the model."""
        limit = self._max_answer
        call = _ModelInvocation(asker, request_id, streams, head, body, limit, self._path)
        call.slot = self
        asker.owe(request_id, call)
        self._pool.begin(call)

    def cancel(self, call: Invocation) -> None:
        """Nobody waits for it any more."""
        self._pool.cancel(call)

    def perhaps_dead(self, call: Invocation, text: bytes) -> None:
        """Answer a failed call, unless the whole program turns out to have ended."""
        loop = asyncio.get_running_loop()
        loop.call_later(_DEATH_IS_SEEN_S, call.answer_failure, text)

    def control(self, asker: Asker, kind: int, request_id: int, body: bytes) -> None:
        """PING, LOAD, DRAIN; anything else breaks the connection. The program itself is pinged
        by the bridge."""
        if kind == frames.PING:
            asker.send(frames.encode(frames.PONG, request_id, management.OK))
        elif kind == frames.LOAD and self._load_task is None:
            self._load_task = self._spawn(self._load(asker, request_id, body))
        elif kind == frames.DRAIN:
            self._drainer = asker
            self._close_server()
            self._look_who_is_left()
        else:
            asker.close()

    # its life

    async def _load(self, asker: Asker, request_id: int, body: bytes) -> None:
        folder = str(json.loads(body)["model_dir"])
        self._name = PurePosixPath(folder).parent.name
        self._path = management.path_of(self._name) + b"/invoke"
        async with self._turn():
            self._there = True
            answer = await management.load(self._pool, self._name, folder)
            self._there = answer.status in (management.OK, management.ALREADY)
        said: dict[str, Any] = {"ok": True}
        if not self._there:
            said = {"ok": False, "status": answer.status, "reason": _why(answer)}
        asker.send(frames.encode(frames.LOADED, request_id, 0, b"", json.dumps(said).encode()))

    def perhaps_gone(self, call: _ModelInvocation) -> None:
        """The container said 404: it may be the model's own answer."""
        self._spawn(self._check(call))

    async def _check(self, call: _ModelInvocation) -> None:
        answer = await management.find(self._pool, self._name)
        if answer.status != management.NOT_FOUND:
            call.finish()
        elif not self._over:
            self._there = False
            await self._finish(0, "The container does not have it any more.")

    def _look_who_is_left(self) -> None:
        if self._drainer is not None and not self._over and not self._askers - {self._drainer}:
            self._spawn(self._finish(0, ""))

    async def _finish(self, status: int, reason: str) -> None:
        if self._over:
            return
        self._over = True
        self._close_server()
        if self._load_task is not None and not self._load_task.done():
            self._load_task.cancel()
            await asyncio.wait([self._load_task])
        if self._there:
            await self._unload()
        self._ended(status, reason)
        for asker in list(self._askers):
            asker.close()

    async def _unload(self) -> None:
        try:
            async with asyncio.timeout(_UNLOAD_S), self._turn():
                answer = await management.unload(self._pool, self._name)
        except TimeoutError:
            answer = management.Answer(0, f"it did not answer within {_UNLOAD_S:g} s")
        if answer.status not in (management.OK, management.NOT_FOUND):
            what = f"{answer.status} {answer.text}" if answer.status else answer.text
            sys.stderr.write(f"Argosy: the container did not unload {self._name}: {what}\n")
            sys.stderr.flush()

    def _turn(self) -> asyncio.Lock:
        return self._turns.setdefault(self._name, asyncio.Lock())

    def _close_server(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task


class _ModelInvocation(Invocation):
    """An invocation of one model; it looks twice at a 404."""

    __slots__ = ("slot",)

    slot: Slot

    def done(self) -> None:
        if self.open and self._status == management.NOT_FOUND:
            self.slot.perhaps_gone(self)
        else:
            super().done()

    def finish(self) -> None:
        """The answer is the model's."""
        super().done()


def _why(answer: management.Answer) -> str:
    """A sentence on a load that failed."""
    if not answer.status:
        return f"The container failed to load it: {answer.text}."
    said = f": {answer.text}" if answer.text else "."
    return f"The container answered POST /models with {answer.status}{said}"
