"""The document of a processing job: what is asked for and what became of it, as one JSON value.

`services` write what is asked, or `control` itself where a monitoring schedule is due; `control`
has it done.
"""

from typing import Any, NotRequired, TypedDict

from argosy.state.job_images import JobImage
from argosy.state.job_runs import JobRun

PROCESSING_JOB = "processing-job"
"""Kind of record and type in an ARN."""

ANALYZER = "sagemaker-model-monitor-analyzer"
"""What the name of Model Monitor's image holds."""

DEFAULT_RUNTIME_S = 86_400


class MonitoringOf(TypedDict):
    """Which run of which monitoring schedule a job is."""

    schedule: str
    schedule_arn: str
    execution: str
    """Name of the execution's record."""
    endpoint: str


class ProcessingRun(JobRun):
    """The instances that a job has now."""

    reason: NotRequired[str]
    """Why it is to end, "" for well; absent while it goes on."""
    lost: NotRequired[bool]
    """It ended though nobody asked it to, and its job begins anew."""


class ProcessingJobDocument(TypedDict):
    """A job. Its status stands in the record's own column."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The CreateProcessingJob members; no Tags."""
    failure_reason: str
    exit_message: str
    started: float | None
    """When its process, or its algorithm, was started for the last time."""
    attempts: int
    """How often a process or a run was started."""
    ended: NotRequired[float]
    monitoring: NotRequired[MonitoringOf]
    image: NotRequired[JobImage]
    """Of a job that runs on instances; absent where the job is an analysis of ours."""
    run: NotRequired[ProcessingRun | None]


def new_job(name: str, arn: str, asked: dict[str, Any]) -> ProcessingJobDocument:
    """A job as it begins."""
    return {
        "name": name,
        "arn": arn,
        "asked": asked,
        "failure_reason": "",
        "exit_message": "",
        "started": None,
        "attempts": 0,
    }


def most_seconds(asked: dict[str, Any]) -> float:
    """How long it may take (MaxRuntimeInSeconds)."""
    condition = asked.get("StoppingCondition") or {}
    return float(condition.get("MaxRuntimeInSeconds") or DEFAULT_RUNTIME_S)


def host_count(asked: dict[str, Any]) -> int:
    """InstanceCount."""
    return int(asked["ProcessingResources"]["ClusterConfig"]["InstanceCount"])


def is_analysis(image: str) -> bool:
    """Whether the image is Model Monitor's own."""
    return image.partition("@")[0].rpartition("/")[2].partition(":")[0] == ANALYZER
