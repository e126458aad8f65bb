"""What to do about one endpoint: its record and its instances in, a plan out. Pure.

    Creating   every variant of `pending` in service → `pending` becomes `live`, InService;
               an instance that cannot come up       → Failed, with its reason
    Updating   with `pending`: the same, the old fleet answering meanwhile; a failure drops
               `pending` and the old fleet stays, InService, with the reason
               without: weights and counts of `live` are being reached
    InService  what died is replaced, with backoff; counts are kept
    Failed     no instances
    Deleting   no instances; then the record goes

Statuses and transitions follow the service's own (DescribeEndpoint in the API reference).
"""

import copy
from dataclasses import dataclass, field

from argosy.control import backoff
from argosy.control.fleet import Fleet, fleet_of
from argosy.ground.instances import Instance, Phase
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, EndpointDocument, VariantIntent

MAX_FAILURE_REASON = 1024
_DEATHS_THAT_FAIL_A_START = 3
_DEAD_KEPT = 8


@dataclass(frozen=True)
class Launch:
    """One instance to bring up."""

    deployment: Deployment
    variant: str
    zone: str


@dataclass
class Plan:
    """What the reconciler shall make true for one endpoint."""

    status: str
    document: EndpointDocument
    remove: bool = False
    """The record itself goes: nothing is left of the endpoint."""
    launch: list[Launch] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    wake_at: float | None = None
    """Look again at this time at the latest (a backoff ends)."""


def decide(
    status: str,
    document: EndpointDocument,
    region: str,
    instances: list[Instance],
    now: float,
    obstacle: str = "",
) -> Plan:
    """The plan for an endpoint.

    `instances` are all that belong to it, dead ones included; `obstacle` says why `pending`
    can never run (an image nobody serves), "" if nothing speaks against it.
    """
    plan = Plan(status, copy.deepcopy(document))
    if status == ep.DELETING:
        plan.remove = not any(i.alive for i in instances)
    if status in (ep.DELETING, ep.FAILED):
        _clear(plan, instances)
        return plan
    if plan.document["pending"] is not None:
        _bring_up(plan, plan.document["pending"], region, instances, now, obstacle)
    if plan.document["live"] is not None:
        _keep(plan, plan.document["live"], region, instances, now)
    _tidy(plan, instances, now)
    return plan


def _clear(plan: Plan, instances: list[Instance]) -> None:
    plan.stop += [i.spec.instance_id for i in instances if _can_be_stopped(i)]
    plan.forget += [i.spec.instance_id for i in instances if not i.alive]


def _bring_up(
    plan: Plan,
    pending: Deployment,
    region: str,
    instances: list[Instance],
    now: float,
    obstacle: str,
) -> None:
    reason = obstacle or _why_it_cannot_start(pending, instances)
    if reason:
        _give_up(plan, reason, instances)
        return
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        _reach_count(plan, pending, variant, fleet, region, now)
    if all(_complete(pending, variant, instances) for variant in pending["variants"]):
        plan.document["live"], plan.document["pending"] = pending, None
        plan.status = ep.IN_SERVICE


def _why_it_cannot_start(pending: Deployment, instances: list[Instance]) -> str:
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        if fleet.misfit:
            return fleet.misfit.state.reason
        if len(fleet.dead) >= _DEATHS_THAT_FAIL_A_START:
            last = max(fleet.dead, key=lambda i: i.spec.created)
            return last.state.reason or (
                f"The instances of production variant {variant['name']} died while starting. "
                "Please check CloudWatch logs for this endpoint."
            )
    return ""


def _give_up(plan: Plan, reason: str, instances: list[Instance]) -> None:
    """A first deployment fails the endpoint; an update leaves the old fleet as it was."""
    plan.document["failure_reason"] = reason[:MAX_FAILURE_REASON]
    if plan.document["live"] is None:
        plan.status = ep.FAILED
        _clear(plan, instances)
    else:
        plan.document["pending"] = None
        plan.status = ep.IN_SERVICE


def _complete(deployment: Deployment, variant: VariantIntent, instances: list[Instance]) -> bool:
    return (
        ep.hosts_components(deployment)
        or len(fleet_of(deployment, variant["name"], instances).serving) >= variant["count"]
    )


def _keep(plan: Plan, live: Deployment, region: str, instances: list[Instance], now: float) -> None:
    for variant in live["variants"]:
        fleet = fleet_of(live, variant["name"], instances)
        if plan.status == ep.UPDATING and plan.document["pending"] is None:
            _withdraw_hopeless_growth(plan, live, variant, fleet)
        _reach_count(plan, live, variant, fleet, region, now)
        variant["current_weight"] = variant["weight"]
        variant["current_count"] = _reached(plan, live, variant, fleet)
    if plan.status == ep.UPDATING and plan.document["pending"] is None:
        _finish_rescaling(plan, live, instances)


def _reached(plan: Plan, live: Deployment, variant: VariantIntent, fleet: Fleet) -> int:
    """How many instances there are; without a model, as many as asked for: they are labels."""
    if ep.hosts_components(live):
        return variant["count"]
    return len([i for i in fleet.serving if i.spec.instance_id not in plan.stop])


def _withdraw_hopeless_growth(
    plan: Plan, live: Deployment, variant: VariantIntent, fleet: Fleet
) -> None:
    """More instances were asked for, but they cannot come up: stay with those that serve, which
    may be none where requests can wait."""
    some = fleet.serving or ep.is_async(live)
    if fleet.misfit and some and len(fleet.serving) < variant["count"]:
        variant["count"] = len(fleet.serving)
        plan.document["failure_reason"] = fleet.misfit.state.reason[:MAX_FAILURE_REASON]


def _finish_rescaling(plan: Plan, live: Deployment, instances: list[Instance]) -> None:
    if all(_complete(live, variant, instances) for variant in live["variants"]):
        plan.status = ep.IN_SERVICE


def _reach_count(
    plan: Plan,
    deployment: Deployment,
    variant: VariantIntent,
    fleet: Fleet,
    region: str,
    now: float,
) -> None:
    if ep.hosts_components(deployment):
        return
    for instance in fleet.surplus(variant["count"]):
        _once(plan.stop, instance.spec.instance_id)
    missing = variant["count"] - len(fleet.staying)
    if missing <= 0:
        return
    allowed_at = backoff.next_launch((i.spec.created for i in fleet.dead), now)
    if allowed_at > now:
        plan.wake_at = min(allowed_at, plan.wake_at or allowed_at)
        return
    zones: list[str] = []
    for _ in range(missing):
        zones.append(fleet.emptiest_zone(region, zones))
        plan.launch.append(Launch(deployment, variant["name"], zones[-1]))


def _tidy(plan: Plan, instances: list[Instance], now: float) -> None:
    """Stop what belongs to no deployment any more; forget the dead once they taught enough."""
    wanted = {d["id"] for d in (plan.document["live"], plan.document["pending"]) if d}
    for instance in instances:
        if instance.spec.deployment not in wanted and _can_be_stopped(instance):
            _once(plan.stop, instance.spec.instance_id)
    dead = sorted((i for i in instances if not i.alive), key=lambda i: -i.spec.created)
    for place, instance in enumerate(dead):
        stale = instance.spec.created < now - backoff.WINDOW_S
        if stale or place >= _DEAD_KEPT or instance.spec.deployment not in wanted:
            _once(plan.forget, instance.spec.instance_id)


def _once(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def _can_be_stopped(instance: Instance) -> bool:
    return instance.alive and instance.state.phase is not Phase.STOPPING
