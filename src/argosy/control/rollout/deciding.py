"""What to do about one endpoint: its record and its instances in, a plan out. Pure.

    Creating     every variant of `pending` in service → `pending` becomes `live`, InService;
                 an instance that cannot come up       → Failed, with its reason
    Updating     with `pending`: the same, the old fleet answering meanwhile; a failure drops
                 `pending` and the old fleet stays, InService, with the reason
                 with a rollout: step by step (`shifting`)
                 without: weights and counts of `live` are being reached
    RollingBack  a rolling update returns to the old fleet (`returning`)
    InService    what died is replaced, with backoff; counts are kept
    UpdateRollbackFailed   the same, of both fleets
    Failed       no instances
    Deleting     no instances; then the record goes

Statuses and transitions follow the service's own (DescribeEndpoint in the API reference).
"""

import copy

from argosy.control import backoff
from argosy.control.fleet import Fleet, fleet_of
from argosy.control.rollout import shifting
from argosy.control.rollout.counts import (
    can_be_stopped,
    clear,
    complete,
    once,
    reach_count,
    why_it_cannot_start,
)
from argosy.control.rollout.plan import MAX_FAILURE_REASON, Plan, Signals
from argosy.ground.instances import Instance
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, EndpointDocument, VariantIntent
from argosy.state.rollouts import old_count

_DEAD_KEPT = 8
_NOTHING = Signals()


def decide(
    status: str,
    document: EndpointDocument,
    region: str,
    instances: list[Instance],
    now: float,
    obstacle: str = "",
    signals: Signals = _NOTHING,
    elastic: frozenset[str] = frozenset(),
) -> Plan:
    """The plan for an endpoint.

    `instances` are all that belong to it, dead ones included; `obstacle` says why `pending`
    can never run (an image nobody serves), "" if nothing speaks against it; `signals` are what
    watches over the rollout, if there is one; `elastic` are the variants that may have no instance.
    """
    plan = Plan(status, copy.deepcopy(document))
    if status == ep.DELETING:
        plan.remove = not any(i.alive for i in instances)
    if status in (ep.DELETING, ep.FAILED):
        clear(plan, instances)
        return plan
    pending = plan.document["pending"]
    if pending is not None and plan.document.get("rollout"):
        shifting.advance(plan, pending, region, instances, now, obstacle, signals)
    elif pending is not None:
        _bring_up(plan, pending, region, instances, now, obstacle)
    if plan.document["live"] is not None:
        _keep(plan, plan.document["live"], region, instances, now, elastic)
    _tidy(plan, instances, now)
    return plan


def _bring_up(
    plan: Plan,
    pending: Deployment,
    region: str,
    instances: list[Instance],
    now: float,
    obstacle: str,
) -> None:
    reason = obstacle or why_it_cannot_start(pending, instances)
    if reason:
        _give_up(plan, reason, instances)
        return
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        reach_count(plan, pending, variant, fleet, variant["count"], region, now)
    if all(complete(pending, one, one["count"], instances) for one in pending["variants"]):
        plan.document["live"], plan.document["pending"] = pending, None
        plan.status = ep.IN_SERVICE


def _give_up(plan: Plan, reason: str, instances: list[Instance]) -> None:
    """A first deployment fails the endpoint; an update leaves the old fleet as it was."""
    plan.document["failure_reason"] = reason[:MAX_FAILURE_REASON]
    if plan.document["live"] is None:
        plan.status = ep.FAILED
        clear(plan, instances)
    else:
        plan.document["pending"] = None
        plan.status = ep.IN_SERVICE


def _keep(
    plan: Plan,
    live: Deployment,
    region: str,
    instances: list[Instance],
    now: float,
    elastic: frozenset[str],
) -> None:
    rollout = plan.document.get("rollout")
    for variant in live["variants"]:
        fleet = fleet_of(live, variant["name"], instances)
        if plan.status == ep.UPDATING and plan.document["pending"] is None:
            may_be_empty = ep.is_async(live) or variant["name"] in elastic
            _withdraw_hopeless_growth(plan, variant, fleet, may_be_empty)
        count = old_count(rollout, variant["count"]) if rollout else variant["count"]
        reach_count(plan, live, variant, fleet, count, region, now)
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
    plan: Plan, variant: VariantIntent, fleet: Fleet, may_be_empty: bool
) -> None:
    """More instances were asked for, but they cannot come up: stay with those that serve, which
    may be none where requests can wait."""
    some = fleet.serving or may_be_empty
    if fleet.misfit and some and len(fleet.serving) < variant["count"]:
        variant["count"] = len(fleet.serving)
        plan.document["failure_reason"] = fleet.misfit.state.reason[:MAX_FAILURE_REASON]


def _finish_rescaling(plan: Plan, live: Deployment, instances: list[Instance]) -> None:
    if all(complete(live, variant, variant["count"], instances) for variant in live["variants"]):
        plan.status = ep.IN_SERVICE


def _tidy(plan: Plan, instances: list[Instance], now: float) -> None:
    """Stop what belongs to no deployment any more; forget the dead once they taught enough."""
    wanted = {d["id"] for d in (plan.document["live"], plan.document["pending"]) if d}
    for instance in instances:
        if instance.spec.deployment not in wanted and can_be_stopped(instance):
            once(plan.stop, instance.spec.instance_id)
    dead = sorted((i for i in instances if not i.alive), key=lambda i: -i.spec.created)
    for place, instance in enumerate(dead):
        stale = instance.spec.created < now - backoff.WINDOW_S
        if stale or place >= _DEAD_KEPT or instance.spec.deployment not in wanted:
            once(plan.forget, instance.spec.instance_id)
