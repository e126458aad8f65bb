"""The queues of functions as a whole."""

from argosy.automation.queue.carrying import Carrying
from argosy.automation.queue.clearing import Clearing
from argosy.automation.queue.polling import Polling
from argosy.ground.functions import Functions
from argosy.means import Means


class FunctionQueues:
    """What invokes functions when nobody waits."""

    def __init__(self, means: Means, functions: Functions) -> None:
        self._carrying = Carrying(means, functions)
        self._polling = Polling(means, functions)
        self._clearing = Clearing(means)

    async def start(self) -> None:
        """Go on with what was left behind."""
        self._carrying.start()
        self._polling.start()
        self._clearing.start()

    async def stop(self) -> None:
        """What is under way is begun again by the next start."""
        await self._clearing.stop()
        await self._polling.stop()
        await self._carrying.stop()

    async def reset(self) -> None:
        """Forget every event."""
        await self._polling.reset()
        await self._carrying.reset()
        await self._clearing.reset()
