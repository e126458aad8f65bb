"""Pipelines as a whole: a loop of their own, which whatever a step waits for rings."""

from argosy.control.doorbell import Doorbell
from argosy.control.loop import Loop
from argosy.control.means import Means
from argosy.control.pipelines.reconciler import PipelineReconciler
from argosy.state.pipelines import EXECUTION
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.transform_jobs import TRANSFORM_JOB
from argosy.state.tuning_jobs import TUNING_JOB

_RINGS = {EXECUTION, PROCESSING_JOB, TRAINING_JOB, TRANSFORM_JOB, TUNING_JOB}


class Pipelines:
    """What control starts, stops and resets."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._doorbell = Doorbell()
        self._reconciler = PipelineReconciler(means, self._doorbell.ring)
        self._loop = Loop((self._reconciler,), self._doorbell)

    def start(self) -> None:
        self._means.records.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        """Executions stay as they are; whoever starts control again goes on with them."""
        await self._loop.stop()
        await self._reconciler.stop()

    async def reset(self) -> None:
        """After the records have gone."""
        async with self._loop.quiet:
            await self._reconciler.stop()

    def _heard(self, kind: str) -> None:
        if kind in _RINGS:
            self._doorbell.ring()
