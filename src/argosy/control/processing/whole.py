"""Processing jobs as a whole: a loop of their own, so that no endpoint waits for them."""

from argosy.control.doorbell import Doorbell
from argosy.control.loop import Loop
from argosy.control.means import Means
from argosy.control.processing.reconciler import Ended, ProcessingReconciler
from argosy.state.processing_jobs import PROCESSING_JOB


class Processing:
    """What control starts, stops and resets. `ended`: see `processing.reconciler`."""

    def __init__(self, means: Means, ended: Ended) -> None:
        self._means = means
        self._doorbell = Doorbell()
        self._reconciler = ProcessingReconciler(means, self._doorbell.ring, ended)
        self._loop = Loop((self._reconciler,), self._doorbell)

    def start(self) -> None:
        self._means.records.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._reconciler.stop()

    async def reset(self) -> None:
        """After the records have gone."""
        async with self._loop.quiet:
            await self._reconciler.stop()

    def _heard(self, kind: str) -> None:
        if kind == PROCESSING_JOB:
            self._doorbell.ring()
