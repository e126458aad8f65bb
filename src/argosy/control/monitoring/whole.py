"""Model monitoring as a whole: schedules in a loop of their own, and the jobs that they make."""

from argosy.control.doorbell import Doorbell
from argosy.control.loop import Loop
from argosy.control.means import Means
from argosy.control.monitoring import outcomes
from argosy.control.monitoring.reconciler import ScheduleReconciler
from argosy.control.processing.whole import Processing
from argosy.monitor.analysis import Result
from argosy.state.monitoring import MONITORING_SCHEDULE
from argosy.state.records import Record


class Monitoring:
    """What control starts, stops and resets."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._doorbell = Doorbell()
        self._processing = Processing(means, self._ended)
        self._loop = Loop((ScheduleReconciler(means),), self._doorbell)

    def start(self) -> None:
        self._means.records.listen(self._heard)
        self._loop.start()
        self._processing.start()

    async def stop(self) -> None:
        await self._loop.stop()
        await self._processing.stop()

    async def reset(self) -> None:
        """After the records have gone: returns when nothing runs any more."""
        async with self._loop.quiet:
            await self._processing.reset()

    def _heard(self, kind: str) -> None:
        if kind == MONITORING_SCHEDULE:
            self._doorbell.ring()

    def _ended(self, job: Record, result: Result | None) -> None:
        outcomes.ended(self._means, job, result)
