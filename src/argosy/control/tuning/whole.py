"""Hyperparameter tuning as a whole: a loop of its own, which training jobs ring."""

from argosy.control.doorbell import Doorbell
from argosy.control.loop import Loop
from argosy.control.means import Means
from argosy.control.tuning.reconciler import TuningReconciler
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import TUNING_JOB


class Tuning:
    """What control starts, stops and resets."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._doorbell = Doorbell()
        self._loop = Loop((TuningReconciler(means),), self._doorbell)

    def start(self) -> None:
        self._means.records.listen(self._heard)
        self._loop.start()

    async def stop(self) -> None:
        """Tuning jobs stay as they are; whoever starts control again goes on with them."""
        await self._loop.stop()

    async def reset(self) -> None:
        """After the records have gone: returns when no pass is under way any more."""
        async with self._loop.quiet:
            return

    def _heard(self, kind: str) -> None:
        if kind in (TUNING_JOB, TRAINING_JOB):
            self._doorbell.ring()
