"""Automation as a whole: makes its parts, starts, stops and resets them."""

from argosy.automation.functions.whole import FunctionEngine
from argosy.automation.gateway.whole import Gateway
from argosy.automation.means import Means


class Automation:
    """What happens by itself on one platform; lives in control's process, on its loop."""

    def __init__(self, means: Means) -> None:
        self.functions = FunctionEngine(means)
        self.gateway = Gateway(means, self.functions)

    async def start(self) -> None:
        """From now on things happen. After Control's start: what is invoked must be served."""
        await self.functions.start()
        await self.gateway.start()

    async def stop(self) -> None:
        """Nothing happens any more; what has begun ends or is taken up by the next start."""
        await self.gateway.stop()
        await self.functions.stop()

    async def reset(self) -> None:
        """Forget everything; the records are gone already."""
        await self.functions.reset()
        await self.gateway.reset()
