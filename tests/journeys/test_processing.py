"""Processing jobs of any image, through boto3 on a whole platform."""

import json
from typing import Any

import pytest
from tests.support.endpoints import until

SKLEARN = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
BUCKET = "processing"
SCRIPT = """
import argparse, json, os, pathlib
import boto3, pandas
parser = argparse.ArgumentParser()
parser.add_argument("--keep", type=int)
keep = parser.parse_args().keep
config = json.loads(pathlib.Path("/opt/ml/config/resourceconfig.json").read_text())
frame = pandas.concat(
    pandas.read_csv(p) for p in sorted(pathlib.Path("/opt/ml/processing/input/data").iterdir())
)
host = config["current_host"]
frame.head(keep).to_csv(f"/opt/ml/processing/output/train/{host}.csv", index=False)
me = boto3.client("sts").get_caller_identity()["Arn"]
print("host", host, "of", config["hosts"], "as", me, os.environ["MODE"])
pathlib.Path("/opt/ml/output/message").write_text(f"kept {len(frame.head(keep))}")
"""


@pytest.fixture(scope="module")
def data(platform: Any) -> str:
    """Two objects and the script; the prefix of the objects."""
    s3 = platform.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    for name in ("one", "two"):
        s3.put_object(Bucket=BUCKET, Key=f"data/{name}.csv", Body=b"a,b\n1,2\n3,4\n")
    s3.put_object(Bucket=BUCKET, Key="code/prepare.py", Body=SCRIPT.encode())
    return f"s3://{BUCKET}/data/"


def create(platform: Any, name: str, data: str, *, count: int = 1, **changes: Any) -> Any:
    """What SKLearnProcessor.run sends."""

    def given(name: str, uri: str, **more: Any) -> dict[str, Any]:
        return {
            "InputName": name,
            "AppManaged": False,
            "S3Input": {
                "S3Uri": uri,
                "LocalPath": f"/opt/ml/processing/input/{name}",
                "S3DataType": "S3Prefix",
                "S3InputMode": "File",
                "S3DataDistributionType": "FullyReplicated",
                "S3CompressionType": "None",
                **more,
            },
        }

    sharded = "ShardedByS3Key" if count > 1 else "FullyReplicated"
    application = {
        "ImageUri": SKLEARN,
        "ContainerEntrypoint": ["python3", "/opt/ml/processing/input/code/prepare.py"],
        "ContainerArguments": ["--keep", "3"],
    }
    platform.client("sagemaker").create_processing_job(
        ProcessingJobName=name,
        AppSpecification=changes.pop("application", application),
        Environment={"MODE": "quick"},
        ProcessingInputs=[
            given("data", data, S3DataDistributionType=sharded),
            given("code", f"s3://{BUCKET}/code/prepare.py"),
        ],
        ProcessingOutputConfig={
            "Outputs": [
                {
                    "OutputName": "train",
                    "AppManaged": False,
                    "S3Output": {
                        "S3Uri": f"s3://{BUCKET}/{name}/train",
                        "LocalPath": "/opt/ml/processing/output/train",
                        "S3UploadMode": changes.pop("mode", "EndOfJob"),
                    },
                }
            ]
        },
        ProcessingResources={
            "ClusterConfig": {
                "InstanceCount": count,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 30,
            }
        },
        RoleArn="arn:aws:iam::000000000000:role/processing",
        **changes,
    )


def finished(platform: Any, name: str) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")

    def look() -> dict[str, Any] | None:
        found: dict[str, Any] = sagemaker.describe_processing_job(ProcessingJobName=name)
        return None if found["ProcessingJobStatus"] in ("InProgress", "Stopping") else found

    return dict(until(look, 180))


def objects(platform: Any, prefix: str) -> dict[str, bytes]:
    s3 = platform.client("s3")
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", [])
    return {
        one["Key"].rpartition("/")[2]: s3.get_object(Bucket=BUCKET, Key=one["Key"])["Body"].read()
        for one in listed
    }


def log_of(platform: Any, name: str) -> dict[str, str]:
    """Stream → its lines."""
    logs, group = platform.client("logs"), "/aws/sagemaker/ProcessingJobs"
    found = logs.describe_log_streams(logGroupName=group, logStreamNamePrefix=f"{name}/")
    texts = {}
    for stream in (one["logStreamName"] for one in found["logStreams"]):
        events = logs.get_log_events(logGroupName=group, logStreamName=stream)["events"]
        texts[stream] = "\n".join(event["message"] for event in events)
    return texts


def test_a_script_prepares_data_as_its_role(platform: Any, data: str) -> None:
    create(platform, "prepare", data)

    found = finished(platform, "prepare")

    assert found["ProcessingJobStatus"] == "Completed", found.get("FailureReason")
    assert found["ExitMessage"] == "kept 3"
    assert found["ProcessingStartTime"] <= found["ProcessingEndTime"]
    assert objects(platform, "prepare/train/") == {"algo-1.csv": b"a,b\n1,2\n3,4\n1,2\n"}
    ((stream, text),) = log_of(platform, "prepare").items()
    assert stream.startswith("prepare/algo-1-")
    assert "host algo-1 of ['algo-1'] as arn:aws:sts::000000000000:assumed-role/processing/" in text
    assert text.rstrip().endswith("quick")


def test_two_instances_share_the_objects(platform: Any, data: str) -> None:
    create(platform, "shared", data, count=2)

    assert finished(platform, "shared")["ProcessingJobStatus"] == "Completed"
    assert objects(platform, "shared/train/") == dict.fromkeys(
        ("algo-1.csv", "algo-2.csv"), b"a,b\n1,2\n3,4\n"
    )
    assert len(log_of(platform, "shared")) == 2


def test_a_failing_program_fails_the_job_with_its_reason(platform: Any, data: str) -> None:
    fails = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["sh", "-c", "echo no such data; exit 3"]}
    create(platform, "fails", data, application=fails)

    found = finished(platform, "fails")

    assert found["ProcessingJobStatus"] == "Failed"
    assert "exit code: 3" in found["FailureReason"]
    assert "no such data" in found["FailureReason"]


def test_a_stopped_job_has_written_what_was_to_be_written_all_the_time(
    platform: Any, data: str
) -> None:
    waits = "echo early > /opt/ml/processing/output/train/early; exec sleep 1000"
    endless = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["sh", "-c", waits]}
    create(platform, "endless", data, application=endless, mode="Continuous")
    until(lambda: "early" in objects(platform, "endless/train/"), 120)

    platform.client("sagemaker").stop_processing_job(ProcessingJobName="endless")

    assert finished(platform, "endless")["ProcessingJobStatus"] == "Stopped"
    assert objects(platform, "endless/train/") == {"early": b"early\n"}


def test_a_job_that_takes_longer_than_it_may_is_stopped(platform: Any, data: str) -> None:
    endless = {"ImageUri": SKLEARN, "ContainerEntrypoint": ["sleep", "1000"]}
    limit = {"MaxRuntimeInSeconds": 1}
    create(platform, "slow", data, application=endless, StoppingCondition=limit)

    found = finished(platform, "slow")

    assert found["ProcessingJobStatus"] == "Stopped"
    assert "MaxRuntimeInSeconds" in found["ExitMessage"]
    assert json.loads(json.dumps(found["StoppingCondition"])) == limit
