"""What goes on by itself: deliveries are made, messages moved, old ones removed."""

from argosy.messaging import move_tasks
from argosy.messaging.delivering import Delivering
from argosy.messaging.expiring import Expiring
from argosy.messaging.hub import Messaging
from argosy.messaging.moving import Moving
from argosy.state import deliveries, messages, sent_lately

KINDS = frozenset({deliveries.KIND, messages.KIND, sent_lately.KIND, move_tasks.KIND})
"""What listeners are told when messages come and go."""


class Working:
    """The loops of one process."""

    def __init__(self, messaging: Messaging) -> None:
        self._loops = (Delivering(messaging), Moving(messaging), Expiring(messaging))

    def start(self) -> None:
        for loop in self._loops:
            loop.start()

    async def stop(self) -> None:
        for loop in self._loops:
            await loop.stop()
