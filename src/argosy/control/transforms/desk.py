"""The desk for porters of transform jobs, and all jobs that are being done.

Porters of a job that control has not looked at yet are sent away for a moment; those of a job that
is over are told to give up. What a failed write leaves uncertain is thrown away and read again.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from argosy.control.transforms import clearing, listing
from argosy.control.transforms.diary import Diary
from argosy.control.transforms.lifecycle import WorkView
from argosy.control.transforms.progress import Pace, report
from argosy.control.transforms.work import JobWork
from argosy.control.work import Porter
from argosy.control.written_objects import WrittenObjects
from argosy.ground.clock import Clock
from argosy.ground.instances import StoreAccess
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreAway, StoreError
from argosy.objects.uri import S3Uri
from argosy.state.job_statuses import FINISHED, STOPPED, UNFINISHED
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.transform_book import Listing, TransformBook
from argosy.state.transform_jobs import TRANSFORM_JOB

log = logging.getLogger(__name__)

_AGAIN_S = 1.0
_LATELY_S = 3600.0
_CONNECTIONS = 8
_PATIENCE_S = 2.0
"""Whatever waits for the store asks again by itself; a control that is told to end can end."""

Key = tuple[str, str, str]
"""Account, region and name of a job."""


@dataclass
class _Under:
    """A job under way; `work` is None until its book is open."""

    record: Record
    pace: Pace
    diary: Diary
    task: asyncio.Task[None] | None = None
    """Opens the book and lists the input."""
    work: JobWork | None = None
    failure: str = ""
    clearing: asyncio.Task[None] | None = None
    cleared: bool = False

    @property
    def job(self) -> str:
        return str(self.record.document["deployment"]["id"])


class TransformDesk:
    """Implements `control.work.Desk`."""

    def __init__(
        self,
        records: Records,
        access: StoreAccess,
        clock: Clock,
        ring: Callable[[], None],
        new_diary: Callable[[Record], Diary],
    ) -> None:
        """`ring`: have the reconciler look."""
        self._records = records
        self._book = TransformBook(records.transactions)
        self._objects_told = WrittenObjects(records)
        self._access = access
        self._clock = clock
        self._ring = ring
        self._new_diary = new_diary
        self._jobs: dict[Key, _Under] = {}
        self._store: ObjectStore | None = None
        self._sweeper: asyncio.Task[None] | None = None

    # -- porters

    def joined(self, porter: Porter) -> None:
        """See `control.work`."""
        work = self._work_of(porter)
        if work is not None:
            self._carefully(work, lambda: work.joined(porter))
            return
        if self._is_unfinished(_key_of(porter)):
            porter.close()
        else:
            porter.send({"tasks": [{"task": "abandon"}]})

    def told(self, porter: Porter, message: dict[str, Any]) -> None:
        """See `control.work`."""
        work = self._work_of(porter)
        if work is not None:
            work.told(porter, message)

    def left(self, porter: Porter) -> None:
        """See `control.work`."""
        work = self._work_of(porter)
        if work is not None:
            work.left(porter, self._clock.now())

    def _work_of(self, porter: Porter) -> JobWork | None:
        under = self._jobs.get(_key_of(porter))
        return under.work if under else None

    def _is_unfinished(self, key: Key) -> bool:
        record = self._records.get(TRANSFORM_JOB, *key)
        return record is not None and record.status in UNFINISHED

    # -- the reconciler

    def view(self, record: Record, alive: list[str], in_service: list[str]) -> WorkView:
        """How a job's work stands; begins it if need be. `alive`: ids of its instances."""
        under = self._jobs.get(key_of(record))
        if under is None:
            under = _Under(record, Pace(), self._new_diary(record))
            self._jobs[key_of(record)] = under
        under.record = record
        work = under.work
        if work is None and under.task is None:
            under.task = asyncio.create_task(self._run(under))
        if work is None:
            return WorkView(failure=under.failure, cleared=under.cleared)
        if "outcome" in record.document:
            work.close()
        now = self._clock.now()
        self._carefully(work, lambda: work.settle(alive, in_service, now))
        under.pace.mark(now, work.ledger.progress)
        under.diary.note(now, lambda: self._report(under))
        return work.view(under.cleared)

    def clear(self, record: Record) -> None:
        """Have what is unfinished of a job cleared away; rings when it is done."""
        under = self._jobs[key_of(record)]
        if under.clearing is None:
            under.clearing = asyncio.create_task(self._clear(under))

    def over(self, record: Record) -> None:
        """The job has its last status."""
        under = self._jobs.pop(key_of(record), None)
        if under is None:
            return
        if under.work is not None:
            under.work.close()
            under.diary.end(record.status, lambda: self._report(under))
        self._cancel(under)

    def sweep(self, unfinished: list[Record]) -> None:
        """Remove the books of jobs that are over, in a thread."""
        if self._sweeper is not None and not self._sweeper.done():
            return
        kept = {record.document["deployment"]["id"] for record in unfinished}
        gone = [job for job in self._book.known() if job not in kept]
        if gone:
            self._sweeper = asyncio.create_task(asyncio.to_thread(self._remove, gone))

    def reports(self) -> list[dict[str, Any]]:
        """The jobs under way and how far they are, JSON-ready, oldest first."""
        unders = sorted(self._jobs.values(), key=lambda under: under.record.created)
        return [self._report(under) for under in unders if under.work is not None]

    def ended(self) -> list[dict[str, Any]]:
        """The same of jobs that ended lately, as they were in the end."""
        since = self._clock.now() - _LATELY_S
        return [
            _shown(record, report(record.document["progress"], True, (0.0, 0.0)))
            for record in self._records.find(TRANSFORM_JOB, statuses=FINISHED)
            if record.document["ended"] > since and "progress" in record.document
        ]

    async def stop(self) -> None:
        """Leave everything as it is; another control goes on."""
        tasks = [t for u in self._jobs.values() for t in (u.task, u.clearing) if t is not None]
        tasks += [self._sweeper] if self._sweeper else []
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await task
        for under in self._jobs.values():
            under.diary.close()
        self._jobs.clear()
        if self._store is not None:
            self._store.close()

    async def reset(self) -> None:
        """Forget every job and every book."""
        await self.stop()
        self._store = None
        self._book.delete_all()

    # -- within

    @property
    def _objects(self) -> ObjectStore:
        if self._store is None:
            self._store = ObjectStore(
                self._access, patience_s=_PATIENCE_S, connections=_CONNECTIONS
            )
        return self._store

    async def _run(self, under: _Under) -> None:
        """Open a job's book, then list its input; again when the disk was full."""
        while True:
            try:
                if under.work is None:
                    under.work = await self._opened(under)
                    self._ring()
                if not under.work.listing.listed and "outcome" not in under.record.document:
                    await listing.run(self._objects, under.work)
                return
            except listing.CannotList as error:
                under.failure = f"ClientError: {error}"
                if under.work is not None:
                    under.work.fail(under.failure)
                self._ring()
                return
            except Exception:
                log.exception("the input of %s could not be listed; trying again", under.job)
                await asyncio.sleep(_AGAIN_S)
                if under.work is not None:
                    self._throw_away(under.work)
                    return

    async def _opened(self, under: _Under) -> JobWork:
        asked = under.record.document["asked"]
        known = self._book.listing(under.job)
        if known is None:
            known = await listing.begin(self._objects, asked)
            self._book.begin(under.job, known)
        work = JobWork(
            under.job,
            asked,
            known,
            self._book,
            self._ring,
            self._stumbled,
            self._clock.now(),
            partial(self._written, under.record.account),
        )
        if listing.must_come_first(asked, known):
            work.wait_for_listing()
        return work

    def _written(self, account: str, uri: S3Uri, size: int) -> None:
        """An output is there: tell whom the bucket's notifications name, in the same commit."""
        self._objects_told.tell(account, uri, self._clock.now(), size)

    async def _clear(self, under: _Under) -> None:
        """Once no instance is left that could add to what is cleared."""
        known = self._book.listing(under.job)
        while known is not None:
            try:
                await asyncio.to_thread(self._tidy_up, under, known)
                break
            except StoreAway as error:
                log.warning("clearing up behind %s waits: %s", under.job, error)
            except StoreError as error:
                under.diary.say(self._clock.now(), f"Captured data could not be written: {error}")
                break
            except Exception:
                log.exception("what is left of %s could not be cleared away yet", under.job)
            await asyncio.sleep(_AGAIN_S)
        under.cleared = True
        self._ring()

    def _tidy_up(self, under: _Under, known: Listing) -> None:
        document = under.record.document
        job, asked = under.job, document["asked"]
        clearing.clear(self._objects, self._book, job, asked, known)
        if document.get("outcome") != STOPPED:
            began = document["started"] or under.record.created
            clearing.capture(self._objects, self._book, job, asked, known, began)

    def _carefully(self, work: JobWork, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            self._stumbled(work, error)

    def _stumbled(self, work: JobWork, error: BaseException) -> None:
        log.error("the book of %s could not be kept; reading it again", work.job, exc_info=error)
        self._throw_away(work)

    def _throw_away(self, work: JobWork) -> None:
        for under in self._jobs.values():
            if under.work is work:
                under.work = None
                self._cancel_listing(under)
        work.disconnect()
        self._ring()

    def _cancel(self, under: _Under) -> None:
        self._cancel_listing(under)
        under.diary.close()

    def _cancel_listing(self, under: _Under) -> None:
        task, under.task = under.task, None
        if task is not None and task is not asyncio.current_task():
            task.cancel()

    def _remove(self, gone: list[str]) -> None:
        for job in gone:
            while self._book.listing(job) is not None:
                self._book.delete(job)

    def _report(self, under: _Under) -> dict[str, Any]:
        work, record = under.work, under.record
        assert work is not None
        now = self._clock.now()
        shown = report(work.ledger.progress, work.listing.listed, under.pace.rates(now))
        return _shown(record, shown)


def _shown(record: Record, progress: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": record.name,
        "account": record.account,
        "region": record.region,
        "status": record.status,
        "created": record.created,
        **progress,
    }


def key_of(record: Record) -> Key:
    return (record.account, record.region, record.name)


def _key_of(porter: Porter) -> Key:
    hello = porter.hello
    return (hello["account"], hello["region"], hello["owner"].partition("/")[2])
