"""The steps of an update that moves traffic bit by bit, and what has it turn back. Pure.

    growing → activating → baking → the next step … → the new fleet is `live`

An alarm in ALARM, a guard that is violated, new instances that die or do not come up, the time
limit and somebody's wish have it turn back: blue/green at once, rolling batch by batch
(`returning`). The time that counts here is one that does not jump (`Signals.at`); after a restart
of control it may.
Rules: DeploymentConfig in the API reference, reference/endpoints.md §4.
"""

from argosy.control.fleet import fleet_of
from argosy.control.rollout import returning
from argosy.control.rollout.counts import (
    complete,
    reach_count,
    why_it_cannot_start,
    why_the_last_died,
)
from argosy.control.rollout.plan import Plan, Signals
from argosy.ground.instances import Instance
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment
from argosy.state.rollouts import (
    ACTIVATING,
    BAKING,
    GROWING,
    RETURNING,
    STUCK,
    Rollout,
    current_step,
    new_count,
)

_DEATHS_THAT_FAIL_A_BAKE = 2
"""The first may have been chance; it has the baking period begin again."""
_IN_ALARM = "ALARM"


def advance(
    plan: Plan,
    pending: Deployment,
    region: str,
    instances: list[Instance],
    now: float,
    obstacle: str,
    signals: Signals,
) -> None:
    """Take the rollout of `plan.document` as far as it can go in this pass."""
    rollout = _rollout(plan)
    time = now if signals.at is None else signals.at
    rollout["since"], rollout["began"] = min(rollout["since"], time), min(rollout["began"], time)
    if rollout["phase"] in (RETURNING, STUCK):
        returning.go_on(plan, pending, region, instances, time, now)
        return
    reason = obstacle or _trouble(rollout, pending, instances, time, signals)
    if reason:
        returning.begin(plan, reason, instances, time, now)
        return
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        count = new_count(rollout, variant["count"])
        reach_count(plan, pending, variant, fleet, count, region, now)
        variant["current_count"] = len(fleet.serving)
    _move_on(plan, pending, _whole(rollout, pending, instances), time, now)


def _rollout(plan: Plan) -> Rollout:
    found = plan.document.get("rollout")
    assert found is not None
    return found


def _move_on(plan: Plan, pending: Deployment, ready: bool, time: float, now: float) -> None:
    rollout = _rollout(plan)
    if rollout["phase"] == GROWING and ready:
        _activate(rollout, time)
        plan.wake(now)
    elif rollout["phase"] == ACTIVATING:
        # The edges have taken the table by now: a pass ends with that.
        _enter(rollout, BAKING, time)
        plan.wake(now)
    elif rollout["phase"] == BAKING:
        left = rollout["since"] + current_step(rollout)["wait"] - time
        if left > 0:
            plan.wake(now + left)
        elif ready:
            _next_step(plan, pending, time)
            plan.wake(now)


def _activate(rollout: Rollout, time: float) -> None:
    _enter(rollout, ACTIVATING, time)
    rollout["share"] = current_step(rollout)["share"]


def _enter(rollout: Rollout, phase: str, time: float) -> None:
    rollout["phase"], rollout["since"] = phase, time


def _next_step(plan: Plan, pending: Deployment, time: float) -> None:
    rollout = _rollout(plan)
    if rollout["step"] + 1 < len(rollout["steps"]):
        rollout["step"] += 1
        if rollout["rolling"]:
            _enter(rollout, GROWING, time)
        else:  # its fleet is whole
            _activate(rollout, time)
        return
    plan.document["live"], plan.document["pending"] = pending, None
    plan.document["rollout"] = None
    plan.status = ep.IN_SERVICE


def _trouble(
    rollout: Rollout,
    pending: Deployment,
    instances: list[Instance],
    time: float,
    signals: Signals,
) -> str:
    """Why it has to turn back, "" while nothing speaks against it."""
    if rollout["stop_reason"]:
        return rollout["stop_reason"]
    limit = rollout["timeout"]
    if limit is not None and time >= rollout["began"] + limit:
        return f"The deployment took longer than MaximumExecutionTimeoutInSeconds ({limit:g})."
    return (
        why_it_cannot_start(pending, instances)
        or _mourn(rollout, pending, instances, time)
        or _watched(rollout, pending, instances, signals)
    )


def _mourn(rollout: Rollout, pending: Deployment, instances: list[Instance], time: float) -> str:
    """Count who of the new fleet died with traffic; one death has the baking begin again."""
    dead = [i for i in instances if i.spec.deployment == pending["id"] and not i.alive]
    more = len(dead) - rollout["deaths"]
    rollout["deaths"] = len(dead)
    if more <= 0 or not rollout["share"]:
        return ""
    rollout["died"] += more
    if rollout["phase"] == BAKING:
        rollout["since"] = time
    if rollout["died"] < _DEATHS_THAT_FAIL_A_BAKE:
        return ""
    last = why_the_last_died(dead)
    text = f"{rollout['died']} instances of the new fleet died while traffic was shifted to it."
    return f"{text} {last}" if last else text


def _watched(
    rollout: Rollout, pending: Deployment, instances: list[Instance], signals: Signals
) -> str:
    """What alarms and guards say: before the first traffic, and as long as there is some."""
    if not rollout["share"] and not _whole(rollout, pending, instances):
        return ""
    raised = [name for name in rollout["alarms"] if signals.alarms.get(name) == _IN_ALARM]
    if raised:
        names = ", ".join(raised)
        return f"The deployment was rolled back because of alarms in state ALARM: {names}."
    if signals.complaint and rollout["share"]:
        return f"The deployment was rolled back: {signals.complaint}"
    return ""


def _whole(rollout: Rollout, pending: Deployment, instances: list[Instance]) -> bool:
    """Whether all serve that the step needs."""
    return all(
        complete(pending, one, new_count(rollout, one["count"]), instances)
        for one in pending["variants"]
    )
