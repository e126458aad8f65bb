"""The bridge itself: who is connected, what was asked of it, and when it ends.

One event loop; no task or future per invocation. It ends with 0 when drained, and with the
program's status, without answering what is open, when the program ends: then edges know that the
instance is gone and ask another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import json
import signal
import socket
import sys

from argosy.runtimes import frames
from argosy.runtimes.answers import Fault, failure
from argosy.runtimes.bridge.asker import Asker
from argosy.runtimes.bridge.calls import Invocation, Parameters, Ping
from argosy.runtimes.bridge.many import Many
from argosy.runtimes.bridge.pool import Pool
from argosy.runtimes.bridge.program import CannotStart, Program
from argosy.runtimes.bridge.starting import Order, Patience

_DEATH_IS_SEEN_S = 0.15
"""A broken connection is judged this much later: perhaps the whole program is ending."""
_NOT_LOADED = failure(Fault(503, "the container is not started yet"))


class Bridge:
    """Serves frames on `listener`; `run` returns the exit status.

    root: the program's root folder, "" when it is the bridge's own.
    address: "host:port" or "unix:/path" of a server that runs already; "" to start a program.
    control: where a container of many models is told of them (see `many`).
    """

    def __init__(
        self,
        listener: socket.socket,
        *,
        root: str = "",
        address: str = "",
        control: socket.socket | None = None,
    ) -> None:
        self._listener = listener
        self._control = control
        self._root = root
        self._address = address
        self._order = Order()
        self._pool: Pool | None = None
        self._program: Program | None = None
        self._loading: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None
        self._well = False
        """Whether LOAD was carried out."""
        self._askers: set[Asker] = set()
        self._drainer: Asker | None = None
        self._left = asyncio.Event()

    async def run(self) -> int:
        """Serve until drained, told to end, or left by the program."""
        loop = asyncio.get_running_loop()
        self._over: asyncio.Future[int] = loop.create_future()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end, 0.0)
        self._server = await loop.create_unix_server(lambda: Asker(self), sock=self._listener)
        many = None if self._control is None else Many(self, self._control)
        gc.collect()
        gc.freeze()  # imports stay; without this every full collection walks over all of them
        status = await self._over
        if many is not None:
            many.close()
        self._server.close()
        for asker in list(self._askers):
            asker.close()
        if self._pool is not None:
            self._pool.close()
        return status

    @property
    def pool(self) -> Pool | None:
        """The connections to the container; None until it is started."""
        return self._pool

    @property
    def max_answer(self) -> int:
        """Bytes that a whole answer may have."""
        return self._order.max_answer

    # askers

    def connected(self, asker: Asker) -> None:
        """An edge or agent is there."""
        self._askers.add(asker)

    def disconnected(self, asker: Asker) -> None:
        """It is gone."""
        self._askers.discard(asker)
        self._look_who_is_left()

    def _look_who_is_left(self) -> None:
        if not self._askers - {self._drainer}:
            self._left.set()
        else:
            self._left.clear()

    def invoke(
        self, asker: Asker, request_id: int, streams: bool, head: bytes, body: bytes | memoryview
    ) -> None:
        """Pass an invocation on to the container."""
        if self._pool is None or not self._well:
            status, error, text = _NOT_LOADED
            assert isinstance(text, bytes)
            asker.send(frames.encode(frames.RESPONSE, request_id, status, error, text))
            return
        limit = self._order.max_answer
        call = Invocation(asker, request_id, streams, head, body, limit)
        asker.owe(request_id, call)
        self._pool.begin(call)

    def cancel(self, call: Invocation) -> None:
        """Nobody waits for it any more: close its connection to the container."""
        if self._pool is not None:
            self._pool.cancel(call)

    def perhaps_dead(self, call: Invocation, text: bytes) -> None:
        """Answer a failed call, unless the program turns out to have ended."""
        loop = asyncio.get_running_loop()
        loop.call_later(_DEATH_IS_SEEN_S, call.answer_failure, text)

    def control(self, asker: Asker, kind: int, request_id: int, body: bytes) -> None:
        """PING, LOAD, DRAIN, PARAMETERS; anything else breaks the connection."""
        if kind == frames.PING:
            self._ping(asker, request_id)
        elif kind == frames.LOAD:
            self._load(asker, request_id, body)
        elif kind == frames.DRAIN:
            self._drain(asker)
        elif kind == frames.PARAMETERS:
            self._ask_parameters(asker, request_id)
        else:
            asker.close()

    def _ask_parameters(self, asker: Asker, request_id: int) -> None:
        def answered(status: int, body: bytes) -> None:
            asker.send(frames.encode(frames.RESPONSE, request_id, status or 404, b"", body))

        if self._pool is None or not self._well:
            answered(503, b"")
        else:
            self._pool.begin(Parameters(answered), urgent=True)

    def _drain(self, asker: Asker) -> None:
        self._drainer = asker
        self._server.close()
        self._look_who_is_left()
        self._end(self._order.drain_s)

    def _ping(self, asker: Asker, request_id: int) -> None:
        def told(status: int, reason: str) -> None:
            well = 200 if status == 200 and self._well else 503
            asker.send(frames.encode(frames.PONG, request_id, well))

        if self._pool is None or not self._well:
            told(0, "")
        else:
            self._pool.begin(Ping(told), urgent=True)

    # the program's life

    def _load(self, asker: Asker, request_id: int, body: bytes) -> None:
        async def load() -> None:
            reason = await self._start(body)
            self._well = not reason
            said = {"ok": False, "reason": reason} if reason else {"ok": True}
            asker.send(frames.encode(frames.LOADED, request_id, 0, b"", json.dumps(said).encode()))

        if self._loading is None:
            self._loading = asyncio.get_running_loop().create_task(load())
            return
        said = {"ok": False, "reason": "this bridge has started its container already"}
        asker.send(frames.encode(frames.LOADED, request_id, 0, b"", json.dumps(said).encode()))

    async def _start(self, body: bytes) -> str:
        """Carry out a LOAD; "" or a sentence."""
        try:
            order = self._order = Order.parse(body)
            address = self._address or f"127.0.0.1:{order.port}"
            if not self._address:
                self._program = Program(
                    order.command, order.environment, order.folder, self._root, self._ended
                )
        except CannotStart as error:
            return str(error)
        except (ValueError, TypeError, AttributeError) as error:
            return f"the order to start cannot be read: {error}"
        self._pool = Pool(address)
        return await Patience(self._pool, self._program).wait(order.startup_s)

    def _ended(self) -> None:
        """The program is over. While it starts, the reason is told by LOADED instead."""
        assert self._program is not None
        if self._ending is not None or not self._well or self._over.done():
            return
        sys.stderr.write(f"Argosy: {self._program.end}\n")
        sys.stderr.flush()
        self._over.set_result(self._program.status or 1)

    def _end(self, within_s: float) -> None:
        """Begin to end, once."""
        if self._ending is None:
            self._ending = asyncio.get_running_loop().create_task(self._finish(within_s))

    async def _finish(self, within_s: float) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._left.wait(), within_s)
        if self._program is not None:
            await self._program.stop(self._order.grace_s)
        if not self._over.done():
            self._over.set_result(0)
