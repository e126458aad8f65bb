"""Removes messages that have outlived their queue's retention period, a queue at a time.

Receivers do not see them anyway; this gives their room back.
"""

import asyncio
import contextlib
import logging

from argosy.messaging.hub import Messaging

_EVERY_S = 60.0

log = logging.getLogger(__name__)


class Expiring:
    """The loop of one process."""

    def __init__(self, messaging: Messaging) -> None:
        self._messaging = messaging
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._loop = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._loop is not None:
            self._loop.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._loop

    async def _run(self) -> None:
        while True:
            await asyncio.sleep(_EVERY_S)
            try:
                await self.sweep()
            except Exception:
                log.exception("old messages could not be removed; trying again")

    async def sweep(self) -> None:
        """Once through all queues, with room for others in between."""
        now = self._messaging.clock.now()
        for queue in self._messaging.queues.all():
            self._messaging.messages.delete_older(queue.id, queue.oldest(now))
            await asyncio.sleep(0)
