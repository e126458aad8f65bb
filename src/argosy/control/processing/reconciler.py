"""One pass over processing jobs that are analyses of ours: start those that wait, write down what
became of the others."""

import hashlib
import logging
from collections.abc import Callable

from argosy.control.means import Means
from argosy.control.processing.analysis import analysis_of
from argosy.control.processing.child import Child
from argosy.control.processing.endings import Ending, ending_of
from argosy.ground.names import PROCESSING_LOG_GROUP
from argosy.monitor.analysis import Result
from argosy.state import job_statuses
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import Record, Stale
from argosy.state.state_changes import announce
from argosy.telemetry.logs import LogWriter

log = logging.getLogger(__name__)

MOST_AT_ONCE = 2
_LONGEST_SLEEP_S = 30.0
_SOON_S = 0.2
_RETRY_S = 5.0

Ended = Callable[[Record, Result | None], None]
"""Called in the transaction that ends a job."""


class _Running:
    """A job's process and its log."""

    def __init__(self, child: Child, writer: LogWriter, until: float) -> None:
        self.child = child
        self.writer = writer
        self.until = until
        self.overdue = False


class ProcessingReconciler:
    """What it remembers is its children; they die with control, and are started again."""

    def __init__(self, means: Means, ring: Callable[[], None], ended: Ended) -> None:
        self._means = means
        self._ring = ring
        self._ended = ended
        self._running: dict[str, _Running] = {}

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        found = self._means.records.find(PROCESSING_JOB, statuses=job_statuses.UNFINISHED)
        records = [record for record in found if "image" not in record.document]
        await self._end_orphans({_key(record) for record in records})
        return min([_LONGEST_SLEEP_S, *(self._guarded(record) for record in records)])

    async def stop(self) -> None:
        """End all processes; their jobs begin anew when control is back."""
        await self._end_orphans(set())

    def _guarded(self, record: Record) -> float:
        """One job that cannot be looked at holds back none of the others."""
        try:
            return self._look(record)
        except Exception:
            log.exception("the job %s could not be looked at; trying again", record.name)
            return _RETRY_S

    def _look(self, record: Record) -> float:
        now, running = self._means.clock.now(), self._running.get(_key(record))
        ending = ending_of(
            record.status,
            record.document["attempts"],
            running=running is not None,
            result=running.child.result if running and running.child.done else None,
            overdue=running is not None and running.overdue,
        )
        if ending is not None:
            self._finish(record, ending, now)
            return _SOON_S
        if running is None:
            self._start(record, now)
            return jobs.most_seconds(record.document["asked"])
        if record.status == job_statuses.STOPPING or now >= running.until:
            running.overdue = now >= running.until
            running.child.end()
            return _LONGEST_SLEEP_S
        return running.until - now

    def _start(self, record: Record, now: float) -> None:
        if len(self._running) >= MOST_AT_ONCE:
            return
        document = {**record.document, "started": now, "attempts": record.document["attempts"] + 1}
        try:
            record = self._means.records.update(record, now=now, document=document)
        except Stale:
            return
        log.info("starting the process of %s", record.name)
        asked = document["asked"]
        writer = self._writer(record, now)
        child = Child(
            analysis_of(asked, self._means.settings.monitor_memory_mb),
            self._means.store,
            self._means.data_dir.processing / f"{_key(record)}.json",
            lambda line: writer.write(line, int(self._means.clock.now() * 1000)),
            self._ring,
        )
        self._running[_key(record)] = _Running(child, writer, now + jobs.most_seconds(asked))

    def _writer(self, record: Record, now: float) -> LogWriter:
        return LogWriter(
            self._means.data_dir.logs,
            record.account,
            record.region,
            PROCESSING_LOG_GROUP,
            f"{record.name}/algo-1-{int(now * 1000)}",
            self._means.settings.log_stream_mb << 20,
        )

    def _finish(self, record: Record, ending: Ending, now: float) -> None:
        """One commit: the job, its event, and what depends on it."""
        records = self._means.records
        document = {
            **record.document,
            "failure_reason": ending.reason,
            "exit_message": ending.message,
            "ended": now,
        }
        try:
            with records.transaction():
                changed = records.update(record, now=now, document=document, status=ending.status)
                announce(records, changed, now, record)
                self._ended(changed, ending.result)
        except Stale:
            return
        log.info("%s %s: %s", record.kind, record.name, ending.status)
        self._forget(_key(record))

    def _forget(self, key: str) -> None:
        running = self._running.pop(key, None)
        if running is not None:
            running.writer.close()

    async def _end_orphans(self, wanted: set[str]) -> None:
        """Processes of jobs that are no more."""
        for key in [key for key in self._running if key not in wanted]:
            self._running[key].child.end()
            await self._running[key].child.wait()
            self._forget(key)


def _key(record: Record) -> str:
    whole = "\0".join((record.account, record.region, record.name, repr(record.created)))
    return hashlib.sha256(whole.encode()).hexdigest()[:24]
