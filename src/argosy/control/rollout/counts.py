"""Bringing a fleet to its number of instances, and telling why it does not get there. Pure."""

from argosy.control import backoff
from argosy.control.fleet import Fleet, fleet_of
from argosy.control.rollout.plan import Launch, Plan
from argosy.ground.instances import Instance, Phase
from argosy.state import endpoints as ep
from argosy.state.endpoints import Deployment, VariantIntent

DEATHS_THAT_FAIL_A_START = 3


def reach_count(
    plan: Plan,
    deployment: Deployment,
    variant: VariantIntent,
    fleet: Fleet,
    count: int,
    region: str,
    now: float,
) -> None:
    """Plan launches and stops so that `count` instances of the variant stay."""
    if ep.hosts_components(deployment):
        return
    stop_surplus(plan, fleet, count)
    missing = count - len(fleet.staying)
    if missing <= 0:
        return
    allowed_at = backoff.next_launch((i.spec.created for i in fleet.dead), now)
    if allowed_at > now:
        plan.wake(allowed_at)
        return
    zones: list[str] = []
    for _ in range(missing):
        zones.append(fleet.emptiest_zone(region, zones))
        plan.launch.append(Launch(deployment, variant["name"], zones[-1]))


def stop_surplus(plan: Plan, fleet: Fleet, count: int) -> None:
    """Plan stops so that at most `count` instances stay."""
    for instance in fleet.surplus(count):
        once(plan.stop, instance.spec.instance_id)


def complete(
    deployment: Deployment, variant: VariantIntent, count: int, instances: list[Instance]
) -> bool:
    """Whether `count` instances of the variant serve."""
    return (
        ep.hosts_components(deployment)
        or len(fleet_of(deployment, variant["name"], instances).serving) >= count
    )


def why_it_cannot_start(pending: Deployment, instances: list[Instance]) -> str:
    """Why a new fleet will not come up, "" while it may."""
    for variant in pending["variants"]:
        fleet = fleet_of(pending, variant["name"], instances)
        if fleet.misfit:
            return fleet.misfit.state.reason
        if len(fleet.dead) >= DEATHS_THAT_FAIL_A_START:
            return why_the_last_died(fleet.dead) or (
                f"The instances of production variant {variant['name']} died while starting. "
                "Please check CloudWatch logs for this endpoint."
            )
    return ""


def why_the_last_died(dead: list[Instance]) -> str:
    return max(dead, key=lambda i: i.spec.created).state.reason


def clear(plan: Plan, instances: list[Instance]) -> None:
    """Nothing of the endpoint stays."""
    plan.stop += [i.spec.instance_id for i in instances if can_be_stopped(i)]
    plan.forget += [i.spec.instance_id for i in instances if not i.alive]


def once(names: list[str], name: str) -> None:
    if name not in names:
        names.append(name)


def can_be_stopped(instance: Instance) -> bool:
    return instance.alive and instance.state.phase is not Phase.STOPPING
