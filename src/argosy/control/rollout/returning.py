"""How an update turns back: the old fleet gets its traffic, and where it shrank, its instances.

Blue/green is over at once. A rolling update first brings back what it took away, batch by batch;
if that fails, both fleets serve as they are: UpdateRollbackFailed. Pure.
"""

from argosy.control.fleet import fleet_of
from argosy.control.rollout.counts import (
    DEATHS_THAT_FAIL_A_START,
    complete,
    reach_count,
    stop_surplus,
)
from argosy.control.rollout.plan import MAX_FAILURE_REASON, Plan
from argosy.ground.instances import Instance
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment
from argosy.state.rollouts import (
    RETURNING,
    STUCK,
    Rollout,
    goal_of_return,
    new_count,
    old_count,
)


def begin(plan: Plan, reason: str, instances: list[Instance], time: float, now: float) -> None:
    """Turn back because of `reason`; how far, `go_on` says in the next pass."""
    rollout, live = plan.document["rollout"], plan.document["live"]
    assert rollout is not None
    assert live is not None
    plan.document["failure_reason"] = reason[:MAX_FAILURE_REASON]
    if not rollout["rolling"] or not rollout["share"]:
        _finish(plan)
        return
    rollout["phase"], rollout["since"] = RETURNING, time
    rollout["deaths"] = len(_dead(live, instances))
    plan.status = ep.ROLLING_BACK
    plan.wake(now)


def go_on(
    plan: Plan,
    pending: Deployment,
    region: str,
    instances: list[Instance],
    time: float,
    now: float,
) -> None:
    """One more look at a rolling update that turns back, or that could not."""
    rollout, live = plan.document["rollout"], plan.document["live"]
    assert rollout is not None
    assert live is not None
    if rollout["phase"] == STUCK:
        for variant in pending["variants"]:
            fleet = fleet_of(pending, variant["name"], instances)
            reach_count(plan, pending, variant, fleet, variant["count"], region, now)
            variant["current_count"] = len(fleet.serving)
        return
    if _complete(rollout, live, instances):
        rollout["share"], rollout["since"] = goal_of_return(rollout), time
        if not rollout["share"]:
            _finish(plan)
            return
        plan.wake(now)
    elif reason := _why_it_cannot_return(rollout, live, instances):
        _get_stuck(plan, pending, reason, instances)
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        stop_surplus(plan, fleet, new_count(rollout, variant["count"]))
        variant["current_count"] = len(fleet.serving)


def _finish(plan: Plan) -> None:
    """The old fleet is whole, and has all traffic."""
    plan.document["pending"] = None
    plan.document["rollout"] = None
    plan.status = ep.IN_SERVICE


def _complete(rollout: Rollout, live: Deployment, instances: list[Instance]) -> bool:
    return all(
        complete(live, one, old_count(rollout, one["count"]), instances) for one in live["variants"]
    )


def _why_it_cannot_return(rollout: Rollout, live: Deployment, instances: list[Instance]) -> str:
    """Why the old fleet does not come back, "" while it may."""
    dead = _dead(live, instances)
    more = len(dead) - rollout["deaths"]
    if more <= 0:
        rollout["deaths"] = len(dead)
        return ""
    last = max(dead, key=lambda i: i.spec.created).state
    unfit = last.reason and not last.in_service_since
    if unfit or more >= DEATHS_THAT_FAIL_A_START:
        return last.reason or "Instances of the old fleet died while starting."
    return ""


def _dead(live: Deployment, instances: list[Instance]) -> list[Instance]:
    return [i for i in instances if i.spec.deployment == live["id"] and not i.alive]


def _get_stuck(plan: Plan, pending: Deployment, reason: str, instances: list[Instance]) -> None:
    """Both fleets serve on with what they have."""
    rollout, live = plan.document["rollout"], plan.document["live"]
    assert rollout is not None
    assert live is not None
    rollout["phase"] = STUCK
    before = plan.document["failure_reason"]
    text = f"{before} The rollback failed as well: {reason}"
    plan.document["failure_reason"] = text[:MAX_FAILURE_REASON]
    plan.status = ep.UPDATE_ROLLBACK_FAILED
    for deployment in (live, pending):
        for variant in deployment["variants"]:
            variant["count"] = len(fleet_of(deployment, variant["name"], instances).serving)
