"""kill -9 in the middle of processing jobs: what was lost begins anew, nothing runs twice."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until

from argosy.ground.files import read_json
from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

BUCKET = "crash-processing"
PROGRAM = "; ".join(
    (
        "echo up; echo begun > /opt/ml/processing/out/$HOSTNAME",
        "while [ ! -e /opt/ml/processing/go/* ]; do sleep 0.1; done",
        "echo done > /opt/ml/processing/out/end",
    )
)


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as running:
        running.client("s3").create_bucket(Bucket=BUCKET)
        yield running


def create(platform: Platform, name: str, program: str) -> None:
    output = {
        "S3Uri": f"s3://{BUCKET}/{name}",
        "LocalPath": "/opt/ml/processing/out",
        "S3UploadMode": "EndOfJob",
    }
    cluster = {"InstanceCount": 1, "InstanceType": "ml.m5.large", "VolumeSizeInGB": 1}
    platform.client("sagemaker").create_processing_job(
        ProcessingJobName=name,
        AppSpecification={"ImageUri": "sklearn", "ContainerEntrypoint": ["sh", "-c", program]},
        ProcessingOutputConfig={"Outputs": [{"OutputName": "out", "S3Output": output}]},
        ProcessingResources={"ClusterConfig": cluster},
        RoleArn="arn:aws:iam::000000000000:role/processing",
    )


def running(platform: Platform, name: str) -> dict[str, Any] | None:
    """The state of the job's instance, once its program runs."""
    for folder in platform.data_dir.glob("instances/*"):
        spec, state = read_json(folder / "spec.json"), read_json(folder / "state.json")
        if spec and state and spec["owner"] == f"processing-job/{name}":
            begun = list((folder / "ml/processing/out").glob("algo-1"))
            if state["phase"] == "InService" and begun:
                return {**state, "folder": str(folder)}
    return None


def described(platform: Platform, name: str) -> dict[str, Any]:
    found = platform.client("sagemaker").describe_processing_job(ProcessingJobName=name)
    return dict(found)


def finished(platform: Platform, name: str) -> str:
    def look() -> str:
        status = str(described(platform, name)["ProcessingJobStatus"])
        return "" if status == "InProgress" else status

    return str(until(look, 120))


def streams(platform: Platform, name: str) -> int:
    logs, group = platform.client("logs"), "/aws/sagemaker/ProcessingJobs"
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
    return len(found["logStreams"])


def answers(platform: Platform) -> bool:
    try:
        platform.client("sagemaker").list_processing_jobs(MaxResults=1)
    except (BotoCoreError, ClientError):
        return False
    return True


def test_a_job_whose_agent_is_killed_begins_anew(platform: Platform) -> None:
    create(platform, "lost", PROGRAM)
    first = until(lambda: running(platform, "lost"), 120)

    os.kill(first["agent_pid"], signal.SIGKILL)
    again = until(
        lambda: (s := running(platform, "lost")) and s["agent_pid"] != first["agent_pid"] and s, 120
    )
    assert not Path(f"/proc/{first['worker_pid']}").exists()
    go = Path(again["folder"]) / "ml/processing/go"
    go.mkdir()
    (go / "on").touch()

    assert finished(platform, "lost") == "Completed"
    assert streams(platform, "lost") == 2
    listed = platform.client("s3").list_objects_v2(Bucket=BUCKET, Prefix="lost/")["Contents"]
    assert sorted(one["Key"] for one in listed) == ["lost/algo-1", "lost/end"]


def test_killing_control_changes_nothing(platform: Platform) -> None:
    create(platform, "calm", PROGRAM)
    first = until(lambda: running(platform, "calm"), 120)
    pid = platform.pids()["control"]

    os.kill(pid, signal.SIGKILL)
    until(lambda: answers(platform) and platform.pids()["control"] not in (0, pid), 120)
    go = Path(first["folder"]) / "ml/processing/go"
    go.mkdir()
    (go / "on").touch()

    assert finished(platform, "calm") == "Completed"
    assert streams(platform, "calm") == 1
