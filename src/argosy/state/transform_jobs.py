"""The document of a transform job: what is asked for and how far it is, as one JSON value.

`services` write what is asked, `control` brings it about. The model is copied in, as for an
endpoint, so that deleting it later does not hurt a running job. What becomes of single objects
stands in `state.transform_book`.
"""

from typing import Any, NotRequired, TypedDict

from argosy.state.endpoints import Deployment, new_deployment

TRANSFORM_JOB = "transform-job"
"""Kind of record, type in an ARN, and kind of owner of the job's instances."""

VARIANT = "transform"
"""What the one variant of a job's deployment is called."""

PARQUET = ("application/x-parquet", "application/parquet", "application/vnd.apache.parquet")


class Progress(TypedDict):
    """How far a job is. Sizes in bytes; `bytes_total` grows while the input is being listed."""

    objects: int
    objects_done: int
    objects_failed: int
    bytes_total: int
    bytes_done: int
    bytes_out: int
    rows: int


class TransformJobDocument(TypedDict):
    """A job. Its status stands in the record's own column."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The CreateTransformJob members, with the values that SageMaker fills in; no Tags."""
    deployment: Deployment
    """The model's copy as one variant of `InstanceCount` instances; its id is also the job's key in
    the book."""
    failure_reason: str
    resolved: dict[str, Any]
    """MaxConcurrentTransforms, MaxPayloadInMB and BatchStrategy, once an instance has said them."""
    started: float | None
    """When the first instance was in service."""
    outcome: NotRequired[str]
    """The status that the job will have once its instances are gone and all is cleared up."""
    ended: NotRequired[float]
    progress: NotRequired[Progress]
    """As it was in the end."""


def new_job(
    name: str,
    arn: str,
    job_id: str,
    asked: dict[str, Any],
    model: dict[str, Any],
    now: float,
) -> TransformJobDocument:
    """A job as it begins."""
    resources = asked["TransformResources"]
    variant = {
        "VariantName": VARIANT,
        "ModelName": asked["ModelName"],
        "InstanceType": resources["InstanceType"],
        "InitialInstanceCount": resources["InstanceCount"],
    }
    models = {asked["ModelName"]: model}
    config = {"ProductionVariants": [variant]}
    return {
        "name": name,
        "arn": arn,
        "asked": asked,
        "deployment": new_deployment(job_id, "", config, models, now),
        "failure_reason": "",
        "resolved": {},
        "started": None,
    }


def is_parquet(content_type: str | None) -> bool:
    """Whether a content type means Parquet, parameters aside."""
    return (content_type or "").partition(";")[0].strip().lower() in PARQUET
