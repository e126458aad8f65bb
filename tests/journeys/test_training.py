"""Training jobs by boto3, as a data scientist sees them: trained, watched, stopped, resumed."""

import json
from typing import Any

import numpy as np
import pytest
from tests.support.command import argosy
from tests.support.endpoints import classifier, until
from tests.support.training import (
    BUCKET,
    PYTORCH,
    begin,
    channel,
    described,
    finished,
    iris_csv,
    lines,
    model_of,
    put,
    says,
    stages,
    unpacked,
)
from tests.support.training_jobs import spot

from argosy.testing import Platform

pytestmark = pytest.mark.timeout(600)

TRAINS = """
import argparse, os
import boto3, joblib, numpy as np
from sklearn.linear_model import LogisticRegression

parser = argparse.ArgumentParser()
parser.add_argument("--strength", type=float)
given = parser.parse_args()
rows = np.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "iris.csv"), delimiter=",")
for strength in (0.01, given.strength):
    model = LogisticRegression(C=strength, max_iter=1000).fit(rows[:, 1:], rows[:, 0])
    print(f"accuracy={model.score(rows[:, 1:], rows[:, 0]):.6f};", flush=True)
print("role:", boto3.client("sts").get_caller_identity()["Arn"])
joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
FAILS = """
import sys
print("looking at the data")
raise ValueError("column 3 is missing")
"""
SAVES_WHEN_STOPPED = """
import os, signal, sys, time

def save(*_):
    with open(os.environ["SM_MODEL_DIR"] + "/half.txt", "w") as file:
        file.write("half a model")
    sys.exit(0)

signal.signal(signal.SIGTERM, save)
print("epoch 1", flush=True)
while True:
    time.sleep(0.1)
"""
CHECKPOINTS = """
import os, time
place = "/opt/ml/checkpoints/epoch.txt"
epoch = int(open(place).read()) if os.path.exists(place) else 0
print("begins at epoch", epoch, flush=True)
begun_anew = epoch == 0
while begun_anew or epoch < 3:
    epoch += 1
    with open(place, "w") as file:
        file.write(str(epoch))
    print("epoch", epoch, flush=True)
    time.sleep(0.2)
"""
CACHES = """
import os
place = os.environ.get("WARM", "/opt/ml/sagemaker/warmpoolcache") + "/count"
count = int(open(place).read()) if os.path.exists(place) else 0
print("found", count)
with open(place, "w") as file:
    file.write(str(count + 1))
"""
ALL_REDUCES = """
import json, os
import torch
import torch.distributed as dist

hosts, host = json.loads(os.environ["SM_HOSTS"]), os.environ["SM_CURRENT_HOST"]
rank = hosts.index(host)
os.environ.update(MASTER_ADDR=hosts[0], MASTER_PORT="29500")
dist.init_process_group("gloo", rank=rank, world_size=len(hosts))
total = torch.tensor([float(rank + 1)])
dist.all_reduce(total)
dist.destroy_process_group()
print(f"{host}: total {total.item():g}", flush=True)
with open(os.path.join(os.environ["SM_MODEL_DIR"], f"{host}.txt"), "w") as file:
    file.write(str(total.item()))
"""
ACCURACY = {"MetricDefinitions": [{"Name": "accuracy", "Regex": "accuracy=([0-9.]+);"}]}


def test_a_script_trains_the_model_that_it_would_train_locally(platform: Platform) -> None:
    data = put(platform, "fit/data/iris.csv", iris_csv())
    begin(
        platform,
        "fit",
        TRAINS,
        given={"strength": 2.0},
        algorithm=ACCURACY,
        InputDataConfig=[channel(uri=data)],
    )

    job = finished(platform, "fit")

    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert stages(job)[-4:] == ["Downloading", "Training", "Uploading", "Completed"]
    assert all("EndTime" in one for one in job["SecondaryStatusTransitions"])
    assert np.allclose(model_of(platform, job).coef_, classifier(2.0).coef_)
    told = lines(platform, "fit")
    assert "role: arn:aws:sts::000000000000:assumed-role/scientist/fit" in told
    values = [float(line[9:-1]) for line in told if line.startswith("accuracy=")]
    (metric,) = job["FinalMetricDataList"]
    assert (metric["MetricName"], metric["Value"]) == ("accuracy", pytest.approx(values[-1]))
    until(lambda: sum_of(platform, "fit", job) == pytest.approx(sum(values)))
    assert 1 <= job["BillableTimeInSeconds"] <= job["TrainingTimeInSeconds"]


def sum_of(platform: Platform, name: str, job: dict[str, Any]) -> float:
    """The sum of all values of the job's metric, as CloudWatch has them."""
    found = platform.client("cloudwatch").get_metric_statistics(
        Namespace="/aws/sagemaker/TrainingJobs",
        MetricName="accuracy",
        Dimensions=[{"Name": "TrainingJobName", "Value": name}],
        StartTime=job["CreationTime"],
        EndTime=job["TrainingEndTime"].replace(year=job["TrainingEndTime"].year + 1),
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_describe_and_the_logs_tell_why_a_job_failed(platform: Platform) -> None:
    """Seed 001: "Where to check error": the Describe call, and CloudWatch."""
    begin(platform, "fails", FAILS)

    job = finished(platform, "fails")

    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Failed"
    assert job["FailureReason"].startswith("AlgorithmError: ")
    assert "column 3 is missing" in job["FailureReason"]
    told = lines(platform, "fails")
    assert "looking at the data" in told
    assert "ValueError: column 3 is missing" in told


def test_data_that_is_not_there_fails_the_job_before_it_trains(platform: Platform) -> None:
    put(platform, "other", b"")
    begin(
        platform,
        "nothing",
        FAILS,
        InputDataConfig=[channel(uri=f"s3://{BUCKET}/no-such-prefix/")],
    )
    job = finished(platform, "nothing")
    assert job["FailureReason"].startswith("ClientError: ")
    assert "no-such-prefix" in job["FailureReason"]
    assert "Training" not in stages(job)


def test_logs_are_there_while_a_job_trains_and_a_stopped_job_keeps_what_it_saved(
    platform: Platform,
) -> None:
    begin(platform, "stopped", SAVES_WHEN_STOPPED)
    says(platform, "stopped", "epoch 1")
    assert described(platform, "stopped")["TrainingJobStatus"] == "InProgress"
    shown = argosy(platform.environment(), "logs", "--training", "stopped")
    assert "epoch 1" in shown.out
    shown = argosy(platform.environment(), "status")
    assert "stopped" in shown.out

    platform.client("sagemaker").stop_training_job(TrainingJobName="stopped")

    job = finished(platform, "stopped")
    assert job["TrainingJobStatus"] == job["SecondaryStatus"] == "Stopped"
    files = unpacked(platform, job["ModelArtifacts"]["S3ModelArtifacts"])
    assert files == {"half.txt": b"half a model"}


def test_a_job_that_takes_longer_than_it_may_is_stopped(platform: Platform) -> None:
    begin(platform, "long", SAVES_WHEN_STOPPED, stop={"MaxRuntimeInSeconds": 2})
    job = finished(platform, "long")
    assert job["TrainingJobStatus"] == "Stopped"
    assert job["SecondaryStatus"] == "MaxRuntimeExceeded"


def test_an_interrupted_spot_job_resumes_from_its_checkpoint(platform: Platform) -> None:
    place = {"S3Uri": f"s3://{BUCKET}/spot/checkpoints"}
    begin(platform, "spot", CHECKPOINTS, make=spot, CheckpointConfig=place)
    says(platform, "spot", "epoch 4")

    told = argosy(platform.environment(), "interrupt", "spot", "--json")

    assert told.code == 0, told.err
    assert json.loads(told.out)["run"]
    job = finished(platform, "spot")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert stages(job).count("Training") == 2
    assert "Interrupted" in stages(job)
    begins = [line for line in lines(platform, "spot") if line.startswith("begins at epoch")]
    assert begins[0] == "begins at epoch 0"
    assert int(begins[1].rpartition(" ")[2]) >= 4
    assert argosy(platform.environment(), "interrupt", "spot").code == 1


def test_the_next_job_finds_what_a_warm_pool_has_kept(platform: Platform) -> None:
    kept = {"KeepAlivePeriodInSeconds": 600, "VolumeSizeInGB": 7}
    sagemaker = platform.client("sagemaker")
    begin(platform, "warm-1", CACHES, resources=kept)
    job = finished(platform, "warm-1")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert job["WarmPoolStatus"] == {"Status": "Available"}

    begin(platform, "warm-2", CACHES, resources=kept)

    job = finished(platform, "warm-2")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    assert "found 1" in lines(platform, "warm-2")
    pool = described(platform, "warm-1")["WarmPoolStatus"]
    assert (pool["Status"], pool["ReusedByJob"]) == ("Reused", "warm-2")
    sagemaker.update_training_job(
        TrainingJobName="warm-2", ResourceConfig={"KeepAlivePeriodInSeconds": 0}
    )
    until(lambda: described(platform, "warm-2")["WarmPoolStatus"]["Status"] == "Terminated")


def test_two_hosts_train_together_over_gloo_and_leave_one_model(platform: Platform) -> None:
    begin(
        platform,
        "pair",
        ALL_REDUCES,
        algorithm={"TrainingImage": PYTORCH},
        resources={"InstanceCount": 2},
    )
    job = finished(platform, "pair")
    assert job["TrainingJobStatus"] == "Completed", job.get("FailureReason")
    told = lines(platform, "pair")
    assert "algo-1: total 3" in told
    assert "algo-2: total 3" in told
    files = unpacked(platform, job["ModelArtifacts"]["S3ModelArtifacts"])
    assert sorted(files) == ["algo-1.txt", "algo-2.txt"]
