"""The loop that has every reconciler look: when the doorbell rings, and when time is up."""

import asyncio
import logging
from collections.abc import Sequence
from typing import Protocol

from argosy.control.doorbell import Doorbell
from argosy.ground.tasks import cancel

log = logging.getLogger(__name__)

_RETRY_S = 1.0


class Reconciles(Protocol):
    """Compares what the records ask for with what there is, and acts."""

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        ...


class Loop:
    """One pass of all after the other, again and again. `quiet` is held during a pass."""

    def __init__(self, reconcilers: Sequence[Reconciles], doorbell: Doorbell) -> None:
        self._reconcilers = reconcilers
        self._doorbell = doorbell
        self._task: asyncio.Task[None] | None = None
        self.quiet = asyncio.Lock()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        await cancel(self._task)

    async def look(self) -> None:
        """One pass of all; for whoever holds `quiet`."""
        for reconciler in self._reconcilers:
            await reconciler.activate()

    async def _run(self) -> None:
        while True:
            async with self.quiet:
                pauses = [await self._activate(one) for one in self._reconcilers]
            done = [pause for pause in pauses if pause is not None]
            if len(done) < len(pauses):
                await asyncio.sleep(_RETRY_S)  # not for the bell: the failure may ring it
            else:
                await self._doorbell.wait(min(done))

    async def _activate(self, reconciler: Reconciles) -> float | None:
        """One pass of one of them; None when it failed, which holds back none of the others."""
        try:
            return await reconciler.activate()
        except Exception:
            log.exception("a reconcile failed; trying again")
            return None
