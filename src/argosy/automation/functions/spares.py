"""Python processes that wait for a function: warm, so that a cold start is short.

Kept once there is a function. One that is taken is replaced a moment later, when the start that
took it is over.
"""

import asyncio
import logging

from argosy.automation.functions.launching import Launcher, Python
from argosy.ground.tasks import cancel

_LATER_S = 0.5
_AFTER_FAILURE_S = 30.0

_log = logging.getLogger(__name__)


class Spares:
    """Up to `count` of them."""

    def __init__(self, launcher: Launcher, count: int) -> None:
        self._launcher = launcher
        self._count = count
        self._waiting: list[Python] = []
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()

    def start(self) -> None:
        """From now on there are some: functions are there."""
        if self._task is None and self._count > 0:
            self._wanted.set()
            self._task = asyncio.create_task(self._keep())

    def take(self) -> Python | None:
        """One that is warm: to wait for one that is not would take longer than to start anew."""
        for python in tuple(self._waiting):
            if python.ended or python.warm:
                self._waiting.remove(python)
                self._wanted.set()
            if python.warm and not python.ended:
                return python
        return None

    async def stop(self) -> None:
        """End them all."""
        await cancel(self._task)
        self._task = None
        for python in self._waiting:
            python.end()
        self._waiting.clear()

    async def _keep(self) -> None:
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            while len(self._waiting) < self._count:
                try:
                    self._waiting.append(await self._launcher.python(warm=True))
                except OSError as error:
                    _log.warning("no spare for functions: %s", error)
                    await asyncio.sleep(_AFTER_FAILURE_S)
            await asyncio.sleep(_LATER_S)
