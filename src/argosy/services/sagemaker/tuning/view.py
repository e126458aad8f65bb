"""A tuning job as Describe and List show it; its training jobs as they are by now."""

from typing import Any

from argosy.services.registry import Call
from argosy.services.sagemaker.training_view import tuned_summary
from argosy.services.sagemaker.tuning.filled import filled_config, filled_definition
from argosy.state.records import Record
from argosy.state.training_jobs import TRAINING_JOB
from argosy.state.tuning_jobs import (
    Trial,
    best_of,
    counters_of,
    definitions_of,
    maximizes,
    objective_of,
    objective_status,
    reached_of,
)

_IDENTICAL = "IdenticalDataAndAlgorithm"


def summary(record: Record) -> dict[str, Any]:
    """An entry of ListHyperParameterTuningJobs."""
    document: Any = record.document
    config, ended = document["asked"]["HyperParameterTuningJobConfig"], document.get("ended")
    return {
        "HyperParameterTuningJobName": record.name,
        "HyperParameterTuningJobArn": document["arn"],
        "HyperParameterTuningJobStatus": record.status,
        "Strategy": config["Strategy"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "TrainingJobStatusCounters": counters_of(document["trials"]),
        "ObjectiveStatusCounters": reached_of(document["trials"]),
        "ResourceLimits": config["ResourceLimits"],
        **({"HyperParameterTuningEndTime": ended} if ended else {}),
    }


def description(call: Call, record: Record) -> dict[str, Any]:
    document: Any = record.document
    asked = document["asked"]
    summed = {k: v for k, v in summary(record).items() if k not in ("Strategy", "ResourceLimits")}
    best = best_of(asked, document["trials"])
    told = {
        "FailureReason": document["failure_reason"][:1024],
        "BestTrainingJob": shown_trial(call, record, best) if best else None,
        "OverallBestTrainingJob": _overall(call, record, best),
    }
    last = document.get("ended") or call.clock.now()
    return {
        **_asked_for(asked),
        **summed,
        **{name: value for name, value in told.items() if value},
        "ConsumedResources": {"RuntimeInSeconds": int(last - record.created)},
    }


def _asked_for(asked: dict[str, Any]) -> dict[str, Any]:
    """The request's members, with what SageMaker fills in."""
    members: dict[str, Any] = {"HyperParameterTuningJobConfig": filled_config(asked)}
    if asked.get("TrainingJobDefinition"):
        one = filled_definition(asked, asked["TrainingJobDefinition"])
        members["TrainingJobDefinition"] = one
    if asked.get("TrainingJobDefinitions"):
        several = [filled_definition(asked, one) for one in asked["TrainingJobDefinitions"]]
        members["TrainingJobDefinitions"] = several
    if asked.get("WarmStartConfig"):
        members["WarmStartConfig"] = asked["WarmStartConfig"]
    return members


def shown_trial(call: Call, record: Record, trial: Trial) -> dict[str, Any]:
    """A HyperParameterTrainingJobSummary; {} when the training job is gone."""
    job = call.records.get(TRAINING_JOB, record.account, record.region, trial["job"])
    if job is None or not job.document.get("tuned_by"):
        return {}
    asked = record.document["asked"]
    objective = objective_of(asked, definitions_of(asked)[trial["definition"]])
    final = {**objective, "Value": trial["value"]}
    return {
        **tuned_summary(job),
        **(
            {"FinalHyperParameterTuningJobObjectiveMetric": final}
            if trial["value"] is not None
            else {}
        ),
        "ObjectiveStatus": objective_status(trial),
    }


def _overall(call: Call, record: Record, best: Trial | None) -> dict[str, Any] | None:
    """The best of this job and its parents; only where both did the same."""
    document: Any = record.document
    warm = document["asked"].get("WarmStartConfig") or {}
    if warm.get("WarmStartType") != _IDENTICAL:
        return None
    sign = -1.0 if maximizes(document["asked"]) else 1.0
    ranked = min(document["earlier"], key=lambda one: sign * one["value"], default=None)
    own = best and best["value"]
    if best and own is not None and (not ranked or sign * own <= sign * ranked["value"]):
        return shown_trial(call, record, best)
    if not ranked:
        return None
    job = call.records.get(TRAINING_JOB, record.account, record.region, ranked["job"])
    if job is None or not job.document.get("tuned_by"):
        return None
    objective = objective_of(document["asked"], definitions_of(document["asked"])[0])
    final = {**objective, "Value": ranked["value"]}
    shown = {**tuned_summary(job), "FinalHyperParameterTuningJobObjectiveMetric": final}
    return {**shown, "ObjectiveStatus": "Succeeded"}
