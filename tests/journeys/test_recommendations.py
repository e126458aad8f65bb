"""Inference recommendations jobs on a real platform: what is told was measured."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import (
    BUCKET,
    ROWS,
    archive,
    classifier,
    create_model,
    deploy,
    model_archive,
    until,
)

from argosy.testing import Platform

MODEL = "advised"
ROLE = "arn:aws:iam::000000000000:role/any"
GOAL = {"ModelLatencyThresholds": [{"Percentile": "P95", "ValueInMilliseconds": 5000}]}


@pytest.fixture(scope="module")
def payload(platform: Platform) -> dict[str, Any]:
    """The ContainerConfig of a job, with two sample requests in S3."""
    create_model(platform, MODEL, model_archive(classifier()))
    rows = {f"{n}.json": json.dumps(ROWS[n : n + 1].tolist()).encode() for n in range(2)}
    platform.client("s3").put_object(Bucket=BUCKET, Key="payload.tar.gz", Body=archive(rows))
    return {
        "PayloadConfig": {
            "SamplePayloadUrl": f"s3://{BUCKET}/payload.tar.gz",
            "SupportedContentTypes": ["application/json"],
        }
    }


def create(platform: Platform, name: str, given: dict[str, Any], **more: Any) -> None:
    platform.client("sagemaker").create_inference_recommendations_job(
        JobName=name, JobType="Default", RoleArn=ROLE, InputConfig=given, **more
    )


def ended(platform: Platform, name: str) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")

    def described() -> dict[str, Any] | None:
        found = sagemaker.describe_inference_recommendations_job(JobName=name)
        return found if found["Status"] in ("COMPLETED", "FAILED", "STOPPED") else None

    return dict(until(described, 180))


def endpoints(platform: Platform) -> list[str]:
    listed = platform.client("sagemaker").list_endpoints(MaxResults=100)["Endpoints"]
    return [one["EndpointName"] for one in listed]


def test_a_model_is_deployed_loaded_and_cleared_away(
    platform: Platform, payload: dict[str, Any]
) -> None:
    create(
        platform,
        "advise-model",
        {
            "ModelName": MODEL,
            "ContainerConfig": payload,
            "EndpointConfigurations": [{"InstanceType": "ml.m5.large"}],
            "JobDurationInSeconds": 10,
        },
        StoppingConditions={**GOAL, "MaxInvocations": 6000},
    )
    job = ended(platform, "advise-model")
    assert job["Status"] == "COMPLETED", job.get("FailureReason")
    (told,) = job["InferenceRecommendations"]
    assert told["EndpointConfiguration"]["InstanceType"] == "ml.m5.large"
    assert 0 < told["Metrics"]["MaxInvocations"] <= 6000
    assert 0 < told["Metrics"]["ModelLatency"] < 5_000_000
    assert "CostPerHour" not in told["Metrics"]

    sagemaker = platform.client("sagemaker")
    (step,) = sagemaker.list_inference_recommendations_job_steps(JobName="advise-model")["Steps"]
    assert step["Status"] == "COMPLETED"
    assert step["InferenceBenchmark"]["Metrics"] == told["Metrics"]
    until(lambda: told["EndpointConfiguration"]["EndpointName"] not in endpoints(platform))
    listed = sagemaker.list_inference_recommendations_jobs(NameContains="advise-model")
    (summary,) = listed["InferenceRecommendationsJobs"]
    assert (summary["ModelName"], summary["Status"]) == (MODEL, "COMPLETED")


def test_a_job_on_an_endpoint_is_stopped_and_leaves_it_alone(
    platform: Platform, payload: dict[str, Any]
) -> None:
    deploy(platform, "advise-endpoint", model_archive(classifier()))
    sagemaker = platform.client("sagemaker")
    given = {"Endpoints": [{"EndpointName": "advise-endpoint"}], "ContainerConfig": payload}
    create(platform, "advise-stop", given)
    found = sagemaker.describe_inference_recommendations_job
    until(lambda: found(JobName="advise-stop")["Status"] == "IN_PROGRESS")
    sagemaker.stop_inference_recommendations_job(JobName="advise-stop")
    assert ended(platform, "advise-stop")["Status"] == "STOPPED"
    assert "advise-endpoint" in endpoints(platform)


def test_a_payload_that_is_not_there_fails_the_job_with_a_sentence(
    platform: Platform, payload: dict[str, Any]
) -> None:
    lost = {"PayloadConfig": {"SamplePayloadUrl": f"s3://{BUCKET}/nothing.tar.gz"}}
    create(platform, "advise-lost", {"ModelName": MODEL, "ContainerConfig": lost})
    job = ended(platform, "advise-lost")
    assert job["Status"] == "FAILED"
    assert "nothing.tar.gz" in job["FailureReason"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda given: given.pop("ModelName"), "one of the two"),
        (lambda given: given.pop("ContainerConfig"), "SamplePayloadUrl is needed"),
        (lambda given: given.update(ModelName="no-such"), "Could not find model"),
        (
            lambda given: given.update(
                EndpointConfigurations=[
                    {"ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1}}
                ]
            ),
            "serverless",
        ),
    ],
)
def test_what_cannot_be_done_is_refused(
    platform: Platform,
    payload: dict[str, Any],
    change: Callable[[dict[str, Any]], None],
    words: str,
) -> None:
    given = {"ModelName": MODEL, "ContainerConfig": payload}
    change(given)
    with pytest.raises(ClientError, match=words):
        create(platform, "advise-not", given)
