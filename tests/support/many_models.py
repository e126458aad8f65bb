"""Multi-model endpoints for tests: a prefix in S3, small models below it, and calls by name."""

import json
from typing import Any

from botocore.exceptions import ClientError

from tests.support.endpoints import IMAGE, ROWS, create_config, predict, settled

BUCKET = "many"


def put_model(platform: Any, name: str, content: bytes, prefix: str) -> None:
    """Store an archive as the TargetModel `name` below the prefix."""
    s3 = platform.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=f"{prefix}/{name}", Body=content)


def container(prefix: str, *, cache: bool = True, slash: str = "/", **given: Any) -> dict[str, Any]:
    return {
        "Image": IMAGE,
        "Mode": "MultiModel",
        "ModelDataUrl": f"s3://{BUCKET}/{prefix}{slash}",
        "MultiModelConfig": {"ModelCacheSetting": "Enabled" if cache else "Disabled"},
        **given,
    }


def serve(platform: Any, name: str, count: int = 1, **options: Any) -> None:
    """An endpoint over the prefix of the same name, in service."""
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(ModelName=name, PrimaryContainer=container(name, **options))
    create_config(platform, name, AllTraffic=(name, count, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    described = settled(platform, name)
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")


def call(runtime: Any, endpoint: str, target: str, rows: Any = ROWS[:5]) -> list[Any]:
    return predict(runtime, endpoint, rows, TargetModel=target)


def failure(runtime: Any, endpoint: str, **options: Any) -> dict[str, Any]:
    """The error of a call that must fail: its `Error`, and what else it says."""
    try:
        runtime.invoke_endpoint(
            EndpointName=endpoint,
            ContentType="application/json",
            Body=json.dumps(ROWS[:2].tolist()),
            **options,
        )
    except ClientError as error:
        return {**error.response, **error.response["Error"]}
    raise AssertionError("it was answered")


def log_of(platform: Any, endpoint: str, words: str) -> list[str]:
    """The lines of the endpoint's log with these words."""
    events = platform.client("logs").filter_log_events(
        logGroupName=f"/aws/sagemaker/Endpoints/{endpoint}", filterPattern=f'"{words}"'
    )["events"]
    return [event["message"] for event in events]


def counts(platform: Any, endpoint: str) -> dict[str, Any]:
    """What `argosy status --json` says of the models of the endpoint's first variant."""
    found = next(e for e in platform.status()["endpoints"] if e["name"] == endpoint)
    models: dict[str, Any] = found["variants"][0]["models"] or {}
    return models
