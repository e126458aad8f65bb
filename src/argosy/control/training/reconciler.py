"""One pass over training jobs: read the records and the backend, decide, and make it so."""

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from argosy.compute.base import Backend
from argosy.control import carrying_out
from argosy.control.job_containers import obstacle
from argosy.control.job_specs import Place
from argosy.control.training import spec
from argosy.control.training.admission import Admissions, Key, admissions, key_of
from argosy.control.training.lifecycle import Plan, View, decide
from argosy.control.training.measuring import Measuring
from argosy.control.training.pools import Pools
from argosy.control.written_objects import WrittenObjects
from argosy.ground.clock import Clock
from argosy.ground.instances import Instance, StoreAccess
from argosy.ground.settings import Settings
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.record import Record
from argosy.state.records import Records, Stale
from argosy.state.state_changes import announce
from argosy.state.training_jobs import TRAINING_JOB

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 1.0
_SOON_S = 0.02


class TrainingReconciler:
    """Compares what jobs' records ask for with what the backend lists."""

    def __init__(
        self,
        records: Records,
        backend: Backend,
        clock: Clock,
        settings: Settings,
        store: StoreAccess,
        measuring: Measuring,
        pools: Pools,
        inside: Callable[[Record], Mapping[str, str]],
    ) -> None:
        """inside: variables by which a job's algorithm reaches this platform."""
        self._records = records
        self._written = WrittenObjects(records)
        self._backend = backend
        self._clock = clock
        self._settings = settings
        self._store = store
        self._measuring = measuring
        self._pools = pools
        self._inside = inside

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        listed = [i for i in await self._backend.list() if i.spec.owner_kind == TRAINING_JOB]
        records = self._records.find(TRAINING_JOB, statuses=job_statuses.UNFINISHED)
        now = self._clock.now()
        found = await self._admissions(records, now)
        pauses = [_LONGEST_SLEEP_S]
        for record in records:
            mine = [i for i in listed if _belongs(i, record)]
            pauses.append(await self._guarded(record, mine, found, now))
        owners = {_owner(record) for record in records}
        orphans = [i for i in listed if _owner_of(i) not in owners]
        await carrying_out.clear_away(self._backend, orphans)
        return min(pauses)

    async def _admissions(self, records: Iterable[Record], now: float) -> Admissions:
        waiting, busy = [], 0
        for record in records:
            document: Any = record.document
            run = document["run"]
            busy += len(run["hosts"]) if run else 0
            waits = not run and not jobs.rests(document, now)
            if waits and record.status == job_statuses.IN_PROGRESS:
                waiting.append(record)
        pools = await self._pools.available(now)
        found = admissions(waiting, busy, pools, self._settings.job_instances)
        for job in found.yielding:
            await self._pools.end(job, now)
        return found

    async def _guarded(
        self, record: Record, mine: list[Instance], found: Admissions, now: float
    ) -> float:
        """One job that cannot be looked at holds back none of the others."""
        try:
            return await self._look(record, mine, found, now)
        except Exception:
            log.exception("the job %s could not be looked at; trying again", record.name)
            return _LONGEST_SLEEP_S

    async def _look(
        self, record: Record, mine: list[Instance], found: Admissions, now: float
    ) -> float:
        ended = not any(i.alive for i in mine)
        record, read = await self._measuring.measure(record, ended=ended, now=now)
        pool = found.admitted.get(key_of(record))
        view = self._view(record, mine, found, pool, read=read)
        document: Any = record.document
        plan = decide(record.status, document, view, now)
        changed = self._write(record, plan, pool, now)
        if changed is None:
            return _SOON_S
        await self._act(changed, plan, now)
        await self._settle_pool(record, changed)
        return _SOON_S if ended and not read else _LONGEST_SLEEP_S

    def _view(
        self,
        record: Record,
        mine: list[Instance],
        found: Admissions,
        pool: Record | None,
        *,
        read: bool,
    ) -> View:
        engine = bool(self._settings.container_engine)
        return View(
            name=record.name,
            created=record.created,
            instances=mine,
            admitted=key_of(record) in found.admitted,
            waits_for=(
                f"Waiting for room: {self._settings.job_instances} instances of jobs run at once "
                "(ARGOSY_JOB_INSTANCES)"
            ),
            pool=pool.document["warm_pool"]["id"] if pool else "",
            obstacle=obstacle(record.document["image"], engine=engine),
            read=read,
        )

    def _write(self, record: Record, plan: Plan, pool: Record | None, now: float) -> Record | None:
        """Record what was decided; None when the record moved on meanwhile (look again)."""
        if plan.status == record.status and plan.document == record.document:
            return record
        begins = plan.document["run"] and not record.document["run"]
        try:
            with self._records.transaction():
                changed = self._records.update(
                    record, now=now, document=dict(plan.document), status=plan.status
                )
                if begins and pool is not None:
                    self._pools.close(pool, jobs.REUSED, now, record.name)
                self._written.of_job(record.account, plan.written, now)
                announce(self._records, changed, now, record)
        except Stale:
            return None
        if changed.document["secondary"] != record.document["secondary"]:
            log.info("%s %s: %s", record.kind, record.name, changed.document["secondary"])
        return changed

    async def _act(self, record: Record, plan: Plan, now: float) -> None:
        await self._launch(record, plan.launch, now)
        for instance_id in plan.stop:
            await self._backend.stop(instance_id)
        for instance_id in plan.forget:
            await self._backend.forget(instance_id)

    async def _launch(self, record: Record, hosts: list[str], now: float) -> None:
        run = record.document["run"]
        if not run or not hosts:
            return
        place = Place(self._settings, self._store, self._inside(record))
        specs = spec.specs_of(record, run, place, now)
        if "pool" in run:
            self._pools.make(run["pool"], run["hosts"])
        for host in hosts:
            log.info("launching %s, %s of %s", specs[host].instance_id, host, record.name)
            await self._backend.launch(specs[host])

    async def _settle_pool(self, before: Record, after: Record) -> None:
        """A job that is over has left a pool, or ended the one that it ran in."""
        run = before.document["run"]
        if run and not after.document["run"]:
            self._measuring.forget(run["id"])
        if after.status not in job_statuses.FINISHED:
            return
        pool = after.document.get("warm_pool")
        if pool and pool["status"] == jobs.AVAILABLE:
            self._pools.note(after)
        elif pool:
            await self._pools.remove(pool["id"])


def _belongs(instance: Instance, record: Record) -> bool:
    return _owner_of(instance) == _owner(record)


def _owner(record: Record) -> Key:
    return (record.account, record.region, f"{TRAINING_JOB}/{record.name}")


def _owner_of(instance: Instance) -> Key:
    return (instance.spec.account, instance.spec.region, instance.spec.owner)
