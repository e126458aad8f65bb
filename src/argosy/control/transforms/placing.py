"""From a transform job to the `InstanceSpec` of one of its instances. Pure."""

from dataclasses import dataclass, replace
from typing import Any

from argosy.control import launching
from argosy.control.rollout import Launch
from argosy.ground.instances import ContainerSpec, InstanceSpec, StoreAccess
from argosy.ground.names import TRANSFORM_LOG_GROUP
from argosy.ground.settings import Settings
from argosy.ground.work import TRANSFORM
from argosy.state.record import Record
from argosy.state.transform_jobs import TRANSFORM_JOB, TransformJobDocument

TIMEOUT_S = 600
"""InvocationsTimeoutInSeconds unless the request says otherwise (API reference)."""
_LARGEST_ANSWER_MB = 1024
"""Of one mini-batch; the porter takes it in pieces."""
_STRATEGIES = {"MultiRecord": "MULTI_RECORD", "SingleRecord": "SINGLE_RECORD"}


@dataclass(frozen=True)
class JobPlace:
    """Whose job an instance is for."""

    account: str
    region: str
    job: str

    @property
    def owner(self) -> str:
        return f"{TRANSFORM_JOB}/{self.job}"

    @property
    def log_group(self) -> str:
        return TRANSFORM_LOG_GROUP


def place_of(record: Record) -> JobPlace:
    return JobPlace(record.account, record.region, record.name)


def spec_for(
    record: Record, launch: Launch, settings: Settings, store: StoreAccess, now: float
) -> InstanceSpec:
    """The spec of one new instance of a job."""
    document: TransformJobDocument = record.document  # type: ignore[assignment]
    asked = document["asked"]
    plain = launching.spec_for(place_of(record), launch, settings, store, now)
    given = variables_of(asked)
    own = asked.get("Environment") or {}
    limit = (asked.get("ModelClientConfig") or {}).get("InvocationsTimeoutInSeconds", TIMEOUT_S)
    return replace(
        plain,
        containers=tuple(_with(container, given, own) for container in plain.containers),
        log_stream=f"{record.name}/{plain.instance_id}-{int(now * 1000)}",
        model_timeout_s=float(limit),
        max_answer_mb=_LARGEST_ANSWER_MB,
        work={"kind": TRANSFORM, "job": job_of(record)},
    )


def job_of(record: Record) -> dict[str, Any]:
    """What porters are told of the job: the members of CreateTransformJob and a few more."""
    document = record.document
    return {
        **document["asked"],
        "name": record.name,
        "arn": document["arn"],
        "created": record.created,
        "model_name": document["asked"]["ModelName"],
    }


def variables_of(asked: dict[str, Any]) -> dict[str, str]:
    """What the platform sets in the containers (reference/container-contract.md)."""
    given = {
        "SAGEMAKER_MAX_CONCURRENT_TRANSFORMS": asked.get("MaxConcurrentTransforms"),
        "SAGEMAKER_MAX_PAYLOAD_IN_MB": asked.get("MaxPayloadInMB"),
        "SAGEMAKER_BATCH_STRATEGY": _STRATEGIES.get(asked.get("BatchStrategy") or ""),
    }
    found = {name: str(value) for name, value in given.items() if value is not None}
    return {"SAGEMAKER_BATCH": "true", **found}


def _with(container: ContainerSpec, given: dict[str, str], own: dict[str, str]) -> ContainerSpec:
    return replace(container, environment={**given, **container.environment, **own})
