"""One pass over endpoints and inference components: read the records and the backend, decide, and
make it so. Instances of other owners are none of its business.

The order within a pass is what keeps every request answered: the edges take the new table first,
then the record says so, then instances are launched, and only then others are stopped.
"""

import asyncio
import contextlib
import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Protocol

from argosy.compute.base import Backend
from argosy.control import carrying_out, launching, routes, warmth
from argosy.control.asynchronous.plans import QueuePlan, plans_of
from argosy.control.emptiness import Resource, elastic, models_in_use
from argosy.control.feed import Feed
from argosy.control.launching import Place
from argosy.control.rollout import Launch, Plan, Signals, decide
from argosy.ground.clock import Clock
from argosy.ground.instances import Instance, InstanceSpec
from argosy.ground.routes import KeyEntry, RoutingTable
from argosy.ground.settings import Settings
from argosy.state.notebooks import IN_SERVICE, NOTEBOOK, sites
from argosy.state.object_events import BUCKET_NOTIFICATION
from argosy.state.records import Record, Records
from argosy.state.scaling import POLICY, TARGET, may_be_empty

log = logging.getLogger(__name__)

ENDPOINT = "endpoint"
COMPONENT = "inference-component"
MODEL = "model"
_LONGEST_SLEEP_S = 1.0
_ROUTED_S = 5.0
_PARTS = ("endpoints", "keys", "notified", "notebooks")


@dataclass
class _Endpoint:
    """An endpoint, or a component, which is led in the same way."""

    record: Record
    place: Place
    instances: list[Instance]
    plan: Plan
    elastic: frozenset[str]
    """Variants that may have no instance."""


class AsyncDesk(Protocol):
    """Who has to know of asynchronous endpoints (see `control.asynchronous.desk`)."""

    def take(self, plans: Iterable[QueuePlan], alive: Collection[str]) -> None:
        """These are the endpoints now, and the instances that live."""
        ...


class Reconciler:
    """Compares what the records ask for with what the backend lists. Keeps no memory of its own
    but the last table, to push it only when it changed."""

    def __init__(
        self,
        records: Records,
        backend: Backend,
        feed: Feed,
        clock: Clock,
        keys: dict[str, KeyEntry],
        new_spec: Callable[[Place, Launch, float], InstanceSpec],
        settings: Settings,
        desk: AsyncDesk,
        watch: Callable[[Record], Signals] = lambda record: Signals(),
    ) -> None:
        """`watch`: what watches over the rollout of an endpoint that is being updated."""
        self._records = records
        self._backend = backend
        self._feed = feed
        self._clock = clock
        self._keys = keys
        self._new_spec = new_spec
        self._desk = desk
        self._watch = watch
        self._engine = bool(settings.container_engine)
        self._model_timeout_s = settings.model_timeout_s
        self._spare_idle_s = settings.spare_idle_s
        self._scaling_period = settings.scaling_period
        self._published: RoutingTable | None = None
        self._begun = self._done = 0
        self._routed = asyncio.Condition()

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        self._begun += 1
        listed = await self._backend.list()
        instances = [i for i in listed if i.spec.owner_kind in (ENDPOINT, COMPONENT)]
        now = self._clock.now()
        records = [*self._records.find(ENDPOINT), *self._records.find(COMPONENT)]
        empty = may_be_empty(self._records)
        endpoints = [self._planned(record, instances, empty, now) for record in records]
        begun = self._begun
        await self._publish(endpoints)
        async with self._routed:
            self._done = begun
            self._routed.notify_all()
        alive = [instance.spec.instance_id for instance in instances if instance.alive]
        self._desk.take(plans_of(map(_routed, endpoints)), alive)
        for endpoint in endpoints:
            if self._write(endpoint, now):
                await self._act(endpoint, now)
        await self._clear_orphans(endpoints, instances)
        await self._keep_warm(endpoints, now)
        return self._sleep(endpoints, now)

    async def routed(self) -> None:
        """Return when the edges have what the records say now, or after five seconds."""
        wanted = self._begun + 1
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_ROUTED_S), self._routed:
                await self._routed.wait_for(lambda: self._done >= wanted)

    def _planned(
        self, record: Record, instances: list[Instance], empty: Collection[Resource], now: float
    ) -> _Endpoint:
        place = place_of(record)
        mine = [i for i in instances if _belongs(i, place)]
        document = record.document
        obstacle = launching.obstacle(document["pending"], engine=self._engine)
        signals = self._watch(record) if document.get("rollout") else Signals()
        may_rest = elastic(record.account, record.region, document, empty)  # type: ignore[arg-type]
        plan = decide(
            record.status,
            document,  # type: ignore[arg-type]
            record.region,
            mine,
            now,
            obstacle,
            signals,
            may_rest,
        )
        return _Endpoint(record, place, mine, plan, may_rest)

    async def _publish(self, endpoints: list[_Endpoint]) -> None:
        table = routes.build(
            self._next_version(),
            self._keys,
            map(_routed, endpoints),
            self._model_timeout_s,
            {record.name: record.account for record in self._records.find(BUCKET_NOTIFICATION)},
            sites(self._records.find(NOTEBOOK, statuses=[IN_SERVICE])),
        )
        if self._published is None or not _same(table, self._published):
            self._published = table
            await self._feed.publish(table)

    def _next_version(self) -> int:
        return self._published["version"] + 1 if self._published else 1

    def _write(self, endpoint: _Endpoint, now: float) -> bool:
        """Record what was decided; False when the record moved on meanwhile (look again)."""
        record, plan = endpoint.record, endpoint.plan
        if plan.remove:
            log.info("%s %s is gone", record.kind, record.name)
            self._records.delete(record.kind, record.account, record.region, record.name)
            return True
        return carrying_out.write(self._records, record, plan, now) is not None

    async def _act(self, endpoint: _Endpoint, now: float) -> None:
        for launch in endpoint.plan.launch:
            spec = self._new_spec(endpoint.place, launch, now)
            log.info("launching %s for %s/%s", spec.instance_id, spec.owner, spec.variant)
            await self._backend.launch(spec)
        for instance_id in endpoint.plan.stop:
            await self._backend.stop(instance_id)
        for instance_id in endpoint.plan.forget:
            await self._backend.forget(instance_id)

    async def _clear_orphans(self, endpoints: list[_Endpoint], listed: list[Instance]) -> None:
        """Instances whose endpoint is not there any more."""
        mine = {i.spec.instance_id for e in endpoints for i in e.instances}
        orphans = [i for i in listed if i.spec.instance_id not in mine]
        await carrying_out.clear_away(self._backend, orphans)

    async def _keep_warm(self, endpoints: list[_Endpoint], now: float) -> None:
        """Warm workers for runtimes in use, or likely to be: a model was made just now."""
        models = [
            model
            for endpoint in endpoints
            for model in models_in_use(endpoint.plan.document, now - endpoint.record.modified)
        ]
        models += [
            r.document for r in self._records.find(MODEL) if r.created > now - self._spare_idle_s
        ]
        more = self._more_spares(endpoints)
        for runtime in {launching.runtime_of(model) for model in models} - {""}:
            await self._backend.prepare(runtime, more[runtime])

    def _more_spares(self, endpoints: list[_Endpoint]) -> Counter[str]:
        targets, policies = self._records.find(TARGET), self._records.find(POLICY)
        limits = warmth.limits_of(targets, policies, self._scaling_period)
        return warmth.more_spares((endpoint.record for endpoint in endpoints), limits)

    def _sleep(self, endpoints: list[_Endpoint], now: float) -> float:
        wakes = [e.plan.wake_at for e in endpoints if e.plan.wake_at is not None]
        return max(0.01, min([_LONGEST_SLEEP_S, *(wake - now for wake in wakes)]))


def place_of(record: Record) -> Place:
    """Whose instances an endpoint's or a component's record asks for."""
    of = record.document.get("component_of")
    if of:
        return Place(record.account, record.region, of["endpoint"], record.document["name"])
    return Place(record.account, record.region, record.document["name"])


def _belongs(instance: Instance, place: Place) -> bool:
    spec = instance.spec
    return (spec.account, spec.region, spec.owner) == (place.account, place.region, place.owner)


def _routed(endpoint: _Endpoint) -> routes.Routed:
    leaving = set(endpoint.plan.stop)
    serving = [i for i in endpoint.instances if i.in_service and i.spec.instance_id not in leaving]
    return routes.Routed(
        endpoint.place.account,
        endpoint.place.region,
        endpoint.plan.status,
        endpoint.plan.document,
        serving,
        endpoint.record.created,
        endpoint.elastic,
    )


def _same(one: RoutingTable, other: RoutingTable) -> bool:
    return all(one.get(part) == other.get(part) for part in _PARTS)
