"""Automation as a whole: makes its parts, starts, stops and resets them."""

from argosy.automation.events.whole import Events
from argosy.automation.functions.whole import FunctionEngine
from argosy.automation.gateway.whole import Gateway
from argosy.automation.queue.whole import FunctionQueues
from argosy.automation.urls.whole import FunctionUrls
from argosy.ground.doors import API, FUNCTION_URL, Door
from argosy.means import Means


class Automation:
    """What happens by itself on one platform; lives in control's process, on its loop."""

    def __init__(self, means: Means) -> None:
        self.functions = FunctionEngine(means)
        self.gateway = Gateway(means, self.functions)
        self._queues = FunctionQueues(means, self.functions)
        self._urls = FunctionUrls(means, self.functions)
        self._events = Events(means)

    @property
    def doors(self) -> dict[str, Door]:
        """Who answers what comes to which prefix."""
        return {API: self.gateway.answer, FUNCTION_URL: self._urls}

    async def start(self) -> None:
        """From now on things happen. After Control's start: what is invoked must be served."""
        await self.functions.start()
        await self.gateway.start()
        await self._queues.start()
        self._events.start()

    async def stop(self) -> None:
        """Nothing happens any more; what has begun ends or is taken up by the next start."""
        await self._events.stop()
        await self._queues.stop()
        await self.gateway.stop()
        await self.functions.stop()

    async def reset(self) -> None:
        """Forget everything; the records are gone already."""
        await self._queues.reset()
        self._events.reset()
        await self.functions.reset()
        await self.gateway.reset()
