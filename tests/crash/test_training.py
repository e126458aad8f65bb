"""kill -9 in the middle of training jobs: each runs once, counts once, and ends as it should."""

import os
import signal
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until
from tests.support.training import BUCKET, begin, described, finished, lines, stages, unpacked
from tests.support.training_jobs import spot

from argosy.ground.files import read_json
from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

COUNTS = """
import os, time
print("begins", flush=True)
for step in range(30):
    print(f"step={step};", flush=True)
    time.sleep(0.1)
with open(os.environ["SM_MODEL_DIR"] + "/steps.txt", "w") as file:
    file.write("30")
"""
RESUMES = """
import os, time
os.makedirs("/opt/ml/checkpoints", exist_ok=True)
place = "/opt/ml/checkpoints/seen"
again = os.path.exists(place)
open(place, "w").close()
print("again" if again else "first", flush=True)
while not again:
    time.sleep(0.1)
"""
STEPS = {"MetricDefinitions": [{"Name": "step", "Regex": "step=([0-9]+);"}]}
KILLS = 3


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


def agents(platform: Platform, name: str) -> list[int]:
    """Processes of the agents of a job's instances, whose algorithm runs."""
    found = []
    for folder in platform.data_dir.glob("instances/*"):
        spec, state = read_json(folder / "spec.json"), read_json(folder / "state.json")
        mine = spec and spec["owner"] == f"training-job/{name}"
        if mine and state and state["phase"] == "InService":
            found.append(state["agent_pid"])
    return found


def kill_control(platform: Platform) -> None:
    """And wait until another one answers."""
    pid = platform.pids()["control"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: _answers(platform) and platform.pids()["control"] not in (0, pid))


def _answers(platform: Platform) -> bool:
    try:
        platform.client("sagemaker").list_training_jobs(MaxResults=1)
    except (BotoCoreError, ClientError):
        return False
    return True


def statistics(platform: Platform, name: str) -> dict[str, Any]:
    """What CloudWatch has of the job's steps."""
    now = time.time()
    (point,) = platform.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="step",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
        StartTime=datetime.fromtimestamp(now - 3600, UTC),
        EndTime=datetime.fromtimestamp(now + 60, UTC),
        Period=86400,
        Statistics=["SampleCount", "Sum"],
    )["Datapoints"]
    return dict(point)


def test_a_job_survives_every_death_of_control_and_counts_each_line_once(
    platform: Platform,
) -> None:
    begin(platform, "counted", COUNTS, algorithm=STEPS)
    for _ in range(KILLS):
        kill_control(platform)

    job = finished(platform, "counted")

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert lines(platform, "counted").count("begins") == 1
    assert job["FinalMetricDataList"][0]["Value"] == 29
    counted = statistics(platform, "counted")
    assert (counted["SampleCount"], counted["Sum"]) == (30, sum(range(30)))
    assert unpacked(platform, job["ModelArtifacts"]["S3ModelArtifacts"]) == {"steps.txt": b"30"}
    until(lambda: list(platform.data_dir.glob("instances/*/spec.json")) == [])


def test_a_job_whose_agent_dies_fails_as_an_internal_error(platform: Platform) -> None:
    begin(platform, "lost", COUNTS)
    (pid,) = until(lambda: agents(platform, "lost"))
    os.kill(pid, signal.SIGKILL)
    job = finished(platform, "lost")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("InternalServerError: ")


def test_a_job_that_loses_one_of_two_hosts_ends_the_other(platform: Platform) -> None:
    begin(platform, "half", RESUMES, resources={"InstanceCount": 2})
    pids = until(lambda: len(found := agents(platform, "half")) == 2 and found)
    os.kill(pids[0], signal.SIGKILL)
    job = finished(platform, "half")
    assert job["FailureReason"].startswith("InternalServerError: ")
    until(lambda: list(platform.data_dir.glob("instances/*/spec.json")) == [])


def test_a_job_with_a_retry_strategy_begins_again_from_its_checkpoint(platform: Platform) -> None:
    place = {"S3Uri": f"s3://{BUCKET}/retried/checkpoints"}
    attempts = {"MaximumRetryAttempts": 2}
    begin(platform, "retried", RESUMES, RetryStrategy=attempts, CheckpointConfig=place)
    (pid,) = until(lambda: agents(platform, "retried"))
    s3 = platform.client("s3")
    until(lambda: s3.list_objects_v2(Bucket=BUCKET, Prefix="retried/checkpoints").get("Contents"))
    os.kill(pid, signal.SIGKILL)
    job = finished(platform, "retried")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "Restarting" in stages(job)
    assert "again" in lines(platform, "retried")


def test_a_spot_job_goes_on_when_the_platform_was_stopped_and_started(tmp_path: Any) -> None:
    place = {"S3Uri": f"s3://{BUCKET}/down/checkpoints"}
    with Platform(tmp_path / "data") as platform:
        begin(platform, "down", RESUMES, make=spot, CheckpointConfig=place)
        until(lambda: "first" in lines(platform, "down"))
    with Platform(tmp_path / "data") as platform:
        job = finished(platform, "down")
        assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
        assert stages(job).count("Training") == 2
        assert described(platform, "down")["SecondaryStatus"] == "Completed"
