"""Processing jobs of Model Monitor's image through boto3."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.state.events import EventOutbox
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
    for call in (sagemaker.describe_processing_job, sagemaker.stop_processing_job):
        refused(call, "ResourceNotFound", ProcessingJobName="none")


def test_a_name_is_never_free_again(sagemaker: Any, refused: Refused) -> None:
    sagemaker.create_processing_job(**request())
    refused(sagemaker.create_processing_job, "ResourceInUse", **request())


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
