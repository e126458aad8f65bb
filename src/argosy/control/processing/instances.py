"""One pass over processing jobs that run on instances: read the records and the backend, decide,
and make it so."""

import hashlib
import logging
from collections.abc import Sequence
from typing import Any

from argosy.control import carrying_out
from argosy.control.job_access import inside_of
from argosy.control.job_containers import obstacle
from argosy.control.job_specs import Place
from argosy.control.means import Means
from argosy.control.processing import spec
from argosy.control.processing.lifecycle import Plan, View, decide
from argosy.control.written_objects import WrittenObjects
from argosy.ground.instances import Instance
from argosy.state import job_statuses
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.record import Record
from argosy.state.records import Stale
from argosy.state.state_changes import announce

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 1.0
_SOON_S = 0.02


class ProcessingInstances:
    """Keeps no memory of its own; the loop of control activates it."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._written = WrittenObjects(means.records)

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        means = self._means
        found = means.records.find(PROCESSING_JOB, statuses=job_statuses.UNFINISHED)
        records = [record for record in found if "image" in record.document]
        listed = [i for i in await means.backend.list() if i.spec.owner_kind == PROCESSING_JOB]
        begin = admitted(records, means.settings.job_instances)
        pauses = [_LONGEST_SLEEP_S]
        for record in records:
            mine = [i for i in listed if _belongs(i, record)]
            pauses.append(await self._guarded(record, mine, has_room=key_of(record) in begin))
        await carrying_out.clear_away(
            means.backend, [i for i in listed if not any(_belongs(i, r) for r in records)]
        )
        return min(pauses)

    async def _guarded(self, record: Record, mine: list[Instance], *, has_room: bool) -> float:
        """One job that cannot be looked at holds back none of the others."""
        try:
            return await self._look(record, mine, has_room)
        except Exception:
            log.exception("the job %s could not be looked at; trying again", record.name)
            return _LONGEST_SLEEP_S

    async def _look(self, record: Record, mine: list[Instance], has_room: bool) -> float:
        now, document = self._means.clock.now(), _document(record)
        engine = bool(self._means.settings.container_engine)
        view = View(
            name=record.name,
            run_id=_run_id(record),
            instances=mine,
            has_room=has_room,
            obstacle=obstacle(document["image"], engine=engine),
        )
        plan = decide(record.status, document, view, now)
        changed = self._write(record, plan, now)
        if changed is None:
            return _SOON_S
        await self._act(changed, plan, now)
        return _LONGEST_SLEEP_S

    def _write(self, record: Record, plan: Plan, now: float) -> Record | None:
        """Record what was decided; None when the record moved on meanwhile (look again)."""
        if plan.status == record.status and plan.document == record.document:
            return record
        records = self._means.records
        try:
            with records.transaction():
                changed = records.update(
                    record, now=now, document=dict(plan.document), status=plan.status
                )
                self._written.of_job(record.account, plan.written, now)
                announce(records, changed, now, record)
        except Stale:
            return None
        if plan.status != record.status:
            log.info("%s %s: %s", record.kind, record.name, plan.status)
        return changed

    async def _act(self, record: Record, plan: Plan, now: float) -> None:
        backend, run = self._means.backend, record.document.get("run")
        if run and plan.launch:
            inside = inside_of(self._means, record, jobs.most_seconds(record.document["asked"]))
            place = Place(self._means.settings, self._means.store, inside)
            specs = spec.specs_of(record, run, place, now)
            for host in plan.launch:
                log.info("launching %s, %s of %s", specs[host].instance_id, host, record.name)
                await backend.launch(specs[host])
        for instance_id in plan.stop:
            await backend.stop(instance_id)
        for instance_id in plan.forget:
            await backend.forget(instance_id)


Key = tuple[str, str, str]
"""Account, region, name."""


def admitted(records: Sequence[Record], most: int) -> set[Key]:
    """Which jobs begin now: first come, first served, so that one of many instances is not passed
    over for ever. One that can never have room holds back nobody.

    records: jobs that are not over, oldest first; most: instances there may be.
    """
    waiting = [one for one in records if _hosts_of(one) == 0]
    left, found = most - sum(map(_hosts_of, records)), set()
    for job in waiting:
        wanted = jobs.host_count(job.document["asked"])
        if job.status == job_statuses.STOPPING or wanted > most:
            continue
        if wanted > left:
            break
        left -= wanted
        found.add(key_of(job))
    return found


def key_of(job: Record) -> Key:
    return (job.account, job.region, job.name)


def _document(record: Record) -> Any:
    return record.document


def _hosts_of(record: Record) -> int:
    run = record.document.get("run")
    return len(run["hosts"]) if run else 0


def _run_id(record: Record) -> str:
    """Of the job's next run: the same until that is written down."""
    parts = (record.document["arn"], repr(record.created), str(record.document["attempts"] + 1))
    return "r-" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]


def _belongs(instance: Instance, record: Record) -> bool:
    found = (instance.spec.account, instance.spec.region, instance.spec.owner)
    return found == (record.account, record.region, f"{PROCESSING_JOB}/{record.name}")
