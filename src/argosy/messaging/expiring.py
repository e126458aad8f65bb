"""Removes messages that nobody sees any more: too old, or of queues that were purged or deleted.

Bit by bit, with room for others in between; this gives their space back, and changes nothing else.
"""

import asyncio
from collections.abc import Callable
from functools import partial

from argosy.messaging.hub import Messaging
from argosy.messaging.queue import ABANDONED
from argosy.messaging.rounds import Rounds

_EVERY_S = 60.0
_AT_ONCE = 1000


class Expiring(Rounds):
    """The loop of one process: every minute, and when a queue was abandoned."""

    def __init__(self, messaging: Messaging) -> None:
        super().__init__(messaging.records, ABANDONED, "removing messages", self.sweep)
        self._messaging = messaging

    async def sweep(self) -> float:
        """Once through all queues; returns after how long to look again."""
        records, messages = self._messaging.records, self._messaging.messages
        for left in records.find(ABANDONED):
            await _all(partial(messages.delete_some, left.name, _AT_ONCE))
            records.delete(ABANDONED, left.account, left.region, left.name)
        now = self._messaging.clock.now()
        for queue in self._messaging.queues.all():
            old = queue.oldest(now)
            await _all(partial(messages.delete_older, queue.id, old, _AT_ONCE))
        return _EVERY_S


async def _all(remove_some: Callable[[], int]) -> None:
    """Again and again until nothing is left to remove; others run in between."""
    left = True
    while left:
        left = remove_some() > 0
        await asyncio.sleep(0)
