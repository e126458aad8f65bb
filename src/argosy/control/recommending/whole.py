"""Inference recommendations jobs, one at a time: each test deploys if it must, loads, and is noted.

A job that control was killed in begins its unfinished test anew: its endpoint is found by its name.
Nothing is remembered but what is in the record. The load is a process of its own (`argosy.load`).
"""

import asyncio
import logging
from typing import Any

from argosy.control.means import Means
from argosy.control.recommending import endpoints, payloads
from argosy.ground.errors import ApiError, ArgosyError
from argosy.ground.files import read_json
from argosy.ground.tasks import cancel
from argosy.load.engine import Engine
from argosy.load.finding import Found, find
from argosy.load.goal import parse
from argosy.load.target import Target
from argosy.state import endpoints as ep
from argosy.state import recommendations as jobs
from argosy.state.recommendations import RECOMMENDATIONS_JOB, Test
from argosy.state.records import Record

log = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.2
_NOTHING_TO_DO_S = 30.0
_CONNECTIONS = 256


class Recommendations:
    """What control's loop activates; the work itself is a task beside it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._records = means.records
        self._running: tuple[Record, asyncio.Task[None]] | None = None

    async def activate(self) -> float:
        """Begin the oldest job, or end the one that is to stop."""
        waiting = sorted(
            (r for r in self._records.find(RECOMMENDATIONS_JOB) if r.status not in jobs.FINISHED),
            key=lambda record: record.created,
        )
        if self._running is not None:
            self._look_after_running(waiting)
        elif waiting:
            task = asyncio.get_running_loop().create_task(self._run(waiting[0]))
            self._running = waiting[0], task
        return _NOTHING_TO_DO_S if not waiting else 1.0

    async def stop(self) -> None:
        """Leave the job as it is; whoever starts control again goes on with it."""
        if self._running is not None:
            await cancel(self._running[1])

    def _look_after_running(self, waiting: list[Record]) -> None:
        assert self._running is not None
        job, task = self._running
        if task.done():
            self._running = None
            return
        now = next((record for record in waiting if _key(record) == _key(job)), None)
        if now is None or now.status == jobs.STOPPING:
            task.cancel()

    async def _run(self, job: Record) -> None:
        """Do all of a job. A job that is to stop, or is gone, is cleared away."""
        try:
            if job.status != jobs.STOPPING:
                await self._test_all(job)
        except asyncio.CancelledError:
            if not self._is_to_stop(job):
                raise
        except Exception as error:
            known = isinstance(error, (ArgosyError, ApiError))
            if not known:
                log.exception("the recommendations job %s failed", job.name)
            self._end(job, jobs.FAILED, str(error))
            return
        if self._is_to_stop(job):
            self._end(job, jobs.STOPPED)
        else:
            self._conclude(job)

    async def _test_all(self, job: Record) -> None:
        self._write(job, status=jobs.IN_PROGRESS)
        document = job.document
        folder = self._means.data_dir.root
        bodies = await asyncio.to_thread(
            payloads.fetch, self._means.store, document["payload"], folder
        )
        for number, test in enumerate(document["tests"]):
            if test["status"] not in jobs.FINISHED:
                await self._test(job, number, test, bodies)

    async def _test(self, job: Record, number: int, test: Test, bodies: tuple[bytes, ...]) -> None:
        begun = self._means.clock.now()
        self._note(job, number, status=jobs.IN_PROGRESS, started=begun)
        try:
            await self._gone(job, test)
            endpoints.deploy(self._records, job, test, begun)
            record = await self._in_service(job, test)
            if test["deployment"]:
                self._note(job, number, setup_s=self._means.clock.now() - begun)
            found = await self._load(job, test, bodies)
            self._note(job, number, **_outcome(found, endpoints.instances_of(record)))
        except ArgosyError as error:
            self._note(job, number, status=jobs.FAILED, reason=str(error))
        finally:
            endpoints.remove(self._records, job, test, self._means.clock.now())
        self._note(job, number, ended=self._means.clock.now())

    async def _gone(self, job: Record, test: Test) -> None:
        """An endpoint of an earlier try that is being deleted."""
        while (record := endpoints.find(self._records, job, test)) is not None:
            if not test["deployment"] or record.status != ep.DELETING:
                return
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _in_service(self, job: Record, test: Test) -> Record:
        """The endpoint, once it serves. Raises ArgosyError when it never will."""
        while True:
            record = endpoints.find(self._records, job, test)
            if record is None or record.status in (ep.FAILED, ep.DELETING):
                why = record.document["failure_reason"] if record else "it is gone"
                raise ArgosyError(f"Endpoint {test['endpoint']} cannot be tested: {why}")
            if record.status == ep.IN_SERVICE:
                return record
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _load(self, job: Record, test: Test, bodies: tuple[bytes, ...]) -> Found:
        document = job.document
        most = {"highest": document["most"]} if document["most"] else {}
        with Engine(self._target(document, test, bodies)) as engine:
            return await asyncio.to_thread(
                find,
                engine,
                parse(document["goal"]),
                limit_s=document["seconds"],
                connections=_CONNECTIONS,
                on_trial=lambda trial, measured: None,
                on_second=lambda second: None,
                **most,
            )

    def _target(self, document: dict[str, Any], test: Test, bodies: tuple[bytes, ...]) -> Target:
        means = self._means
        running = read_json(means.data_dir.running) or {}
        credentials = read_json(means.data_dir.credentials) or {}
        return Target(
            url=running["url"],
            region=running["region"],
            ca_bundle=running.get("tls_cert", ""),
            access_key_id=credentials["access_key_id"],
            secret_access_key=credentials["secret_access_key"],
            endpoint=test["endpoint"],
            payloads=bodies,
            content_type=document["content_type"],
        )

    # -- the record

    def _is_to_stop(self, job: Record) -> bool:
        current = self._current(job)
        return current is None or current.status == jobs.STOPPING

    def _current(self, job: Record) -> Record | None:
        return self._records.get(job.kind, job.account, job.region, job.name)

    def _note(self, job: Record, number: int, **members: Any) -> None:
        """Write down what became of a test."""
        with self._records.transaction():
            current = self._current(job)
            if current is not None:
                tests = [dict(test) for test in current.document["tests"]]
                tests[number].update(members)
                self._update(current, document={**current.document, "tests": tests})

    def _write(self, job: Record, status: str, **members: Any) -> None:
        with self._records.transaction():
            current = self._current(job)
            if current is not None and (
                current.status != jobs.STOPPING or status != jobs.IN_PROGRESS
            ):
                self._update(current, document={**current.document, **members}, status=status)

    def _update(self, record: Record, **changes: Any) -> None:
        self._records.update(record, now=self._means.clock.now(), **changes)

    def _conclude(self, job: Record) -> None:
        current = self._current(job)
        tests = current.document["tests"] if current else []
        if any(test["status"] == jobs.COMPLETED for test in tests):
            self._end(job, jobs.COMPLETED)
        else:
            self._end(job, jobs.FAILED, next((t["reason"] for t in tests if t["reason"]), ""))

    def _end(self, job: Record, status: str, reason: str = "") -> None:
        """The job is over; what it deployed goes."""
        now = self._means.clock.now()
        for number, test in enumerate(job.document["tests"]):
            endpoints.remove(self._records, job, test, now)
            current = self._current(job)
            if current and current.document["tests"][number]["status"] not in jobs.FINISHED:
                self._note(job, number, status=status)
        self._write(job, status, failure_reason=reason, ended=now)
        log.info("recommendations job %s: %s %s", job.name, status, reason)


def _key(record: Record) -> tuple[str, str, str]:
    return record.account, record.region, record.name


def _outcome(found: Found, instances: int) -> dict[str, Any]:
    """What a test found, per instance."""
    best = found.best
    if not found.rate or best is None:
        return {"status": jobs.FAILED, "reason": f"No rate kept {found.goal}."}
    return {
        "status": jobs.COMPLETED,
        "rate": found.rate / max(1, instances),
        "latency_ms": found.goal.of(best),
    }
