"""What to do about one training job: its record and its instances in, a plan out. Pure.

no run       it waits until it is admitted; then a run is written down
a run        hosts that have no instance yet are launched; when it is clear that the run is over
             (`ending`), what still lives is stopped
all ended    and every log has been read: the outcome becomes the status, or there is another run
finished     no instances
"""

import copy
from dataclasses import dataclass

from argosy.control.job_plan import JobPlan
from argosy.control.training import stages
from argosy.control.training.verdict import verdict
from argosy.ground.instances import Instance, Phase
from argosy.ground.jobs import host_names
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.training_jobs import Run, TrainingJobDocument

MOST_REASON = 1024
_OUTCOMES = {
    jobs.COMPLETE: (job_statuses.COMPLETED, job_statuses.COMPLETED, "Training job completed"),
    jobs.STOP: (job_statuses.STOPPED, job_statuses.STOPPED, "Training job stopped"),
    jobs.OVERDUE: (
        job_statuses.STOPPED,
        jobs.MAX_RUNTIME,
        "Training job runtime exceeded MaxRuntimeInSeconds provided",
    ),
    jobs.MAX_WAIT: (job_statuses.STOPPED, jobs.MAX_WAIT, "MaxWaitTimeInSeconds was over"),
}
"""Why a run ended → status, secondary status and its message."""
_SPOT_LOSSES = 10
"""So often may instances of a spot job be lost without anybody saying why."""
_LONGEST_REST_S = 300.0
_INTERNAL = "InternalServerError: We encountered an internal error."


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known of a job besides its record."""

    name: str
    created: float
    instances: list[Instance]
    """All of its own, dead ones and those of earlier runs included."""
    admitted: bool = False
    """There is room for its hosts."""
    waits_for: str = ""
    """Why it is not admitted."""
    pool: str = ""
    """Id of the warm pool that it is admitted to."""
    obstacle: str = ""
    """Why it can never run here."""
    read: bool = True
    """Its metrics have been taken from all that its instances wrote."""


Plan = JobPlan[TrainingJobDocument]
"""What the reconciler shall make true for one job."""


def decide(status: str, document: TrainingJobDocument, view: View, now: float) -> Plan:
    """The plan for a job."""
    plan = Plan(status, copy.deepcopy(document))
    if status in job_statuses.FINISHED:
        _dismiss(plan, view.instances)
        return plan
    run = plan.document["run"]
    mine = [i for i in view.instances if run and i.spec.deployment == run["id"]]
    _dismiss(plan, [i for i in view.instances if i not in mine])
    if run is None:
        _wait(plan, view, now)
    else:
        _run(plan, run, mine, view, now)
    return plan


def _wait(plan: Plan, view: View, now: float) -> None:
    """There is no run: it is over before it began, or it waits, or it begins."""
    document = plan.document
    condition = document["asked"].get("StoppingCondition") or {}
    if plan.status == job_statuses.STOPPING:
        _finish(plan, *_OUTCOMES[jobs.STOP], now)
    elif _over(condition.get("MaxWaitTimeInSeconds"), view.created, now):
        _finish(plan, *_OUTCOMES[jobs.MAX_WAIT], now)
    elif _over(condition.get("MaxPendingTimeInSeconds"), view.created, now):
        told = "MaxPendingTimeInSeconds was over before there was room for the job"
        _finish(plan, job_statuses.STOPPED, job_statuses.STOPPED, told, now)
    elif jobs.seconds_left(document) <= 0:
        _finish(plan, *_OUTCOMES[jobs.OVERDUE], now)
    elif view.obstacle:
        _fail(plan, f"ClientError: {view.obstacle}", now)
    elif view.admitted:
        _begin(plan, view, now)
    elif not jobs.rests(document, now):
        jobs.enter(document, jobs.PENDING, view.waits_for, now)


def _over(seconds: float | None, since: float, now: float) -> bool:
    return seconds is not None and now >= since + seconds


def _begin(plan: Plan, view: View, now: float) -> None:
    document = plan.document
    document["runs"] += 1
    hosts = list(host_names(jobs.host_count(document["asked"])))
    run_id = jobs.run_id(document["arn"], view.created, document["runs"])
    run: Run = {
        "id": run_id,
        "number": document["runs"],
        "hosts": hosts,
        "streams": [f"{view.name}/{host}-{int(now * 1000)}" for host in hosts],
        "launched": now,
    }
    kept = document.pop("pool", "")
    pool = view.pool or kept
    if pool or document["asked"]["ResourceConfig"].get("KeepAlivePeriodInSeconds"):
        run["pool"] = pool or run_id
    document["run"], document["read"] = run, {}
    told = "Reusing the instances of a warm pool" if view.pool else "Launching requested instances"
    jobs.enter(document, jobs.STARTING, told, now)
    plan.launch = hosts


def _run(plan: Plan, run: Run, mine: list[Instance], view: View, now: float) -> None:
    document = plan.document
    if "started" not in run and stages.began(mine):
        run["started"] = max(run["launched"], now - stages.trained_for(mine))
        document["started"] = document["started"] or run["started"]
    stages.advance(document, mine, now)
    ending = document.get("ending") or verdict(plan.status, document, mine, view.created, now)
    if ending is None:
        there = {i.spec.variant for i in mine}
        plan.launch = [host for host in run["hosts"] if host not in there]
        return
    document["ending"] = ending
    _tell_ending(plan, ending["why"], now)
    alive = [i for i in mine if i.alive]
    plan.stop += [i.spec.instance_id for i in alive if i.state.phase is not Phase.STOPPING]
    if not alive and view.read:
        _conclude(plan, run, mine, now)


def _tell_ending(plan: Plan, why: str, now: float) -> None:
    """While the instances end."""
    if plan.status == job_statuses.STOPPING:
        return
    if why in (jobs.OVERDUE, jobs.MAX_WAIT):
        plan.status = job_statuses.STOPPING
        jobs.enter(plan.document, job_statuses.STOPPING, "Stopping the training job", now)
    elif why == jobs.INTERRUPTED:
        jobs.enter(plan.document, jobs.INTERRUPTED, "The instances are reclaimed", now)


def _conclude(plan: Plan, run: Run, mine: list[Instance], now: float) -> None:
    """Every instance of the run has ended."""
    document = plan.document
    ending = document.pop("ending")
    why, reason = ending["why"], ending["reason"]
    document.pop("interrupt", None)
    document["ran_s"] += max(0.0, now - run["started"]) if "started" in run else 0.0
    plan.forget += [i.spec.instance_id for i in mine]
    if plan.status == job_statuses.STOPPING and why in (jobs.INTERRUPTED, jobs.LOSS):
        why = jobs.STOP
    if _goes_on(plan, why, now):
        document["run"] = None
        if "pool" in run:
            document["pool"] = run["pool"]
        return
    plan.written = [one for i in mine if i.state.outcome for one in i.state.outcome.uploaded]
    if why in _OUTCOMES:
        _finish(plan, *_OUTCOMES[why], now)
    else:
        _fail(plan, f"{_INTERNAL} {reason}" if why == jobs.LOSS else reason, now)


def _goes_on(plan: Plan, why: str, now: float) -> bool:
    """Whether there is another run, which is told."""
    document = plan.document
    if why == jobs.INTERRUPTED:
        jobs.enter(document, jobs.INTERRUPTED, "Waiting for instances after an interruption", now)
        return True
    spot = bool(document["asked"].get("EnableManagedSpotTraining"))
    attempts = (document["asked"].get("RetryStrategy") or {}).get("MaximumRetryAttempts") or 0
    attempts = max(attempts, _SPOT_LOSSES) if spot else attempts
    if why != jobs.LOSS or document["retries"] >= attempts:
        return False
    document["retries"] += 1
    document["rests_until"] = now + min(_LONGEST_REST_S, 2.0 ** document["retries"] - 1)
    told = f"Restarting after an instance was lost ({document['retries']} of {attempts})"
    jobs.enter(document, jobs.INTERRUPTED if spot else jobs.RESTARTING, told, now)
    return True


def _fail(plan: Plan, reason: str, now: float) -> None:
    plan.document["failure_reason"] = reason[:MOST_REASON]
    _finish(plan, job_statuses.FAILED, job_statuses.FAILED, "Training job failed", now)


def _finish(plan: Plan, status: str, secondary: str, message: str, now: float) -> None:
    document = plan.document
    plan.status = status
    document["ended"] = now
    jobs.enter(document, secondary, message, now)
    jobs.end_transitions(document, now)
    run, document["run"] = document["run"], None
    kept = document["asked"]["ResourceConfig"].get("KeepAlivePeriodInSeconds")
    if run and "pool" in run:
        over = status != job_statuses.COMPLETED or not kept
        document["warm_pool"] = {
            "id": run["pool"],
            "status": jobs.TERMINATED if over else jobs.AVAILABLE,
            "since": now,
        }


def _dismiss(plan: Plan, instances: list[Instance]) -> None:
    """They are of a run that is over."""
    alive = [i for i in instances if i.alive and i.state.phase is not Phase.STOPPING]
    plan.stop += [i.spec.instance_id for i in alive]
    plan.forget += [i.spec.instance_id for i in instances if not i.alive]
