"""Hyperparameter tuning jobs as records: what is asked, and each trial with what became of it.

A trial's hyperparameters are written down before its training job is created, and its training
job's name follows from its number: whoever comes after kill -9 goes on with the same ones.
"""

import hashlib
from typing import Any, NotRequired, TypedDict

from argosy.state.job_statuses import COMPLETED, FAILED, FINISHED, STOPPED, UNFINISHED

TUNING_JOB = "hyper-parameter-tuning-job"
"""Kind of record, and type in an ARN."""

MAXIMIZE = "Maximize"
OBJECTIVE = "_tuning_objective_metric"
"""The hyperparameter by which an algorithm learns what it is tuned for."""

_INTERNAL = "InternalServerError"
"""How the reasons of failures begin that are the platform's: a RetryStrategy is for those."""
_OWN = (
    "DefinitionName",
    "TuningObjective",
    "HyperParameterRanges",
    "StaticHyperParameters",
    "HyperParameterTuningResourceConfig",
)
"""Of a definition; no members of CreateTrainingJob."""


class Trial(TypedDict):
    """One training job of a tuning job."""

    number: int
    """Counts from 1."""
    job: str
    definition: int
    """Place of its definition."""
    hyperparameters: dict[str, str]
    """Those that were chosen."""
    status: str
    """Of the training job, as it was last seen; "" before it was created."""
    value: float | None
    """The objective's last value."""
    reason: NotRequired[str]


class Earlier(TypedDict):
    """A trial of a parent, for a warm start."""

    job: str
    hyperparameters: dict[str, str]
    value: float


class TuningDocument(TypedDict):
    """A tuning job. Its status stands in the record's own column."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The CreateHyperParameterTuningJob members; no Tags."""
    tags: list[dict[str, str]]
    """Given to each training job too."""
    trials: list[Trial]
    earlier: list[Earlier]
    failure_reason: str
    ended: NotRequired[float]
    by: NotRequired[dict[str, Any]]
    outcome: NotRequired[list[str]]
    """Status and reason that it will have once its training jobs have ended."""


def definitions_of(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """The definitions of training jobs, one or several."""
    one, several = asked.get("TrainingJobDefinition"), asked.get("TrainingJobDefinitions")
    return [one] if one else list(several or [])


def objective_of(asked: dict[str, Any], definition: dict[str, Any]) -> dict[str, str]:
    """{"Type", "MetricName"}; {} where none is given."""
    config = asked["HyperParameterTuningJobConfig"]
    objective: dict[str, str] | None = definition.get("TuningObjective") or config.get(
        "HyperParameterTuningJobObjective"
    )
    return objective or {}


def objectives_of(asked: dict[str, Any]) -> set[tuple[str, str]]:
    """Type and metric of the objectives of all definitions."""
    found = [objective_of(asked, one) for one in definitions_of(asked)]
    return {(one["Type"], one["MetricName"]) for one in found if one}


def ranges_of(asked: dict[str, Any], definition: dict[str, Any]) -> dict[str, Any]:
    config = asked["HyperParameterTuningJobConfig"]
    return definition.get("HyperParameterRanges") or config.get("ParameterRanges") or {}


def training_job_name(tuning: str, arn: str, created: float, number: int) -> str:
    """`<tuning job>-<number>-<suffix>`, as SageMaker forms it; the same each time.

    A tuning job that has the name of a deleted one (`created` at another time) has others: the
    training jobs of the deleted one are still there.
    """
    suffix = hashlib.sha256(f"{arn}/{created!r}/{number}".encode()).hexdigest()[:8]
    return f"{tuning}-{number:03d}-{suffix}"


def training_request(
    asked: dict[str, Any], name: str, place: int, chosen: dict[str, str]
) -> dict[str, Any]:
    """The CreateTrainingJob members of a trial; `place` is that of its definition.

    Each trial has checkpoints of its own, below its name: one that began where another one stopped
    would not measure its own hyperparameters.
    """
    definition = definitions_of(asked)[place]
    metric = objective_of(asked, definition).get("MetricName")
    static = dict(definition.get("StaticHyperParameters") or {})
    parameters = {**static, **({OBJECTIVE: metric} if metric else {}), **chosen}
    taken = {k: v for k, v in definition.items() if k not in _OWN and v is not None}
    own = {"TrainingJobName": name, "HyperParameters": parameters, **_checkpoints(definition, name)}
    return {**taken, **resources_of(definition), **own}


def _checkpoints(definition: dict[str, Any], name: str) -> dict[str, Any]:
    given = definition.get("CheckpointConfig")
    if not given:
        return {}
    return {"CheckpointConfig": {**given, "S3Uri": f"{given['S3Uri'].rstrip('/')}/{name}"}}


def resources_of(definition: dict[str, Any]) -> dict[str, Any]:
    """{"ResourceConfig"}: as given, or the first kind of instance that
    HyperParameterTuningResourceConfig offers; {} where there is neither."""
    plain = definition.get("ResourceConfig")
    given = definition.get("HyperParameterTuningResourceConfig")
    if plain or not given:
        return {"ResourceConfig": plain} if plain else {}
    return {"ResourceConfig": _offered(given)}


def _offered(given: dict[str, Any]) -> dict[str, Any]:
    offered = (given.get("InstanceConfigs") or [given])[0]
    members = ("InstanceType", "InstanceCount", "VolumeSizeInGB")
    taken = {name: offered[name] for name in members if offered.get(name) is not None}
    key = given.get("VolumeKmsKeyId")
    return {**taken, **({"VolumeKmsKeyId": key} if key else {})}


def best_of(asked: dict[str, Any], trials: list[Trial]) -> Trial | None:
    """The trial with the best value among those whose training jobs completed."""
    done = [(value, one) for one in trials if (value := result_of(one)) is not None]
    if not done:
        return None
    sign = -1.0 if maximizes(asked) else 1.0
    return min(done, key=lambda pair: sign * pair[0])[1]


def result_of(trial: Trial) -> float | None:
    """The objective's value of a trial that ran to its end; others do not count."""
    return trial["value"] if trial["status"] == COMPLETED else None


def maximizes(asked: dict[str, Any]) -> bool:
    objective = objective_of(asked, definitions_of(asked)[0])
    return objective.get("Type") == MAXIMIZE


def counters_of(trials: list[Trial]) -> dict[str, int]:
    """TrainingJobStatusCounters."""
    statuses = [one["status"] for one in trials if one["status"]]
    failed = [one.get("reason", "") for one in trials if one["status"] == FAILED]
    internal = sum(reason.startswith(_INTERNAL) for reason in failed)
    return {
        "Completed": statuses.count(COMPLETED),
        "InProgress": sum(one in UNFINISHED for one in statuses),
        "RetryableError": internal,
        "NonRetryableError": len(failed) - internal,
        "Stopped": statuses.count(STOPPED),
    }


def reached_of(trials: list[Trial]) -> dict[str, int]:
    """ObjectiveStatusCounters."""
    statuses = [objective_status(one) for one in trials]
    return {name: statuses.count(name) for name in ("Succeeded", "Pending", "Failed")}


def objective_status(trial: Trial) -> str:
    if trial["status"] not in FINISHED:
        return "Pending"
    return "Succeeded" if result_of(trial) is not None else "Failed"
