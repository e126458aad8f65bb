"""The document of a training job: what is asked for and how far it is, as one JSON value.

`services` write what is asked, `control` brings it about. A job has one `run` after another: its
hosts, launched together; a run that is interrupted or lost is followed by the next one where the
job's request allows that.
"""

import hashlib
from typing import Any, NotRequired, TypedDict

from argosy.state.job_images import JobImage
from argosy.state.job_runs import JobRun
from argosy.state.record import Record
from argosy.state.records import Records

TRAINING_JOB = "training-job"
"""Kind of record, type in an ARN, and kind of owner of the job's instances."""

STARTING = "Starting"
PENDING = "Pending"
DOWNLOADING = "Downloading"
TRAINING = "Training"
UPLOADING = "Uploading"
INTERRUPTED = "Interrupted"
RESTARTING = "Restarting"
MAX_RUNTIME = "MaxRuntimeExceeded"
MAX_WAIT = "MaxWaitTimeExceeded"

AVAILABLE = "Available"
IN_USE = "InUse"
REUSED = "Reused"
TERMINATED = "Terminated"

DEFAULT_RUNTIME_S = 86_400


class Transition(TypedDict):
    """One secondary status that a job had, or has."""

    status: str
    started: float
    ended: NotRequired[float]
    message: str


class Run(JobRun):
    """The hosts that were launched together."""

    number: int
    """1 is a job's first run."""
    started: NotRequired[float]
    """When the first host began to download its data."""
    pool: NotRequired[str]
    """Id of the warm pool that it runs in, or leaves behind."""


class Ending(TypedDict):
    """Why a run is over as soon as its instances are."""

    why: str
    """One of COMPLETE, FAILURE, LOSS, STOP, OVERDUE, MAX_WAIT, INTERRUPTED."""
    reason: str


COMPLETE = "Complete"
"""Every host's algorithm ended well."""
FAILURE = "Failure"
"""A host's algorithm did not; `reason` is what it said."""
LOSS = "Loss"
"""An instance was lost; `reason` is what is known of it."""
STOP = "Stop"
OVERDUE = "Overdue"


class FinalMetric(TypedDict):
    """The last value of a metric."""

    name: str
    value: float
    at: float
    """Epoch seconds."""


class WarmPool(TypedDict):
    """What became of a job's instances, where it asked to have them kept."""

    id: str
    """Names the folder that is kept for its instances."""
    status: str
    since: float
    retained_s: NotRequired[float]
    reused_by: NotRequired[str]


class TunedBy(TypedDict):
    """Which tuning job a training job is a part of."""

    name: str
    arn: str
    definition: str
    """Name of the training job's definition, "" where there is only one."""
    hyperparameters: dict[str, str]
    """Those that were chosen."""


class TrainingJobDocument(TypedDict):
    """A job. Its status stands in the record's own column."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The CreateTrainingJob members, with the values that SageMaker fills in; no Tags."""
    image: JobImage
    secondary: str
    transitions: list[Transition]
    failure_reason: str
    run: Run | None
    """What is under way."""
    runs: int
    retries: int
    """How often it was begun again after an internal error."""
    started: float | None
    """When it was first on its instances."""
    ran_s: float
    """Seconds on instances, of the runs that are over."""
    metrics: dict[str, FinalMetric]
    read: dict[str, int]
    """Log stream → up to where it has been read for metrics."""
    interrupt: NotRequired[str]
    """Id of the run that is to be interrupted."""
    ending: NotRequired[Ending]
    ended: NotRequired[float]
    pool: NotRequired[str]
    """Id of the warm pool that its next run is in."""
    rests_until: NotRequired[float]
    """When it may begin again, after an instance was lost."""
    warm_pool: NotRequired[WarmPool]
    tuned_by: NotRequired[TunedBy]


def new_job(
    name: str, arn: str, asked: dict[str, Any], image: JobImage, now: float
) -> TrainingJobDocument:
    """A job as it begins."""
    return {
        "name": name,
        "arn": arn,
        "asked": asked,
        "image": image,
        "secondary": STARTING,
        "transitions": [
            {"status": STARTING, "started": now, "message": "Starting the training job"}
        ],
        "failure_reason": "",
        "run": None,
        "runs": 0,
        "retries": 0,
        "started": None,
        "ran_s": 0.0,
        "metrics": {},
        "read": {},
    }


def enter(document: TrainingJobDocument, status: str, message: str, now: float) -> None:
    """Let the job be in another secondary status; the same with another message is one, too."""
    transitions = document["transitions"]
    last = transitions[-1]
    if (last["status"], last["message"]) == (status, message):
        return
    last["ended"] = now
    document["secondary"] = status
    transitions.append({"status": status, "started": now, "message": message})


def end_transitions(document: TrainingJobDocument, now: float) -> None:
    """The last secondary status is over as soon as it is entered: the job is finished."""
    document["transitions"][-1]["ended"] = now


def tune(records: Records, job: Record, tuned_by: TunedBy, now: float) -> Record:
    """Say that a job is a tuning job's; to be called in the transaction that creates it."""
    return records.update(job, now=now, document={**job.document, "tuned_by": tuned_by})


def of_tuning_job(records: Records, account: str, region: str, arn: str) -> list[Record]:
    """The training jobs of a tuning job, oldest first."""
    found = records.find(TRAINING_JOB, account, region)
    return [one for one in found if (one.document.get("tuned_by") or {}).get("arn") == arn]


def most_seconds(asked: dict[str, Any]) -> float:
    """How long it may be on its instances (MaxRuntimeInSeconds)."""
    return float((asked.get("StoppingCondition") or {}).get("MaxRuntimeInSeconds") or 0) or float(
        DEFAULT_RUNTIME_S
    )


def seconds_left(document: TrainingJobDocument) -> float:
    """How long its next run may be."""
    return most_seconds(document["asked"]) - document["ran_s"]


def rests(document: TrainingJobDocument, now: float) -> bool:
    """Whether it waits for a while before it begins again."""
    return now < document.get("rests_until", 0.0)


def run_id(arn: str, created: float, number: int) -> str:
    """The same each time, and another one for every run of every job."""
    whole = f"{arn}\0{created!r}\0{number}"
    return "t-" + hashlib.sha256(whole.encode()).hexdigest()[:12]


def groups_of(asked: dict[str, Any]) -> list[dict[str, Any]]:
    """Its groups of instances: [{"InstanceGroupName", "InstanceType", "InstanceCount"}].

    A request without groups is one that has no name.
    """
    resources = asked["ResourceConfig"]
    if resources.get("InstanceGroups"):
        return list(resources["InstanceGroups"])
    count, kind = resources.get("InstanceCount") or 1, resources.get("InstanceType") or ""
    return [{"InstanceGroupName": "", "InstanceType": kind, "InstanceCount": count}]


def host_count(asked: dict[str, Any]) -> int:
    return sum(group["InstanceCount"] for group in groups_of(asked))


def model_uri(asked: dict[str, Any]) -> str:
    """Where the model goes: an object, or a prefix where it is not to be packed."""
    place = output_prefix(asked)
    if asked["OutputDataConfig"].get("CompressionType") == "NONE":
        return f"{place}/model/"
    return f"{place}/model.tar.gz"


def output_prefix(asked: dict[str, Any]) -> str:
    """S3 URI below which all output of the job goes; without a "/" at its end."""
    base = str(asked["OutputDataConfig"]["S3OutputPath"]).rstrip("/")
    return f"{base}/{asked['TrainingJobName']}/output"
