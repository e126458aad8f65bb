"""Tells the event outbox of what becomes of SageMaker's resources, in EventBridge's words.

Whoever changes a record calls `announce` in the same transaction. Types and members of the details:
reference/autoscaling-and-monitoring.md §10, and the examples of the developer guide's "Events that
Amazon SageMaker AI sends to Amazon EventBridge". Times are in milliseconds since the epoch, but
those of model packages are text.
"""

import re
from typing import Any

from argosy.ground.names import sagemaker_arn
from argosy.ground.stamps import seconds_stamp
from argosy.state.events import EventOutbox
from argosy.state.job_statuses import FINISHED
from argosy.state.model_packages import MODEL_PACKAGE, approval_of
from argosy.state.notebooks import NOTEBOOK
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.training_jobs import TRAINING_JOB, model_uri
from argosy.state.transform_jobs import TRANSFORM_JOB
from argosy.state.tuning_jobs import TUNING_JOB, counters_of, reached_of
from argosy.state.variant_view import pending_summary, variants_of

SOURCE = "aws.sagemaker"
_ENDPOINT, _CONFIG, _MODEL, _COMPONENT = (
    "endpoint",
    "endpoint-config",
    "model",
    "inference-component",
)
_TAGS = "tags"

_TYPES = {
    _ENDPOINT: "SageMaker Endpoint State Change",
    _CONFIG: "SageMaker Endpoint Config State Change",
    _MODEL: "SageMaker Model State Change",
    _COMPONENT: "SageMaker Inference Component State Change",
    TRANSFORM_JOB: "SageMaker Transform Job State Change",
    PROCESSING_JOB: "SageMaker Processing Job State Change",
    TRAINING_JOB: "SageMaker Training Job State Change",
    MODEL_PACKAGE: "SageMaker Model Package State Change",
    TUNING_JOB: "SageMaker HyperParameter Tuning Job State Change",
    NOTEBOOK: "SageMaker Notebook Instance State Change",
}
_DEPLOYMENT = "SageMaker Endpoint Deployment State Change"


def announce(records: Records, record: Record, now: float, before: Record | None = None) -> None:
    """Tell of a record that was made or changed; `before` is what it was. Nothing is told where
    its status stayed the same and no deployment moved on."""
    if record.kind not in _TYPES:
        return
    if before is None or _state(before) != _state(record):
        detail = {**_detail(records, record), **_updated(record, before)}
        _tell(records, record, _TYPES[record.kind], detail, now)
    if record.kind == _ENDPOINT and _deployment(record) != (before and _deployment(before)):
        pending = pending_summary(record.document)
        if pending is not None:
            detail = {**_detail(records, record), "PendingDeploymentSummary": _in_ms(pending)}
            _tell(records, record, _DEPLOYMENT, detail, now)


def announce_removed(records: Records, record: Record, now: float) -> None:
    """Tell of a model or a configuration that is removed; before its tags are."""
    _tell(records, record, _TYPES[record.kind], _detail(records, record), now)


def _tell(records: Records, record: Record, kind: str, detail: dict[str, Any], now: float) -> None:
    outbox = EventOutbox(records.transactions)
    outbox.add(record.account, record.region, SOURCE, kind, [_arn(record)], detail, now)


def _deployment(record: Record) -> tuple[Any, ...]:
    """Where its deployment is; changes with every step."""
    pending, rollout = record.document["pending"], record.document.get("rollout") or {}
    where = (rollout.get(name) for name in ("phase", "step", "share"))
    return (pending and pending["id"], *where)


def _detail(records: Records, record: Record) -> dict[str, Any]:
    build = {
        _ENDPOINT: _endpoint,
        _COMPONENT: _component,
        _CONFIG: _config,
        _MODEL: _model,
        TRANSFORM_JOB: _transform_job,
        PROCESSING_JOB: _processing_job,
        TRAINING_JOB: _training_job,
        MODEL_PACKAGE: _model_package,
        TUNING_JOB: _tuning_job,
        NOTEBOOK: _notebook,
    }[record.kind]
    body = {
        **build(record),
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "Tags": _tags(records, record),
    }
    known = {n: v for n, v in body.items() if v not in (None, "")}
    detail: dict[str, Any] = _stamped(known) if record.kind == MODEL_PACKAGE else _in_ms(known)
    return detail


def _endpoint(record: Record) -> dict[str, Any]:
    document = record.document
    shown = document["live"] or document["pending"]
    return {
        "EndpointName": record.name,
        "EndpointArn": document["arn"],
        "EndpointConfigName": shown["config_name"],
        "ProductionVariants": variants_of(shown, record.status, document.get("rollout")),
        "EndpointStatus": _upper_snake(record.status),
        "FailureReason": document["failure_reason"],
    }


def _component(record: Record) -> dict[str, Any]:
    document = record.document
    return {
        "InferenceComponentName": record.name,
        "InferenceComponentArn": document["arn"],
        "EndpointName": document["component_of"]["endpoint"],
        "VariantName": document["component_of"]["variant"],
        "InferenceComponentStatus": _upper_snake(record.status),
        "FailureReason": document["failure_reason"],
    }


def _config(record: Record) -> dict[str, Any]:
    return {
        "EndpointConfigName": record.name,
        "EndpointConfigArn": _arn(record),
        "ProductionVariants": record.document["ProductionVariants"],
    }


def _model(record: Record) -> dict[str, Any]:
    members = ("PrimaryContainer", "Containers", "ExecutionRoleArn", "InferenceExecutionConfig")
    given = {name: record.document[name] for name in members if record.document.get(name)}
    return {"ModelName": record.name, "ModelArn": _arn(record), **given}


def _transform_job(record: Record) -> dict[str, Any]:
    document = record.document
    asked = {name: value for name, value in document["asked"].items() if name != "Tags"}
    return {
        **asked,
        "TransformJobArn": document["arn"],
        "TransformJobStatus": record.status,
        "FailureReason": document["failure_reason"],
        "TransformStartTime": document.get("started"),
        "TransformEndTime": document.get("ended"),
    }


def _processing_job(record: Record) -> dict[str, Any]:
    document = record.document
    return {
        **document["asked"],
        "ProcessingJobArn": document["arn"],
        "ProcessingJobStatus": record.status,
        "FailureReason": document["failure_reason"],
        "ExitMessage": document["exit_message"],
        "ProcessingStartTime": document["started"],
        "ProcessingEndTime": document.get("ended"),
    }


def _training_job(record: Record) -> dict[str, Any]:
    document = record.document
    transitions = [
        {
            "Status": one["status"],
            "StartTime": one["started"],
            **({"EndTime": one["ended"]} if "ended" in one else {}),
            "StatusMessage": one["message"],
        }
        for one in document["transitions"]
    ]
    over = record.status in FINISHED
    return {
        **document["asked"],
        "TrainingJobArn": document["arn"],
        "TrainingJobStatus": record.status,
        "SecondaryStatus": document["secondary"],
        "SecondaryStatusTransitions": transitions,
        "FailureReason": document["failure_reason"],
        "ModelArtifacts": {"S3ModelArtifacts": model_uri(document["asked"])} if over else None,
        "TrainingStartTime": document["started"],
        "TrainingEndTime": document.get("ended"),
    }


def _state(record: Record) -> tuple[Any, ...]:
    """What is told of: the status, and a model package's approval and stage."""
    package = record.kind == MODEL_PACKAGE
    return record.status, *(_updatable(record).values() if package else ())


def _updatable(package: Record) -> dict[str, Any]:
    return {
        "ModelApprovalStatus": approval_of(package.document),
        "ModelLifeCycle": package.document["asked"].get("ModelLifeCycle"),
    }


def _updated(record: Record, before: Record | None) -> dict[str, Any]:
    """Which members of a model package are others than before."""
    if before is None or record.kind != MODEL_PACKAGE:
        return {}
    was = _updatable(before)
    names = [name for name, value in _updatable(record).items() if value != was[name]]
    return {"UpdatedModelPackageFields": names}


def _model_package(record: Record) -> dict[str, Any]:
    document = record.document
    versioned = {
        "ModelPackageGroupName": document["group"],
        "ModelPackageVersion": document["version"],
        "ModelApprovalStatus": document["approval"],
    }
    return {
        **document["asked"],
        **(versioned if document["group"] else {"ModelPackageName": record.name}),
        "ModelPackageArn": document["arn"],
        "ModelPackageStatus": record.status,
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CertifyForMarketplace": bool(document["asked"].get("CertifyForMarketplace")),
        "ApprovalDescription": document["approval_description"],
    }


def _tuning_job(record: Record) -> dict[str, Any]:
    document: Any = record.document
    return {
        **document["asked"],
        "HyperParameterTuningJobArn": document["arn"],
        "HyperParameterTuningJobStatus": record.status,
        "TrainingJobStatusCounters": counters_of(document["trials"]),
        "ObjectiveStatusCounters": reached_of(document["trials"]),
        "FailureReason": document["failure_reason"],
        "HyperParameterTuningEndTime": document.get("ended"),
    }


def _notebook(record: Record) -> dict[str, Any]:
    document = record.document
    asked = document["asked"]
    return {
        "NotebookInstanceName": record.name,
        "NotebookInstanceArn": document["arn"],
        "NotebookInstanceStatus": record.status,
        "FailureReason": document["failure_reason"],
        "NotebookInstanceLifecycleConfigName": asked.get("LifecycleConfigName"),
        **{name: asked.get(name) for name in ("InstanceType", "RoleArn", "DirectInternetAccess")},
    }


def _arn(record: Record) -> str:
    known = record.document.get("arn")
    if known:
        return str(known)
    return sagemaker_arn(record.region, record.account, record.kind, record.name)


def _tags(records: Records, record: Record) -> dict[str, str]:
    found = records.get(_TAGS, record.account, record.region, _arn(record).lower())
    return {tag["Key"]: tag["Value"] for tag in found.document["tags"]} if found else {}


def _upper_snake(status: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", status).upper()


def _in_ms(value: Any, name: str = "") -> Any:
    """The same with every time, which are the members whose names end so, in milliseconds."""
    if isinstance(value, dict):
        return {key: _in_ms(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_in_ms(inner) for inner in value]
    if name.endswith("Time") and isinstance(value, int | float):
        return int(value * 1000)
    return value


def _stamped(body: dict[str, Any]) -> dict[str, Any]:
    """The same with its own times as text."""
    return {
        name: seconds_stamp(value) if name in ("CreationTime", "LastModifiedTime") else value
        for name, value in body.items()
    }
