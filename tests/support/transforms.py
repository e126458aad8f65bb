"""Transform jobs on a real platform, for tests: rows up, a job, rows down."""

import io
from typing import Any

import numpy as np

from tests.support.endpoints import ROWS, until

BUCKET = "transforms"
OVER = ("Completed", "Failed", "Stopped")


def bucket(platform: Any, name: str = BUCKET) -> Any:
    """An S3 client, and the bucket is there."""
    s3 = platform.client("s3", s3={"addressing_style": "path"})
    if name not in [one["Name"] for one in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=name)
    return s3


def csv(rows: Any) -> bytes:
    """Rows as lines of CSV."""
    text = io.StringIO()
    np.savetxt(text, np.asarray(rows), fmt="%.6g", delimiter=",")
    return text.getvalue().encode()


def many_rows(count: int) -> np.ndarray:
    """Rows that differ from each other, like those of the iris."""
    drawn = np.random.default_rng(7).normal(0, 0.4, (count, 4))
    return np.round(np.resize(ROWS, (count, 4)) + drawn, 3)


def begin(
    platform: Any,
    name: str,
    model: str,
    source: str,
    target: str,
    *,
    instances: int = 1,
    kind: str = "S3Prefix",
    input: dict[str, Any] | None = None,
    output: dict[str, Any] | None = None,
    **members: Any,
) -> None:
    """CreateTransformJob of CSV rows; `input` and `output` change the members of those names."""
    platform.client("sagemaker").create_transform_job(
        TransformJobName=name,
        ModelName=model,
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": kind, "S3Uri": source}},
            "ContentType": "text/csv",
            "SplitType": "Line",
            **(input or {}),
        },
        TransformOutput={
            "S3OutputPath": target,
            "Accept": "text/csv",
            "AssembleWith": "Line",
            **(output or {}),
        },
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": instances},
        **members,
    )


def ended(platform: Any, name: str, timeout_s: float = 180.0) -> dict[str, Any]:
    """DescribeTransformJob once the job is over."""
    sagemaker = platform.client("sagemaker")

    def described() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_transform_job(TransformJobName=name)
        return found if found["TransformJobStatus"] in OVER else None

    return dict(until(described, timeout_s))


def report(platform: Any, name: str) -> dict[str, Any]:
    """A job under way, as `argosy status` shows it; {} when it is not."""
    jobs = platform.status()["transforms"]
    return next((one for one in jobs if one["name"] == name), {})


def keys(s3: Any, prefix: str, bucket: str = BUCKET) -> list[str]:
    """The keys below a prefix."""
    page = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)
    return [one["Key"] for one in page.get("Contents", [])]


def body(s3: Any, key: str, bucket: str = BUCKET) -> bytes:
    """An object's bytes."""
    return bytes(s3.get_object(Bucket=bucket, Key=key)["Body"].read())


def uploads(s3: Any, bucket: str = BUCKET) -> list[str]:
    """Keys of uploads that were neither completed nor aborted."""
    return [one["Key"] for one in s3.list_multipart_uploads(Bucket=bucket).get("Uploads", [])]
