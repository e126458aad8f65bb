"""One container as the body of an execution environment: made, heard, removed.

A thread of its own speaks to the engine, which blocks. To the environment it looks like a process
(`functions.process`). It refuses to know what is said on the runtime API.
"""

import asyncio
import contextlib
import http.client
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from argosy.agent.engine import Engine, EngineError

_LAG_S = 0.01
_UNSTARTED = 127
"""As a shell says it of a program that it cannot run."""


class Container:
    """`on_output` takes what it prints, `on_exit` is called once, after all of it."""

    def __init__(self, engine: Engine, name: str) -> None:
        self.on_output: Callable[[bytes], float] = lambda data: 0.0
        """Returns for how many seconds to read no more."""
        self.on_exit: Callable[[int | None], None] = lambda code: None
        self.lag_s = _LAG_S
        self.ended = asyncio.Event()
        self.pid = 0
        """Of its first process, on this machine; 0 before its start and after its end."""
        self._engine = engine
        self.name = name
        self._loop = asyncio.get_running_loop()
        self._begun: asyncio.Future[None] = self._loop.create_future()
        self._heard = threading.Event()
        self._killed = False
        self._id = ""
        self._lock = threading.Lock()

    async def start(self, definition: dict[str, Any]) -> None:
        """Return when it runs, or when the engine has said why its program cannot be run, which is
        an end like others. `follow` comes next. Raises EngineError when there is no container."""
        target, name = self._live, f"function-{self.name}"
        threading.Thread(target=target, args=(definition,), name=name, daemon=True).start()
        await self._begun

    def follow(self) -> None:
        """Tell from now on what it prints, and how it ends."""
        self._heard.set()

    def drain(self) -> None:
        """What it has printed comes by itself, `lag_s` later at most."""

    def kill(self) -> None:
        """End and remove it, at once."""
        self._heard.set()
        with self._lock:
            if self._killed or self.ended.is_set():
                return
            self._killed = True
        if self._id:
            name = f"end-{self.name}"
            threading.Thread(target=self._remove, name=name, daemon=True).start()

    # -- in its thread

    def _live(self, definition: dict[str, Any]) -> None:
        try:
            with self._lock:
                killed = self._killed
            if killed:
                raise EngineError("It was ended before it was made.")
            self._make(definition)
        except EngineError as error:
            self._remove()
            self._call(self._failed, error)
            return
        code = self._run()
        self._remove()
        self._call(self._exited, code)

    def _make(self, definition: dict[str, Any]) -> None:
        container = self._engine.create(self.name, definition)
        with self._lock:
            self._id = container
            killed = self._killed
        if killed:
            raise EngineError("It was ended before it was started.")

    def _run(self) -> int | None:
        try:
            output = self._engine.attach(self._id)
            self._engine.start(self._id)
            self._call(self._started, int(self._engine.inspect(self._id)["State"]["Pid"] or 0))
        except EngineError as error:
            self._call(self._started, 0)
            self._heard.wait()
            self._pass_on(f"Argosy: {error}\n".encode())
            return _UNSTARTED
        self._heard.wait()
        with contextlib.suppress(EngineError, OSError, http.client.HTTPException):
            for data in output:
                self._pass_on(data)
        with contextlib.suppress(EngineError, ValueError, KeyError):
            return self._engine.wait(self._id)
        return None

    def _pass_on(self, data: bytes) -> None:
        """Hand over what was printed; wait as long as nobody can take more."""
        taken: Future[float] = Future()
        self._call(lambda: taken.set_result(self.on_output(data)))
        if not self._loop.is_closed():
            time.sleep(taken.result())

    def _remove(self) -> None:
        if self._id:
            with contextlib.suppress(EngineError):
                self._engine.remove(self._id)

    def _call(self, function: Callable[..., None], *arguments: Any) -> None:
        """On the loop, unless that is no more."""
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(function, *arguments)

    # -- on the loop

    def _started(self, pid: int) -> None:
        self.pid = pid
        if not self._begun.done():
            self._begun.set_result(None)

    def _failed(self, error: EngineError) -> None:
        self.ended.set()
        if not self._begun.done():
            self._begun.set_exception(error)

    def _exited(self, code: int | None) -> None:
        self.pid = 0
        self.ended.set()
        self.on_exit(code)
