"""Carries out tasks that move messages, a step of each in turn, at the rate that was asked for."""

import asyncio
import contextlib
import logging

from argosy.messaging.hub import Messaging
from argosy.messaging.move_tasks import KIND, MoveTask

_STUMBLED_S = 1.0

log = logging.getLogger(__name__)


class Moving:
    """The loop of one process."""

    def __init__(self, messaging: Messaging) -> None:
        self._messaging = messaging
        self._bell = asyncio.Event()
        self._next: dict[str, float] = {}
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Go on with what is under way, and take up what comes."""
        loop = asyncio.get_running_loop()

        def ring(kind: str) -> None:
            if kind == KIND:
                loop.call_soon_threadsafe(self._bell.set)

        self._messaging.records.listen(ring)
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        while True:
            self._bell.clear()
            try:
                pause = self._round()
            except Exception:
                log.exception("messages could not be moved; trying again")
                pause = _STUMBLED_S
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._bell.wait()

    def _round(self) -> float | None:
        """A step of each task whose turn it is; returns when the next one's is, None for never.

        A step writes its task's record, which rings for the next round.
        """
        now = asyncio.get_running_loop().time()
        tasks = self._messaging.move_tasks.running()
        self._next = {task.record.name: self._next.get(task.record.name, 0.0) for task in tasks}
        for task in tasks:
            if self._next[task.record.name] <= now:
                self._step(task, now)
        waits = [at - now for at in self._next.values()]
        return max(0.0, min(waits)) if waits else None

    def _step(self, task: MoveTask, now: float) -> None:
        moved = self._messaging.move_tasks.step(task)
        self._next[task.record.name] = now + (moved / task["rate"] if task["rate"] else 0.0)
