"""What is to be done about one machine, from its record and the instances that there are. Pure.

A machine has one instance for each of its starts. One that ended by itself is started again, as a
machine whose host died would be; when that happens again and again soon after the start, it fails.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from argosy.ground.instances import WAS_STOPPED, Instance, Phase
from argosy.state.machines import Machine, State

MOST_DEATHS = 3
_SOON_S = 300.0
"""A machine that was up for so long is not to blame for its end."""
_PATIENCE_S = 30.0
"""Beyond what its processes may take to end, an agent has so long."""
_START_S = 300.0
"""Beyond what its scripts may take, a start has so long."""


@dataclass(frozen=True)
class Plan:
    """The state that the record shall have, and what is to be done."""

    state: State
    machine: Machine
    reason: str = ""
    """Why it failed, or ended; "" for what somebody asked for."""
    launch: bool = False
    stop: tuple[str, ...] = ()
    kill: tuple[str, ...] = ()
    forget: tuple[str, ...] = ()
    ask: bool = False
    """JupyterLab is wanted."""
    switched_off: bool = False
    """A program in it did that."""


def decide(
    state: State, machine: Machine, instances: Sequence[Instance], grace_s: float, now: float
) -> Plan:
    """`instances`: all of this machine, of this start and of others."""
    mine = [one for one in instances if one.spec.deployment == machine["boot"]]
    others = [one for one in instances if one.spec.deployment != machine["boot"]]
    plan = _cleared(Plan(state, machine), others, grace_s, now)
    if state in (State.STARTING, State.ON):
        return _up(plan, mine, bool(others), now)
    return _down(plan, list(instances), grace_s, now)


def _up(plan: Plan, mine: list[Instance], blocked: bool, now: float) -> Plan:
    """It shall be on. `blocked`: an instance of another start has its volume still."""
    if not mine:
        return replace(plan, launch=not blocked)
    one = mine[-1]
    phase, instance_id = one.state.phase, one.spec.instance_id
    if phase is Phase.FAILED:
        return _gone(plan, State.FAILED, one, one.state.reason)
    if phase is Phase.DONE:
        return _gone(replace(plan, switched_off=True), State.OFF, one, "")
    if phase is Phase.GONE:
        return _died(plan, one, now)
    if phase is Phase.IN_SERVICE:
        return _serving(replace(plan, state=State.ON), one)
    limits = sum(script.limit_s for script in one.spec.machine.scripts) if one.spec.machine else 0
    if now > one.spec.created + limits + _START_S:
        return replace(plan, kill=(*plan.kill, instance_id))
    return plan


def _serving(plan: Plan, one: Instance) -> Plan:
    machine, told = plan.machine, one.state.addresses
    if machine["wish"] == machine["granted"]:
        return plan
    if len(told) == 2 and told[1] == machine["wish"]:
        return replace(plan, machine={**machine, "address": told[0], "granted": told[1]})
    return replace(plan, ask=True)


def _died(plan: Plan, one: Instance, now: float) -> Plan:
    """Its agent ended without a word: start it again, unless that is hopeless."""
    up_since = one.state.in_service_since
    quick = one.state.reason != WAS_STOPPED and (not up_since or now - up_since < _SOON_S)
    deaths = plan.machine["deaths"] + 1 if quick else 0
    plan = replace(plan, machine={**plan.machine, "deaths": deaths})
    if deaths >= MOST_DEATHS:
        return _gone(plan, State.FAILED, one, f"It ended {deaths} times by itself.")
    return _gone(plan, State.STARTING, one, "")


def _gone(plan: Plan, state: State, one: Instance, reason: str) -> Plan:
    forget = (*plan.forget, one.spec.instance_id)
    machine: Machine = {**plan.machine, "address": "", "granted": "", "wish": ""}
    return replace(plan, state=state, reason=reason, forget=forget, machine=machine)


def _down(plan: Plan, instances: list[Instance], grace_s: float, now: float) -> Plan:
    """It shall be off: everything goes, and then it is."""
    plan = _cleared(plan, instances, grace_s, now)
    if any(one.alive for one in instances):
        return plan
    after = {
        State.STOPPING: State.OFF,
        State.CHANGING: State.OFF,
        State.REMOVING: State.REMOVED,
    }
    return replace(plan, state=after.get(plan.state, plan.state))


def _cleared(plan: Plan, instances: Sequence[Instance], grace_s: float, now: float) -> Plan:
    """How instances that nobody wants any more are ended."""
    late = plan.machine["force"] or now > plan.machine["since"] + grace_s + _PATIENCE_S
    alive = [one for one in instances if one.alive]
    asked = [one for one in alive if one.state.phase is not Phase.STOPPING]
    return replace(
        plan,
        stop=() if late else tuple(one.spec.instance_id for one in asked),
        kill=tuple(one.spec.instance_id for one in alive) if late else (),
        forget=tuple(one.spec.instance_id for one in instances if not one.alive),
    )
