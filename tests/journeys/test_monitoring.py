"""Model monitoring on a real platform: baselines, runs on captured data, metrics of drift."""

import json
from typing import Any

import numpy as np
import pytest

from argosy.testing import Platform
from support.endpoints import until

IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer"
ROLE = "arn:aws:iam::000000000000:role/monitor"
BUCKET = "monitored"
CLUSTER = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 20}
SOURCE, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"


@pytest.fixture(scope="module")
def s3(platform: Platform) -> Any:
    client = platform.client("s3")
    client.create_bucket(Bucket=BUCKET)
    return client


@pytest.fixture(scope="module")
def sagemaker(platform: Platform) -> Any:
    return platform.client("sagemaker")


def rows(shift: float = 0.0, count: int = 500) -> list[list[float]]:
    random = np.random.default_rng(7)
    values = random.normal(size=(count, 2)) + np.array([0.0, shift])
    return [[float(one > 0), *map(float, (one, other))] for one, other in values]


def process(sagemaker: Any, name: str, key: str, **changes: Any) -> None:
    """A baselining job over an object or a prefix of the bucket."""
    environment = {"dataset_format": '{"csv": {"header": true}}', "dataset_source": SOURCE}
    sagemaker.create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": f"s3://{BUCKET}/{key}",
                    "LocalPath": SOURCE,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "monitoring_output",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}",
                        "LocalPath": OUTPUT,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        ProcessingResources={"ClusterConfig": CLUSTER},
        AppSpecification={"ImageUri": IMAGE},
        Environment={**environment, "output_path": OUTPUT, **changes.pop("environment", {})},
        RoleArn=ROLE,
        **changes,
    )


def finished(sagemaker: Any, name: str) -> dict[str, Any]:
    def described() -> dict[str, Any] | None:
        found = sagemaker.describe_processing_job(ProcessingJobName=name)
        return None if found["ProcessingJobStatus"] in ("InProgress", "Stopping") else found

    return until(described, 120)


def content(s3: Any, key: str) -> Any:
    return json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())


def test_a_baseline_is_computed_and_its_log_is_there(
    platform: Platform, s3: Any, sagemaker: Any
) -> None:
    lines = [",".join(map(str, row)) for row in rows()]
    s3.put_object(Bucket=BUCKET, Key="base/data.csv", Body="\n".join(["label,a,b", *lines]))
    process(sagemaker, "base-line", "base/data.csv")
    found = finished(sagemaker, "base-line")
    assert found["ProcessingJobStatus"] == "Completed", found
    assert found["ExitMessage"].startswith("Completed:")
    statistics = content(s3, "base-line/statistics.json")
    assert statistics["dataset"]["item_count"] == 500
    constraints = content(s3, "base-line/constraints.json")
    kinds = {one["name"]: one["inferred_type"] for one in constraints["features"]}
    assert kinds == {"label": "Fractional", "a": "Fractional", "b": "Fractional"}
    logs = platform.client("logs")
    group = "/aws/sagemaker/ProcessingJobs"
    (stream,) = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix="base-line/")[
        "logStreams"
    ]
    events = logs.get_log_events(
        logGroupName=group, logStreamName=stream["logStreamName"], startFromHead=True
    )["events"]
    assert any("500 rows read" in event["message"] for event in events)


@pytest.mark.parametrize(
    ("name", "key", "body", "reason"),
    [
        ("no-rows", "empty/data.csv", "label,a\n", "Job inputs had no data"),
        ("no-data", "nothing-here/", None, "Job inputs had no data"),
    ],
)
def test_a_job_that_cannot_be_done_says_why(
    s3: Any, sagemaker: Any, name: str, key: str, body: str | None, reason: str
) -> None:
    if body is not None:
        s3.put_object(Bucket=BUCKET, Key=key, Body=body)
    process(sagemaker, name, key)
    found = finished(sagemaker, name)
    assert (found["ProcessingJobStatus"], found["FailureReason"]) == ("Failed", reason)


def test_a_job_is_stopped(s3: Any, sagemaker: Any) -> None:
    process(sagemaker, "to-stop", "base/")
    sagemaker.stop_processing_job(ProcessingJobName="to-stop")
    assert finished(sagemaker, "to-stop")["ProcessingJobStatus"] in ("Stopped", "Completed")
