"""What to do about one processing job on instances: its record and its instances in, a plan out.
Pure.

no run       it waits until there is room; then a run is written down
a run        hosts that have no instance yet are launched; when one of them says how the run ends,
             those that still live are stopped
all ended    the outcome becomes the status; a run that was lost is followed by another one
"""

import copy
from dataclasses import dataclass

from argosy.control.job_plan import JobPlan
from argosy.ground.instances import Instance, Phase
from argosy.ground.jobs import MOST_FAILURE, host_names
from argosy.state import job_statuses
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import ProcessingJobDocument, ProcessingRun

MOST_ATTEMPTS = 3
"""Runs of one job: one that is lost again and again is not started for ever."""
_OVERDUE = "The job took longer than MaxRuntimeInSeconds."
_BEGUN = (Phase.IN_SERVICE, Phase.UPLOADING, Phase.DONE)


@dataclass(frozen=True, kw_only=True)
class View:
    """What is known of a job besides its record."""

    name: str
    run_id: str
    """Of the run that would begin now."""
    instances: list[Instance]
    has_room: bool
    obstacle: str = ""
    """Why it can never run here."""


Plan = JobPlan[ProcessingJobDocument]
"""What the reconciler shall make true for one job."""


def decide(status: str, document: ProcessingJobDocument, view: View, now: float) -> Plan:
    """The plan for a job that is not over."""
    plan = Plan(status, copy.deepcopy(document))
    run = plan.document.get("run")
    mine = [i for i in view.instances if run and i.spec.deployment == run["id"]]
    others = [i for i in view.instances if i not in mine]
    plan.stop += [i.spec.instance_id for i in others if _can_stop(i)]
    plan.forget += [i.spec.instance_id for i in others if not i.alive]
    if run is None:
        _wait(plan, view, now)
    else:
        _run(plan, run, mine, now)
    return plan


def _wait(plan: Plan, view: View, now: float) -> None:
    if plan.status == job_statuses.STOPPING:
        _finish(plan, job_statuses.STOPPED, now)
    elif view.obstacle:
        _finish(plan, job_statuses.FAILED, now, f"ClientError: {view.obstacle}")
    elif view.has_room:
        hosts = list(host_names(jobs.host_count(plan.document["asked"])))
        plan.document["run"] = {
            "id": view.run_id,
            "hosts": hosts,
            "streams": [f"{view.name}/{host}-{int(now * 1000)}" for host in hosts],
            "launched": now,
        }
        plan.document["attempts"] += 1
        plan.document["started"] = None
        plan.launch = hosts


def _run(plan: Plan, run: ProcessingRun, mine: list[Instance], now: float) -> None:
    document = plan.document
    if document["started"] is None and any(i.state.phase in _BEGUN for i in mine):
        document["started"] = min(i.state.in_service_since or now for i in mine)
    if "reason" not in run:
        _judge(plan, run, mine)
    if "reason" not in run and plan.status != job_statuses.STOPPING:
        there = {i.spec.variant for i in mine}
        plan.launch = [host for host in run["hosts"] if host not in there]
        return
    alive = [i for i in mine if i.alive]
    plan.stop += [i.spec.instance_id for i in alive if _can_stop(i)]
    if not alive:
        _conclude(plan, run, mine, now)


def _judge(plan: Plan, run: ProcessingRun, mine: list[Instance]) -> None:
    """Note in the run that it is to end, once that is clear."""
    for one in mine:
        outcome = one.state.outcome
        if outcome is not None and (outcome.failure or outcome.overdue):
            run["reason"] = outcome.failure
            return
    lost = [i for i in mine if _is_lost(i)]
    if lost and plan.status != job_statuses.STOPPING:
        run["reason"], run["lost"] = lost[0].state.reason or "An instance was stopped.", True
    elif len(mine) == len(run["hosts"]) and not any(i.alive for i in mine):
        run["reason"] = ""


def _conclude(plan: Plan, run: ProcessingRun, mine: list[Instance], now: float) -> None:
    """Every instance of the run has ended."""
    document = plan.document
    plan.forget += [i.spec.instance_id for i in mine]
    outcomes = [i.state.outcome for i in mine if i.state.outcome is not None]
    plan.written = [one for outcome in outcomes for one in outcome.uploaded]
    document["exit_message"] = next((one.message for one in outcomes if one.message), "")
    if plan.status == job_statuses.STOPPING:
        _finish(plan, job_statuses.STOPPED, now)
    elif run.get("lost") and document["attempts"] < MOST_ATTEMPTS:
        document["run"], plan.written = None, []
    elif run.get("lost"):
        reason = f"InternalServerError: The job was cut off {MOST_ATTEMPTS} times: {run['reason']}"
        _finish(plan, job_statuses.FAILED, now, reason)
    elif run["reason"]:
        _finish(plan, job_statuses.FAILED, now, run["reason"])
    elif any(one.overdue for one in outcomes):
        document["exit_message"] = document["exit_message"] or _OVERDUE
        _finish(plan, job_statuses.STOPPED, now)
    else:
        _finish(plan, job_statuses.COMPLETED, now)


def _finish(plan: Plan, status: str, now: float, reason: str = "") -> None:
    document = plan.document
    plan.status = status
    document["failure_reason"] = reason[:MOST_FAILURE]
    document["ended"] = now
    document["run"] = None


def _is_lost(instance: Instance) -> bool:
    """It ended though nobody asked it to."""
    outcome = instance.state.outcome
    if instance.state.phase is Phase.DONE and outcome is not None:
        return outcome.stopped and not outcome.overdue
    return not instance.alive


def _can_stop(instance: Instance) -> bool:
    return instance.alive and instance.state.phase not in (Phase.STOPPING, Phase.UPLOADING)
