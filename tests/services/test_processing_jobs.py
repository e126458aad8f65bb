"""Processing jobs of Model Monitor's image through boto3."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.names import DEFAULT_ACCOUNT, DEFAULT_REGION
from argosy.state.events import EventOutbox
from argosy.state.processing_jobs import PROCESSING_JOB
from tests.support.api_client import ApiServer

ARN = "arn:aws:sagemaker:us-east-1:000000000000:processing-job/"
IMAGE = "156813124566.dkr.ecr.us-east-1.amazonaws.com/sagemaker-model-monitor-analyzer:latest"
SOURCE, OUTPUT = "/opt/ml/processing/input/baseline_dataset_input", "/opt/ml/processing/output"
Refused = Callable[..., str]


def request(name: str = "job", **changes: Any) -> dict[str, Any]:
    environment = {
        "dataset_format": json.dumps({"csv": {"header": True}}),
        "dataset_source": SOURCE,
        "output_path": OUTPUT,
        **changes.pop("environment", {}),
    }
    return {
        "ProcessingJobName": name,
        "ProcessingInputs": [
            {
                "InputName": "baseline_dataset_input",
                "S3Input": {
                    "S3Uri": "s3://base/data.csv",
                    "LocalPath": SOURCE,
                    "S3DataType": "S3Prefix",
                    "S3InputMode": "File",
                },
            }
        ],
        "ProcessingOutputConfig": {
            "Outputs": [
                {
                    "OutputName": "monitoring_output",
                    "S3Output": {
                        "S3Uri": "s3://base/results",
                        "LocalPath": OUTPUT,
                        "S3UploadMode": "EndOfJob",
                    },
                }
            ]
        },
        "ProcessingResources": {
            "ClusterConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.xlarge",
                "VolumeSizeInGB": 20,
            }
        },
        "AppSpecification": {"ImageUri": changes.pop("image", IMAGE)},
        "Environment": {name: value for name, value in environment.items() if value},
        "RoleArn": "arn:aws:iam::000000000000:role/monitor",
        **changes,
    }


def test_a_job_is_described_as_it_was_asked_for_and_an_event_tells_of_it(
    server: ApiServer, sagemaker: Any
) -> None:
    asked = request("Job")
    assert sagemaker.create_processing_job(**asked)["ProcessingJobArn"] == f"{ARN}job"
    found = sagemaker.describe_processing_job(ProcessingJobName="Job")
    assert found["ProcessingJobStatus"] == "InProgress"
    for name in ("Environment", "RoleArn", "AppSpecification", "ProcessingResources"):
        assert found[name] == asked[name]
    (given,), (source,) = asked["ProcessingInputs"], found["ProcessingInputs"]
    assert source["AppManaged"] is False
    assert source["S3Input"] == {
        **given["S3Input"],
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    (output,) = found["ProcessingOutputConfig"]["Outputs"]
    assert output == {**asked["ProcessingOutputConfig"]["Outputs"][0], "AppManaged": False}
    assert found["StoppingCondition"] == {"MaxRuntimeInSeconds": 86400}
    outbox = EventOutbox(server.records.transactions)
    (event,) = outbox.after(outbox.last() - 1)
    assert event.detail_type == "SageMaker Processing Job State Change"
    assert event.detail["ProcessingJobStatus"] == "InProgress"


def test_a_frameworks_image_needs_a_program_to_run(sagemaker: Any, refused: Refused) -> None:
    asked = request(image="sklearn")
    message = refused(sagemaker.create_processing_job, **asked)
    assert "AppSpecification.ContainerEntrypoint" in message


def test_a_job_is_listed_and_stopped(sagemaker: Any) -> None:
    sagemaker.create_processing_job(**request())
    sagemaker.stop_processing_job(ProcessingJobName="job")
    sagemaker.stop_processing_job(ProcessingJobName="job")
    (found,) = sagemaker.list_processing_jobs()["ProcessingJobSummaries"]
    assert found["ProcessingJobStatus"] == "Stopping"


def test_what_is_not_there_is_said_so(sagemaker: Any, refused: Refused) -> None:
    for name in ("describe", "stop", "delete"):
        call = getattr(sagemaker, f"{name}_processing_job")
        message = refused(call, "ValidationException", ProcessingJobName="none")
        assert message == "Could not find requested job with name: none"


def test_a_name_is_taken_until_its_job_is_over_and_deleted(
    server: ApiServer, sagemaker: Any, refused: Refused
) -> None:
    arn = sagemaker.create_processing_job(**request(Tags=[{"Key": "a", "Value": "b"}]))
    refused(sagemaker.create_processing_job, "ResourceInUse", **request())
    refused(sagemaker.delete_processing_job, "ResourceInUse", ProcessingJobName="job")
    record = server.records.get(PROCESSING_JOB, DEFAULT_ACCOUNT, DEFAULT_REGION, "job")
    assert record is not None
    server.records.update(record, now=server.clock.now(), status="Completed")
    sagemaker.delete_processing_job(ProcessingJobName="job")
    assert sagemaker.list_processing_jobs()["ProcessingJobSummaries"] == []
    sagemaker.create_processing_job(**request())
    assert sagemaker.list_tags(ResourceArn=arn["ProcessingJobArn"])["Tags"] == []


@pytest.mark.parametrize("missing", ["InstanceCount", "InstanceType"])
def test_a_job_needs_instances_to_run_on(sagemaker: Any, refused: Refused, missing: str) -> None:
    asked = request()
    del asked["ProcessingResources"]["ClusterConfig"][missing]
    message = refused(sagemaker.create_processing_job, **asked)
    assert "give InstanceType and an InstanceCount" in message


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"environment": {"dataset_format": ""}}, "dataset_format"),
        ({"environment": {"dataset_format": "[]"}}, "dataset_format"),
        ({"environment": {"dataset_source": "/elsewhere"}}, "dataset_source"),
        ({"environment": {"baseline_constraints": "/elsewhere"}}, "baseline_constraints"),
        ({"environment": {"record_preprocessor_script": "/x.py"}}, "preprocessing scripts"),
        ({"environment": {"start_time": "yesterday"}}, "start_time"),
        ({"environment": {"analysis_type": "MODEL_BIAS"}}, "bias and explainability"),
        ({"environment": {"analysis_type": "MODEL_QUALITY"}}, "problem_type"),
    ],
)
def test_a_job_that_could_not_be_run_is_refused(
    sagemaker: Any, refused: Refused, changes: dict[str, Any], part: str
) -> None:
    assert part in refused(sagemaker.create_processing_job, **request(**changes))
