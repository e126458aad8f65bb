"""One pass over transform jobs: read the records and the backend, decide, and make it so.

What is done with the objects goes on between passes (`desk`); this file begins and ends it.
"""

import logging
from collections.abc import Callable
from typing import Any

from argosy.compute.base import Backend
from argosy.control import carrying_out, launching
from argosy.control.rollout import Launch
from argosy.control.transforms.desk import TransformDesk
from argosy.control.transforms.lifecycle import Plan, decide
from argosy.control.transforms.placing import place_of
from argosy.ground.clock import Clock
from argosy.ground.instances import Instance, InstanceSpec, Phase
from argosy.state import job_statuses
from argosy.state.records import Record, Records
from argosy.state.transform_jobs import TRANSFORM_JOB

log = logging.getLogger(__name__)

_LONGEST_SLEEP_S = 1.0


class TransformReconciler:
    """Compares what jobs' records ask for with what the backend lists. Keeps no memory of its
    own."""

    def __init__(
        self,
        records: Records,
        backend: Backend,
        desk: TransformDesk,
        clock: Clock,
        new_spec: Callable[[Record, Launch, float], InstanceSpec],
        *,
        engine: bool,
    ) -> None:
        """`engine`: whether there is a container engine."""
        self._records = records
        self._backend = backend
        self._desk = desk
        self._clock = clock
        self._new_spec = new_spec
        self._engine = engine

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        listed = await self._backend.list()
        instances = [i for i in listed if i.spec.owner_kind == TRANSFORM_JOB]
        now = self._clock.now()
        records = self._records.find(TRANSFORM_JOB, statuses=job_statuses.UNFINISHED)
        wakes = [_LONGEST_SLEEP_S]
        for record in records:
            mine = [i for i in instances if _belongs(i, record)]
            plan = self._planned(record, mine, now)
            if plan.wake_at is not None:
                wakes.append(plan.wake_at - now)
            if self._write(record, plan, now):
                await self._act(record, plan, now)
        await self._clear_orphans(records, instances)
        self._desk.sweep(records)
        return max(0.01, min(wakes))

    def _planned(self, record: Record, instances: list[Instance], now: float) -> Plan:
        alive = [i.spec.instance_id for i in instances if i.alive]
        in_service = [i.spec.instance_id for i in instances if i.in_service]
        view = self._desk.view(record, alive, in_service)
        document: Any = record.document
        obstacle = launching.obstacle(document["deployment"], engine=self._engine)
        return decide(record.status, document, record.region, instances, view, now, obstacle)

    def _write(self, record: Record, plan: Plan, now: float) -> bool:
        """Record what was decided; False when the record moved on meanwhile (look again)."""
        changed = carrying_out.write(self._records, record, plan, now)
        if changed is None:
            return False
        if changed.status in job_statuses.FINISHED:
            self._desk.over(changed)
        return True

    async def _act(self, record: Record, plan: Plan, now: float) -> None:
        for launch in plan.launch:
            spec = self._new_spec(record, launch, now)
            log.info("launching %s for %s", spec.instance_id, spec.owner)
            await self._backend.launch(spec)
        for instance_id in plan.stop:
            await self._backend.stop(instance_id)
        for instance_id in plan.kill:
            await self._backend.kill(instance_id)
        for instance_id in plan.forget:
            await self._backend.forget(instance_id)
        if plan.clear:
            self._desk.clear(record)

    async def _clear_orphans(self, records: list[Record], instances: list[Instance]) -> None:
        """Instances whose job is over."""
        for instance in instances:
            if any(_belongs(instance, record) for record in records):
                continue
            if not instance.alive:
                await self._backend.forget(instance.spec.instance_id)
            elif instance.state.phase is not Phase.STOPPING:
                await self._backend.stop(instance.spec.instance_id)


def _belongs(instance: Instance, record: Record) -> bool:
    spec, place = instance.spec, place_of(record)
    return (spec.account, spec.region, spec.owner) == (place.account, place.region, place.owner)
