"""kill -9 of control in the middle of an analysis: it is done again, and ends once."""

import json
import os
import signal
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until

from argosy.testing import Platform

BUCKET = "monitored"
ROWS = 300_000
SOURCE, OUTPUT = "/opt/ml/processing/input/data", "/opt/ml/processing/output"


def begin(platform: Platform, name: str) -> None:
    platform.client("sagemaker").create_processing_job(
        ProcessingJobName=name,
        ProcessingInputs=[
            {
                "InputName": "data",
                "S3Input": {
                    "S3Uri": f"s3://{BUCKET}/data.csv",
                    "LocalPath": SOURCE,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "out",
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}",
                        "LocalPath": OUTPUT,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        ProcessingResources={
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 20,
            }
        },
        AppSpecification={"ImageUri": "sagemaker-model-monitor-analyzer"},
        Environment={
            "dataset_format": '{"csv": {"header": true}}',
            "dataset_source": SOURCE,
            "output_path": OUTPUT,
        },
        RoleArn="arn:aws:iam::000000000000:role/monitor",
    )


def streams(platform: Platform, name: str) -> list[str]:
    """Log streams of the job: one for each process that it had."""
    found = platform.data_dir.glob(f"logs/*/*/*ProcessingJobs/{name}%2F*")
    return [path.name for path in found if b"Reading" in _content(path)]


def _content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("*.log"))


def analyses(platform: Platform) -> int:
    """How many processes analyse something for this platform."""
    place = os.fsencode(platform.data_dir / "processing")
    return sum(place in command for command in map(_command, Path("/proc").glob("[0-9]*")))


def _command(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes()
    except OSError:
        return b""


def over(platform: Platform, name: str) -> dict[str, Any] | None:
    try:
        found = platform.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    except (BotoCoreError, ClientError):
        return None
    return None if found["ProcessingJobStatus"] == "InProgress" else dict(found)


@pytest.mark.timeout(400)
def test_an_analysis_that_died_with_control_is_done_again() -> None:
    with Platform() as platform:
        s3 = platform.client("s3")
        s3.create_bucket(Bucket=BUCKET)
        lines = (f"{number},{number % 7},{number / 3}\n" for number in range(ROWS))
        s3.put_object(Bucket=BUCKET, Key="data.csv", Body="a,b,c\n" + "".join(lines))
        begin(platform, "job")
        until(lambda: streams(platform, "job"), 120)
        os.kill(platform.pids()["control"], signal.SIGKILL)
        found = until(lambda: over(platform, "job"), 180)
        assert found["ProcessingJobStatus"] == "Completed", found
        assert len(streams(platform, "job")) == 2
        body = s3.get_object(Bucket=BUCKET, Key="job/statistics.json")["Body"].read()
        assert json.loads(body)["dataset"]["item_count"] == ROWS
        assert analyses(platform) == 0
