"""What to do about one transform job: its record, its instances and its work in, a plan out. Pure.

InProgress   instances are brought up and replaced, with backoff; when all is done, or when it
             is clear that it never will be, the outcome is written down
Stopping     the outcome is Stopped
an outcome   instances end, at once if work is in their hands; when none is left, what is
             unfinished is cleared away, and then the outcome becomes the status
finished     no instances
"""

import copy
from dataclasses import dataclass, field

from argosy.control import backoff
from argosy.control.fleet import Fleet, fleet_of
from argosy.control.rollout import Launch
from argosy.ground.instances import Instance, Phase
from argosy.state import job_statuses
from argosy.state.transform_jobs import Progress, TransformJobDocument

MAX_FAILURE_REASON = 1024
_DEATHS_THAT_FAIL_A_START = 3
_DEAD_KEPT = 8
_NO_MODEL_DATA = "Could not find model data"


@dataclass(frozen=True, kw_only=True)
class WorkView:
    """What the reconciler needs to know of a job's work."""

    begun: bool = False
    """There is input, and somewhere for output: instances have something to do."""
    done: bool = False
    """Every object has its output or has failed, and nothing is given out."""
    failure: str = ""
    """Why the job cannot succeed: at once if not `done`."""
    cleared: bool = False
    """Nothing unfinished is left in the store."""
    resolved: dict[str, object] = field(default_factory=dict)
    progress: Progress | None = None


@dataclass
class Plan:
    """What the reconciler shall make true for one job."""

    status: str
    document: TransformJobDocument
    launch: list[Launch] = field(default_factory=list)
    stop: list[str] = field(default_factory=list)
    kill: list[str] = field(default_factory=list)
    forget: list[str] = field(default_factory=list)
    clear: bool = False
    """Have what is unfinished cleared away."""
    wake_at: float | None = None


def decide(
    status: str,
    document: TransformJobDocument,
    region: str,
    instances: list[Instance],
    work: WorkView,
    now: float,
    obstacle: str = "",
) -> Plan:
    """The plan for a job; `instances` are all of its own, dead ones included."""
    plan = Plan(status, copy.deepcopy(document))
    if status in job_statuses.FINISHED:
        _dismiss(plan, instances, at_once=False)
        return plan
    if plan.document["started"] is None:
        plan.document["started"] = _first_service(instances)
    if work.resolved:
        plan.document["resolved"] = dict(work.resolved)
    _settle(plan, instances, work, obstacle)
    if "outcome" in plan.document:
        _wind_up(plan, instances, work, now)
    elif work.begun:
        _keep(plan, region, instances, now)
    return plan


def _settle(plan: Plan, instances: list[Instance], work: WorkView, obstacle: str) -> None:
    """Write the outcome down, once there is one. A stop comes before all else but an outcome."""
    document = plan.document
    if "outcome" in document:
        return
    if plan.status == job_statuses.STOPPING:
        document["outcome"] = job_statuses.STOPPED
        return
    reason = _client_error(obstacle) or work.failure or _why_it_cannot_start(instances)
    if reason:
        document["outcome"] = job_statuses.FAILED
        document["failure_reason"] = reason[:MAX_FAILURE_REASON]
    elif work.done:
        document["outcome"] = job_statuses.COMPLETED


def _client_error(obstacle: str) -> str:
    return f"ClientError: {obstacle}" if obstacle else ""


def _why_it_cannot_start(instances: list[Instance]) -> str:
    """In the forms of reference/async-and-batch.md B6."""
    fleet = Fleet(tuple(instances))
    if fleet.misfit and not fleet.serving:
        reason = fleet.misfit.state.reason
        if reason.startswith(_NO_MODEL_DATA):
            return f"ClientError: {reason}"
        return f"AlgorithmError: Model container failed to respond to ping. {reason}"
    dead = [i for i in fleet.dead if not i.state.in_service_since]
    if len(dead) >= _DEATHS_THAT_FAIL_A_START and len(dead) == len(instances):
        return (
            f"InternalServerError: {len(dead)} instances of the job died before they were in "
            "service, without saying why."
        )
    return ""


def _first_service(instances: list[Instance]) -> float | None:
    since = [i.state.in_service_since for i in instances if i.state.in_service_since]
    return min(since, default=None)


def _keep(plan: Plan, region: str, instances: list[Instance], now: float) -> None:
    deployment = plan.document["deployment"]
    (variant,) = deployment["variants"]
    fleet = fleet_of(deployment, variant["name"], instances)
    _tidy(plan, fleet, now)
    missing = variant["count"] - len(fleet.staying)
    if missing <= 0:
        return
    allowed_at = backoff.next_launch((i.spec.created for i in fleet.dead), now)
    if allowed_at > now:
        plan.wake_at = allowed_at
        return
    zones: list[str] = []
    for _ in range(missing):
        zones.append(fleet.emptiest_zone(region, zones))
        plan.launch.append(Launch(deployment, variant["name"], zones[-1]))


def _tidy(plan: Plan, fleet: Fleet, now: float) -> None:
    """Forget the dead once they taught enough."""
    dead = sorted(fleet.dead, key=lambda i: -i.spec.created)
    for place, instance in enumerate(dead):
        if place >= _DEAD_KEPT or instance.spec.created < now - backoff.WINDOW_S:
            plan.forget.append(instance.spec.instance_id)


def _wind_up(plan: Plan, instances: list[Instance], work: WorkView, now: float) -> None:
    document = plan.document
    idle = work.done and document["outcome"] != job_statuses.STOPPED
    _dismiss(plan, instances, at_once=not idle)
    if not idle and any(i.alive for i in instances):
        return
    if not work.cleared:
        plan.clear = True
        return
    plan.status = document.pop("outcome")
    document["ended"] = now
    if work.progress is not None:
        document["progress"] = work.progress


def _dismiss(plan: Plan, instances: list[Instance], *, at_once: bool) -> None:
    """`at_once`: what is in their hands is not wanted any more."""
    alive = [i for i in instances if i.alive]
    if at_once:
        plan.kill += [i.spec.instance_id for i in alive]
    else:
        plan.stop += [i.spec.instance_id for i in alive if i.state.phase is not Phase.STOPPING]
    plan.forget += [i.spec.instance_id for i in instances if not i.alive]
