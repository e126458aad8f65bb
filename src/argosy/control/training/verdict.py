"""Whether a run is over, and why, told from its instances. Pure."""

from collections.abc import Sequence

from argosy.ground.instances import Instance, Phase
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.training_jobs import Ending, TrainingJobDocument


def verdict(
    status: str,
    document: TrainingJobDocument,
    instances: Sequence[Instance],
    created: float,
    now: float,
) -> Ending | None:
    """Why the job's run is to end, or has ended; None as long as it goes on.

    What was ordered comes before what happened, and a failure of the algorithm before the loss of
    an instance: another run would fail the same way.
    """
    run = document["run"]
    if status == job_statuses.STOPPING:
        return _ending(jobs.STOP)
    for told in (_failure(instances), _loss(document, instances)):
        if told is not None:
            return told
    if run and len(instances) == len(run["hosts"]) and all(map(_well, instances)):
        return _ending(jobs.COMPLETE)
    if run and document.get("interrupt") == run["id"]:
        return _ending(jobs.INTERRUPTED)
    wait = (document["asked"].get("StoppingCondition") or {}).get("MaxWaitTimeInSeconds")
    if wait is not None and now >= created + wait:
        return _ending(jobs.MAX_WAIT)
    return None


def _failure(instances: Sequence[Instance]) -> Ending | None:
    """The first host whose algorithm failed, or ran too long."""
    for one in instances:
        outcome = one.state.outcome
        if one.state.phase is not Phase.DONE or outcome is None:
            continue
        if outcome.overdue:
            return _ending(jobs.OVERDUE)
        if outcome.failure:
            return _ending(jobs.FAILURE, outcome.failure)
    return None


def _loss(document: TrainingJobDocument, instances: Sequence[Instance]) -> Ending | None:
    """The first instance that ended though nobody asked it to. One of a spot job that was stopped
    from outside, because the whole platform was, has been interrupted."""
    for one in instances:
        outcome = one.state.outcome
        if one.state.phase in (Phase.FAILED, Phase.GONE):
            return _ending(jobs.LOSS, f"{_host(one)}: {one.state.reason}")
        if one.state.phase is Phase.DONE and (outcome is None or outcome.stopped):
            spot = document["asked"].get("EnableManagedSpotTraining")
            why = jobs.INTERRUPTED if spot else jobs.LOSS
            return _ending(why, f"{_host(one)} was stopped with the platform.")
    return None


def _well(instance: Instance) -> bool:
    outcome = instance.state.outcome
    return instance.state.phase is Phase.DONE and outcome is not None and not outcome.stopped


def _host(instance: Instance) -> str:
    return f"The host {instance.spec.variant}"


def _ending(why: str, reason: str = "") -> Ending:
    return {"why": why, "reason": reason}
