"""A training job as Describe and List show it: a record in, a body out. Pure.

Source: reference/container-contract.md §6 and reference/clients.md ("What clients need").
"""

import math
from typing import Any

from argosy.services.members import without_none
from argosy.services.sagemaker.builtin_metrics import with_builtin_metrics
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.records import Record

MOST_FAILURE_REASON = 1024


def filled(asked: dict[str, Any]) -> dict[str, Any]:
    """The request with the values that SageMaker fills in and gives back."""
    given = {name: value for name, value in asked.items() if value is not None}
    condition = {"MaxRuntimeInSeconds": jobs.DEFAULT_RUNTIME_S, **_of(given, "StoppingCondition")}
    output = {"KmsKeyId": "", "CompressionType": "GZIP", **given["OutputDataConfig"]}
    if output.get("CompressionType") is None:
        output["CompressionType"] = "GZIP"
    algorithm = {"EnableSageMakerMetricsTimeSeries": False, **with_builtin_metrics(given)}
    body: dict[str, Any] = {
        "EnableNetworkIsolation": False,
        "EnableInterContainerTrafficEncryption": False,
        "EnableManagedSpotTraining": False,
        **given,
        "AlgorithmSpecification": algorithm,
        "OutputDataConfig": output,
        "StoppingCondition": condition,
    }
    if given.get("InputDataConfig"):
        body["InputDataConfig"] = [_channel(one) for one in given["InputDataConfig"]]
    if given.get("CheckpointConfig"):
        body["CheckpointConfig"] = {
            "LocalPath": "/opt/ml/checkpoints",
            **without_none(given["CheckpointConfig"]),
        }
    return body


def summary(record: Record) -> dict[str, Any]:
    """An entry of ListTrainingJobs."""
    document = record.document
    return without_none(
        {
            "TrainingJobName": record.name,
            "TrainingJobArn": document["arn"],
            "CreationTime": record.created,
            "TrainingEndTime": document.get("ended") if document["started"] else None,
            "LastModifiedTime": record.modified,
            "TrainingJobStatus": record.status,
            "SecondaryStatus": document["secondary"],
            "WarmPoolStatus": warm_pool_status(document),
        }
    )


def description(record: Record) -> dict[str, Any]:
    """The body of DescribeTrainingJob."""
    document = record.document
    tuned = document.get("tuned_by")
    return without_none(
        {
            **document["asked"],
            **summary(record),
            "ModelArtifacts": {"S3ModelArtifacts": _artifacts(record)},
            "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON] or None,
            "TrainingStartTime": document["started"],
            "SecondaryStatusTransitions": [_transition(one) for one in document["transitions"]],
            "FinalMetricDataList": [_metric(one) for one in document["metrics"].values()] or None,
            "ProfilingStatus": "Disabled",
            "TuningJobArn": tuned["arn"] if tuned else None,
            **_times(record),
        }
    )


def tuned_summary(record: Record) -> dict[str, Any]:
    """An entry of ListTrainingJobsForHyperParameterTuningJob, without what the tuning job knows."""
    document = record.document
    tuned = document["tuned_by"]
    return without_none(
        {
            "TrainingJobDefinitionName": tuned["definition"] or None,
            "TrainingJobName": record.name,
            "TrainingJobArn": document["arn"],
            "TuningJobName": tuned["name"],
            "CreationTime": record.created,
            "TrainingStartTime": document["started"],
            "TrainingEndTime": document.get("ended") if document["started"] else None,
            "TrainingJobStatus": record.status,
            "TunedHyperParameters": tuned["hyperparameters"],
            "FailureReason": document["failure_reason"][:MOST_FAILURE_REASON] or None,
        }
    )


def warm_pool_status(document: dict[str, Any]) -> dict[str, Any] | None:
    """What became of the instances that a job asked to have kept; None where it did not."""
    pool = document.get("warm_pool")
    if pool is not None:
        retained = pool.get("retained_s")
        return without_none(
            {
                "Status": pool["status"],
                "ResourceRetainedBillableTimeInSeconds": None
                if retained is None
                else int(retained),
                "ReusedByJob": pool.get("reused_by"),
            }
        )
    kept = document["asked"]["ResourceConfig"].get("KeepAlivePeriodInSeconds")
    return {"Status": jobs.IN_USE} if kept and document["run"] else None


def _artifacts(record: Record) -> str:
    """Where the model is. SageMaker shows the place of a job that has not got there, too."""
    return jobs.model_uri(record.document["asked"])


def _times(record: Record) -> dict[str, Any]:
    """Both times are those on instances: nobody is charged less for an interruption here."""
    if record.status not in job_statuses.FINISHED or not record.document["started"]:
        return {}
    seconds = max(1, math.ceil(record.document["ran_s"]))
    return {"TrainingTimeInSeconds": seconds, "BillableTimeInSeconds": seconds}


def _transition(one: dict[str, Any]) -> dict[str, Any]:
    return without_none(
        {
            "Status": one["status"],
            "StartTime": one["started"],
            "EndTime": one.get("ended"),
            "StatusMessage": one["message"],
        }
    )


def _metric(one: dict[str, Any]) -> dict[str, Any]:
    return {"MetricName": one["name"], "Value": one["value"], "Timestamp": one["at"]}


def _channel(given: dict[str, Any]) -> dict[str, Any]:
    source = dict(given["DataSource"]["S3DataSource"])
    source.setdefault("S3DataDistributionType", "FullyReplicated")
    return {
        "CompressionType": "None",
        "RecordWrapperType": "None",
        **without_none(given),
        "DataSource": {"S3DataSource": without_none(source)},
    }


def _of(given: dict[str, Any], member: str) -> dict[str, Any]:
    return without_none(given.get(member) or {})
