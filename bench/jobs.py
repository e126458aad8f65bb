"""Transform jobs of Argosy, made and watched by boto3."""

import time
from dataclasses import dataclass
from typing import Any

from argosy.testing import Platform
from bench import ours
from bench.processes import Unavailable

_LOOK_S = 0.05


@dataclass(frozen=True, kw_only=True)
class Job:
    """What is asked for."""

    name: str
    model: str
    source: str
    """An s3:// prefix."""
    output: str
    instances: int = 1
    concurrency: int = 0
    """MaxConcurrentTransforms; 0 leaves it to the platform."""


def run(platform: Platform, job: Job, seconds: float) -> float:
    """Seconds from CreateTransformJob being sent to DescribeTransformJob saying Completed.

    Raises Unavailable when the job fails or takes longer than `seconds`.
    """
    sagemaker = platform.client("sagemaker")
    sagemaker.list_transform_jobs()  # the connection is there before the clock runs
    began = time.perf_counter()
    sagemaker.create_transform_job(**request(job))
    deadline = time.monotonic() + seconds
    while True:
        described: dict[str, Any] = sagemaker.describe_transform_job(TransformJobName=job.name)
        took = time.perf_counter() - began
        if described["TransformJobStatus"] == "Completed":
            return took
        if described["TransformJobStatus"] != "InProgress":
            raise Unavailable(f"{job.name}: {described.get('FailureReason', 'no reason')[:300]}")
        if time.monotonic() > deadline:
            sagemaker.stop_transform_job(TransformJobName=job.name)
            raise Unavailable(f"{job.name} takes longer than {seconds:.0f} s")
        time.sleep(_LOOK_S)


def request(job: Job) -> dict[str, Any]:
    """The members of CreateTransformJob: CSV by lines, in payloads of 6 MB, CSV back."""
    given: dict[str, Any] = {
        "TransformJobName": job.name,
        "ModelName": job.model,
        "MaxPayloadInMB": 6,
        "BatchStrategy": "MultiRecord",
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": job.source}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {
            "S3OutputPath": job.output,
            "Accept": "text/csv",
            "AssembleWith": "Line",
        },
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": job.instances},
    }
    if job.concurrency:
        given["MaxConcurrentTransforms"] = job.concurrency
    return given


def make_model(platform: Platform, name: str, saved: bytes) -> None:
    """A model of a joblib file."""
    ours.make_model(platform, name, ours.packed({"model.joblib": saved}))
