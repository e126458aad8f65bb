"""Model monitoring as a whole: schedules in a loop of their own, and the jobs that they make."""

from argosy.control.apart import Apart
from argosy.control.means import Means
from argosy.control.monitoring import outcomes
from argosy.control.monitoring.reconciler import ScheduleReconciler
from argosy.control.processing.whole import analyses_apart
from argosy.monitor.analysis import Result
from argosy.state.monitoring import MONITORING_SCHEDULE
from argosy.state.records import Record


class Monitoring:
    """What control starts, stops and resets."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._analyses = analyses_apart(means, self._ended)
        self._schedules = Apart(
            means.records, {MONITORING_SCHEDULE}, lambda _: ScheduleReconciler(means)
        )

    def start(self) -> None:
        self._schedules.start()
        self._analyses.start()

    async def stop(self) -> None:
        await self._schedules.stop()
        await self._analyses.stop()

    async def reset(self) -> None:
        """After the records have gone: returns when nothing runs any more."""
        await self._schedules.reset()
        await self._analyses.reset()

    def _ended(self, job: Record, result: Result | None) -> None:
        outcomes.ended(self._means, job, result)
