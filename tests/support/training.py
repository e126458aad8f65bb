"""Training jobs on a real platform: scripts uploaded, jobs created, ends waited for."""

import io
import json
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
from sklearn.datasets import load_iris

from tests.support.endpoints import archive, files_of, until
from tests.support.training_jobs import IMAGE, channel, request

BUCKET = "training"
PATIENCE_S = 180.0
PYTORCH = "763104351884.dkr.ecr.us-east-1.amazonaws.com/pytorch-training:2.3-cpu-py311"
RUNNING = ("InProgress", "Stopping")
LOGISTIC = """
import argparse, os
import joblib, numpy as np
from sklearn.linear_model import LogisticRegression

def model_fn(folder):
    return joblib.load(os.path.join(folder, "model.joblib"))

if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--strength", type=float)
    given, _ = parser.parse_known_args()
    rows = np.loadtxt(os.path.join(os.environ["SM_CHANNEL_TRAIN"], "iris.csv"), delimiter=",")
    model = LogisticRegression(C=given.strength, max_iter=1000).fit(rows[:, 1:], rows[:, 0])
    print(f"accuracy={model.score(rows[:, 1:], rows[:, 0]):.3f};")
    joblib.dump(model, os.path.join(os.environ["SM_MODEL_DIR"], "model.joblib"))
"""
"""A script that fits a logistic regression to iris.csv, with a hyperparameter `strength`."""


def put(platform: Any, key: str, content: bytes) -> str:
    """Upload an object; returns its S3 URI."""
    s3 = platform.client("s3")
    if BUCKET not in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]:
        s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key=key, Body=content)
    return f"s3://{BUCKET}/{key}"


def iris_csv() -> bytes:
    """Iris as rows of numbers, the class first."""
    rows, labels = load_iris(return_X_y=True)
    text = io.StringIO()
    np.savetxt(text, np.column_stack([labels, rows]), delimiter=",")
    return text.getvalue().encode()


def begin(
    platform: Any, name: str, script: str, make: Callable[..., Any] = request, **changes: Any
) -> None:
    """Create a job that runs a script in script mode; `given` are its hyperparameters."""
    source = put(platform, f"{name}/sourcedir.tar.gz", archive({"train.py": script.encode()}))
    given = {"sagemaker_program": "train.py", "sagemaker_submit_directory": source}
    given |= changes.pop("given", {})
    asked = {
        "InputDataConfig": [],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "HyperParameters": {key: json.dumps(value) for key, value in given.items()},
        **changes,
    }
    asked = make(name, **asked)
    if not asked["InputDataConfig"]:
        del asked["InputDataConfig"]
    platform.client("sagemaker").create_training_job(**asked)


def described(platform: Any, name: str) -> dict[str, Any]:
    return dict(platform.client("sagemaker").describe_training_job(TrainingJobName=name))


def finished(platform: Any, name: str) -> dict[str, Any]:
    """What DescribeTrainingJob says when it is over."""
    sagemaker = platform.client("sagemaker")

    def over() -> dict[str, Any] | None:
        found = sagemaker.describe_training_job(TrainingJobName=name)
        return None if found["TrainingJobStatus"] in RUNNING else dict(found)

    return dict(until(over, PATIENCE_S))


def lines(platform: Any, name: str) -> list[str]:
    """What the job has printed so far, on all hosts."""
    logs = platform.client("logs")
    try:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName="/aws/sagemaker/TrainingJobs", logStreamNamePrefix=f"{name}/"
        )
        return [event["message"] for page in pages for event in page["events"]]
    except logs.exceptions.ResourceNotFoundException:
        return []


def says(platform: Any, name: str, text: str) -> None:
    """Wait until the job has printed it."""
    until(lambda: any(text in line for line in lines(platform, name)), PATIENCE_S)


def unpacked(platform: Any, uri: str) -> dict[str, bytes]:
    """The files of an archive in S3."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return files_of(platform.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def model_of(platform: Any, job: dict[str, Any]) -> Any:
    """The model.joblib that a job has left."""
    files = unpacked(platform, job["ModelArtifacts"]["S3ModelArtifacts"])
    return joblib.load(io.BytesIO(files["model.joblib"]))


def stages(job: dict[str, Any]) -> list[str]:
    return [one["Status"] for one in job["SecondaryStatusTransitions"]]


__all__ = [
    "BUCKET",
    "IMAGE",
    "LOGISTIC",
    "PYTORCH",
    "begin",
    "channel",
    "described",
    "finished",
    "iris_csv",
    "lines",
    "model_of",
    "put",
    "says",
    "stages",
    "unpacked",
]
