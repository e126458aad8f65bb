"""Asynchronous endpoints, for tests that need one: deploy, ask, wait for the answer."""

import json
from collections.abc import Iterable
from typing import Any

from tests.support.endpoints import create_model, settled, until

BUCKET = "async-box"


def make_bucket(platform: Any) -> Any:
    """An S3 client, and the bucket of these tests."""
    s3 = platform.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    return s3


def async_config(name: str, concurrency: int | None = 4, **output: Any) -> dict[str, Any]:
    """An AsyncInferenceConfig whose answers lie below the endpoint's name."""
    config: dict[str, Any] = {
        "OutputConfig": {
            "S3OutputPath": f"s3://{BUCKET}/{name}/out",
            "S3FailurePath": f"s3://{BUCKET}/{name}/failed",
            **output,
        }
    }
    if concurrency is not None:
        config["ClientConfig"] = {"MaxConcurrentInvocationsPerInstance": concurrency}
    return config


def deploy_async(
    platform: Any,
    name: str,
    content: bytes,
    *,
    instances: int = 1,
    concurrency: int | None = 4,
    notification: dict[str, Any] | None = None,
    **environment: str,
) -> dict[str, Any]:
    """Model, config and endpoint of one name, in service; returns DescribeEndpoint."""
    create_model(platform, name, content, **environment)
    return deploy_model(platform, name, instances, concurrency, notification)


def deploy_model(
    platform: Any,
    name: str,
    instances: int = 1,
    concurrency: int | None = 4,
    notification: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Config and endpoint of a model that is there, in service; returns DescribeEndpoint."""
    make_bucket(platform)
    told = {"NotificationConfig": notification} if notification else {}
    sagemaker = platform.client("sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": name,
                "InstanceType": "ml.m5.large",
                "InitialInstanceCount": instances,
            }
        ],
        AsyncInferenceConfig=async_config(name, concurrency, **told),
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = settled(platform, name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    return described


def scale(platform: Any, name: str, instances: int) -> None:
    """So many instances, and return when they are there."""
    platform.client("sagemaker").update_endpoint_weights_and_capacities(
        EndpointName=name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "AllTraffic", "DesiredInstanceCount": instances}
        ],
    )
    settled(platform, name)


def key_of(location: str) -> str:
    return location.removeprefix(f"s3://{BUCKET}/")


def content(platform: Any, location: str, timeout_s: float = 60.0) -> bytes:
    """What lies at an output or failure location, once it is there."""
    s3 = platform.client("s3")

    def there() -> dict[str, Any] | None:
        try:
            return dict(s3.get_object(Bucket=BUCKET, Key=key_of(location)))
        except s3.exceptions.NoSuchKey:
            return None

    return bytes(until(there, timeout_s)["Body"].read())


def rows_of(platform: Any, location: str) -> Any:
    return json.loads(content(platform, location))


def keys_below(platform: Any, prefix: str) -> set[str]:
    pages = platform.client("s3").get_paginator("list_objects_v2")
    found = pages.paginate(Bucket=BUCKET, Prefix=prefix)
    return {one["Key"] for page in found for one in page.get("Contents", ())}


def until_there(platform: Any, locations: Iterable[str], prefix: str, timeout_s: float) -> None:
    """Return when all these objects are below the prefix."""
    wanted = {key_of(location) for location in locations}
    until(lambda: wanted <= keys_below(platform, prefix), timeout_s)


def queue(platform: Any, name: str) -> dict[str, Any]:
    """The queue's metrics of `argosy status --json`."""
    return dict(measured(platform, name)["queue"])


def measured(platform: Any, name: str) -> dict[str, Any]:
    (found,) = [one for one in platform.status()["endpoints"] if one["name"] == name]
    return dict(found["async"])
