"""Asynchronous inference as a whole: the desk, and where edges hand requests in."""

from collections.abc import Callable
from typing import Any

from argosy.control.asynchronous.desk import Desk
from argosy.control.asynchronous.expiry import failure_teller
from argosy.control.asynchronous.intake import Intake
from argosy.control.means import Means
from argosy.messaging import Publication
from argosy.objects.client import ObjectStore


class AsynchronousInference:
    """What control starts and stops."""

    def __init__(self, means: Means, traffic: Callable[[Any], None]) -> None:
        """`traffic`: takes what the models answered, as edges tell it."""
        self._means = means
        self._objects = ObjectStore(means.store)
        self.desk = Desk(
            means.records.transactions,
            means.clock,
            self._publish,
            failure_teller(self._objects),
            traffic,
        )
        self._intake = Intake(self.desk.keep)

    async def start(self) -> None:
        await self._intake.listen(self._means.data_dir.intake_socket)
        self.desk.start()

    async def stop(self) -> None:
        """What is out goes on."""
        await self._intake.close()
        await self.desk.stop()
        self._objects.close()

    def _publish(self, topic: str, message: str) -> None:
        """Give a message to a topic, within the open transaction. Raises ApiError."""
        self._means.messaging.publish(topic, Publication(message))
