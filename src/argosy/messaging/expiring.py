"""Removes messages that nobody sees any more: too old, or of queues that were purged or deleted.

Bit by bit, with room for others in between; this gives their space back, and changes nothing else.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from functools import partial

from argosy.messaging.hub import Messaging
from argosy.messaging.queue import ABANDONED

_EVERY_S = 60.0
_AT_ONCE = 1000

log = logging.getLogger(__name__)


class Expiring:
    """The loop of one process."""

    def __init__(self, messaging: Messaging) -> None:
        self._messaging = messaging
        self._bell = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Sweep every minute, and when a queue was abandoned."""
        loop = asyncio.get_running_loop()

        def ring(kind: str) -> None:
            if kind == ABANDONED:
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
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_EVERY_S):
                    await self._bell.wait()
            self._bell.clear()
            try:
                await self.sweep()
            except Exception:
                log.exception("messages could not be removed; trying again")

    async def sweep(self) -> None:
        """Once through all queues."""
        records, messages = self._messaging.records, self._messaging.messages
        for left in records.find(ABANDONED):
            await _all(partial(messages.delete_some, left.name, _AT_ONCE))
            records.delete(ABANDONED, left.account, left.region, left.name)
        now = self._messaging.clock.now()
        for queue in self._messaging.queues.all():
            old = queue.oldest(now)
            await _all(partial(messages.delete_older, queue.id, old, _AT_ONCE))


async def _all(remove_some: Callable[[], int]) -> None:
    """Again and again until nothing is left to remove; others run in between."""
    left = True
    while left:
        left = remove_some() > 0
        await asyncio.sleep(0)
