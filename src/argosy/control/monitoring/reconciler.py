"""One pass over monitoring schedules: those that are due run, each time exactly once."""

import asyncio
import logging

from argosy.control.means import Means
from argosy.control.monitoring import runs, times
from argosy.control.monitoring.job import CannotRun
from argosy.ground.schedules import BadSchedule
from argosy.state import monitoring
from argosy.state.monitoring import EXECUTION, MONITORING_SCHEDULE, NOW, expression_of
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import AlreadyThere, Record, Stale

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 60.0
_SOON_S = 0.1
_RETRY_S = 5.0


class ScheduleReconciler:
    """Remembers nothing: the next time of a schedule stands in its record."""

    def __init__(self, means: Means) -> None:
        self._means = means

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        pauses = [_LONGEST_SLEEP_S]
        for record in self._means.records.find(MONITORING_SCHEDULE, statuses=monitoring.DUE):
            try:
                pauses.append(await self._look(record))
            except Stale:
                pauses.append(_SOON_S)
            except Exception:
                log.exception("the schedule %s could not be looked at; trying again", record.name)
                pauses.append(_RETRY_S)
        return max(_SOON_S, min(pauses))

    async def stop(self) -> None:
        """Nothing is under way between its passes."""

    async def _look(self, record: Record) -> float:
        if record.status == monitoring.PENDING:
            record = self._scheduled(record)
        following = record.document["next"]
        if following is None:
            return _LONGEST_SLEEP_S
        config, now = record.document["config"], self._means.clock.now()
        delay = 0.0 if expression_of(config) == NOW else self._means.settings.monitor_delay_s
        for moment in times.due(config, following, now - delay):
            record = await self._run(record, moment)
        after = record.document["next"]
        return _LONGEST_SLEEP_S if after is None else after + delay - now

    def _scheduled(self, record: Record) -> Record:
        """A schedule that is new or was changed."""
        now = self._means.clock.now()
        try:
            following = times.first_time(record.document["config"], now)
        except BadSchedule as error:
            return self._change(record, monitoring.FAILED, None, str(error))
        return self._change(record, monitoring.SCHEDULED, following)

    def _change(
        self, record: Record, status: str, following: float | None, reason: str = ""
    ) -> Record:
        """Raises Stale."""
        document = {**record.document, "next": following, "failure_reason": reason}
        changed = status != record.status
        now = self._means.clock.now()
        return self._means.records.update(
            record, now=now, document=document, status=status, touch=changed
        )

    async def _run(self, record: Record, moment: float) -> Record:
        """Begin the run of that time, and move the schedule on to the next, in one commit."""
        means, job, reason = self._means, None, ""
        try:
            wanted = runs.sought(means, record, moment)
            sources = await asyncio.to_thread(runs.with_data, means, record.region, wanted)
            job = runs.begin(means, record, moment, wanted, sources)
        except CannotRun as error:
            reason = str(error)
        following = times.next_time(record.document["config"], moment)
        with means.records.transaction():
            status = monitoring.SCHEDULED if following is not None else monitoring.STOPPED
            changed = self._change(record, status, following)
            try:
                runs.keep(means, record, moment, job, reason)
            except AlreadyThere:
                log.warning("%s has run for %s already", record.name, moment)
            self._prune(record)
        log.info("%s runs: %s", record.name, reason or (job[0] if job else ""))
        return changed

    def _prune(self, schedule: Record) -> None:
        """Forget the oldest runs of a schedule that has very many."""
        records = self._means.records
        found = records.find(
            EXECUTION, schedule.account, schedule.region, prefix=f"{schedule.name}/"
        )
        by_age = sorted(found, key=lambda one: one.name)
        for old in by_age[: max(0, len(by_age) - monitoring.MOST_EXECUTIONS)]:
            records.delete(EXECUTION, old.account, old.region, old.name)
            name = old.document["processing_job_arn"].rpartition("/")[2]
            if name:
                records.delete(PROCESSING_JOB, old.account, old.region, name)
