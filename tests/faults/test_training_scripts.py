"""Training scripts that do what scripts should not: the job ends, says why, and hurts no other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.training import begin, finished, lines, says

pytestmark = pytest.mark.timeout(600)

IGNORES = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
while True:
    time.sleep(1)
"""
FILLS = """
import os, time
with open(os.environ["SM_MODEL_DIR"] + "/big", "wb") as file:
    os.posix_fallocate(file.fileno(), 0, (1 << 30) + (1 << 20))
print("full", flush=True)
time.sleep(300)
"""
SHOUTS = """
for step in range(60_000):
    print("x" * 90, f"loss={step};")
print("loss=0.5;")
"""
KILLS_ITSELF = """
import os, signal
os.kill(os.getpid(), signal.SIGKILL)
"""
LEAVES_CHILDREN = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(987654.3)"])
print("child", child.pid)
"""
HALF_FAILS = """
import os, time
if os.environ["SM_CURRENT_HOST"] == "algo-2":
    raise RuntimeError("the second host broke")
time.sleep(1e5)
"""
LOSS = {"MetricDefinitions": [{"Name": "loss", "Regex": "loss=([0-9.]+);"}]}


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    """Jobs have a second to stop; a log holds a MiB."""
    with Platform(job_stop_s=1, log_stream_mb=1) as platform:
        yield platform


def test_a_script_that_ignores_sigterm_is_killed_after_its_time(platform: Platform) -> None:
    begin(platform, "deaf", IGNORES)
    says(platform, "deaf", "ready")
    began = time.monotonic()
    platform.client("sagemaker").stop_training_job(TrainingJobName="deaf")
    job = finished(platform, "deaf")
    assert job["TrainingJobStatus"] == "Stopped"
    assert time.monotonic() - began < 60


def test_a_script_that_fills_its_volume_fails_and_its_files_are_removed(
    platform: Platform,
) -> None:
    begin(platform, "full", FILLS, resources={"VolumeSizeInGB": 1})
    job = finished(platform, "full")
    assert job["TrainingJobStatus"] == "Failed"
    assert "VolumeSizeInGB" in job["FailureReason"]
    until(lambda: list(platform.data_dir.glob("instances/*/spec.json")) == [])


def test_a_script_that_shouts_is_read_to_the_end_and_its_log_stays_small(
    platform: Platform,
) -> None:
    begin(platform, "loud", SHOUTS, algorithm=LOSS)
    job = finished(platform, "loud")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["FinalMetricDataList"][0]["Value"] == 0.5
    (stream,) = platform.client("logs").describe_log_streams(
        logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix="loud/"
    )["logStreams"]
    assert stream["storedBytes"] <= 2 << 20


def test_a_script_that_is_killed_fails_the_job_with_its_exit_code(platform: Platform) -> None:
    begin(platform, "killed", KILLS_ITSELF)
    job = finished(platform, "killed")
    assert job["TrainingJobStatus"] == "Failed"
    assert "137" in job["FailureReason"]


def test_what_a_script_leaves_running_ends_with_the_job(platform: Platform) -> None:
    begin(platform, "parent", LEAVES_CHILDREN)
    job = finished(platform, "parent")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert any(line.startswith("child ") for line in lines(platform, "parent"))
    until(lambda: not any(map(_is_the_child, Path("/proc").iterdir())))


def _is_the_child(process: Path) -> bool:
    try:
        return b"time.sleep(987654.3)" in (process / "cmdline").read_bytes().split(b"\0")[-2]
    except (OSError, IndexError):
        return False


def test_a_bucket_that_is_not_there_fails_the_job_when_it_uploads(platform: Platform) -> None:
    place = {"S3OutputPath": "s3://no-such-bucket-at-all/out"}
    begin(platform, "nowhere", "print('done')", OutputDataConfig=place)
    job = finished(platform, "nowhere")
    assert job["TrainingJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("ClientError: ")
    assert "no-such-bucket-at-all" in job["FailureReason"]


def test_a_host_that_fails_ends_the_others_that_wait_for_it(platform: Platform) -> None:
    begin(platform, "half", HALF_FAILS, resources={"InstanceCount": 2})
    job = finished(platform, "half")
    assert job["TrainingJobStatus"] == "Failed"
    assert "the second host broke" in job["FailureReason"]
    until(lambda: list(platform.data_dir.glob("instances/*/spec.json")) == [])
