"""kill -9 of every kind of process, under load from real clients: nothing is lost."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import (
    BUCKET,
    ROWS,
    archive,
    classifier,
    deploy,
    in_service,
    load,
    model_archive,
    predict,
    settled,
    until,
)

from argosy.testing import Platform

MODEL = classifier()


@pytest.fixture(scope="module")
def served() -> Iterator[Platform]:
    """A platform with the endpoint `two`, which has two instances."""
    with Platform(allow_reset=True) as platform:
        deploy(platform, "two", model_archive(MODEL), instances=2)
        yield platform


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def replaced(platform: Platform, pid: int, kind: str) -> bool:
    pids = [instance[kind] for instance in in_service(platform, "two")]
    return len(pids) == 2 and pid not in pids


@pytest.mark.parametrize("kind", ["worker_pid", "agent_pid"])
def test_killing_an_instance_fails_no_call_and_it_is_replaced(served: Platform, kind: str) -> None:
    victim = until(lambda: len(in_service(served, "two")) == 2) and in_service(served, "two")[0]

    with load(served, "two", MODEL) as calls:
        kill(victim[kind])
        until(lambda: replaced(served, victim[kind], kind))
        calls.more(100)

    assert calls.failures == []


def test_killing_an_edge_fails_no_call_of_a_client_that_retries(served: Platform) -> None:
    with load(served, "two", MODEL) as calls:
        kill(served.pids()["edges"][0])
        calls.more(200)

    assert calls.failures == []


def test_with_control_dead_invocations_go_on_and_instances_are_adopted(served: Platform) -> None:
    before = {instance["worker_pid"] for instance in in_service(served, "two")}
    control = served.pids()["control"]
    served.client("sagemaker").add_tags(
        ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:endpoint/two",
        Tags=[{"Key": "acknowledged", "Value": "yes"}],
    )

    with load(served, "two", MODEL) as calls:
        kill(control)
        calls.more(100)
        until(lambda: served.pids()["control"] not in (0, control))
        tags = served.client("sagemaker").list_tags(
            ResourceArn="arn:aws:sagemaker:us-east-1:000000000000:endpoint/two"
        )["Tags"]

    assert calls.failures == []
    assert {"Key": "acknowledged", "Value": "yes"} in tags
    assert {instance["worker_pid"] for instance in in_service(served, "two")} == before


def test_objects_acknowledged_before_the_store_was_killed_are_there_after(
    served: Platform,
) -> None:
    s3 = served.client("s3")
    s3.create_bucket(Bucket="acknowledged")
    for number in range(50):
        s3.put_object(Bucket="acknowledged", Key=f"k{number}", Body=b"x" * number)

    with load(served, "two", MODEL) as calls:
        kill(served.pids()["store"])
        calls.more(100)

    def listed() -> int:
        return len(s3.list_objects_v2(Bucket="acknowledged")["Contents"])

    assert until(lambda: _quietly(listed), 30) == 50
    assert s3.get_object(Bucket="acknowledged", Key="k49")["Body"].read() == b"x" * 49
    assert calls.failures == []


def _quietly(probe):
    try:
        return probe()
    except Exception:
        return None


def test_a_recommendations_job_goes_on_when_control_was_killed_in_it(served: Platform) -> None:
    rows = archive({"row.json": json.dumps(ROWS[:1].tolist()).encode()})
    served.client("s3").put_object(Bucket=BUCKET, Key="rows.tar.gz", Body=rows)
    sagemaker = served.client("sagemaker")
    payload = {"SamplePayloadUrl": f"s3://{BUCKET}/rows.tar.gz"}
    sagemaker.create_inference_recommendations_job(
        JobName="killed",
        JobType="Default",
        RoleArn="arn:aws:iam::000000000000:role/any",
        InputConfig={
            "ModelName": "two",
            "ContainerConfig": {"PayloadConfig": payload},
            "JobDurationInSeconds": 10,
        },
        StoppingConditions={
            "ModelLatencyThresholds": [{"Percentile": "P50", "ValueInMilliseconds": 5000}]
        },
    )

    def step() -> dict[str, Any]:
        listed = sagemaker.list_inference_recommendations_job_steps(JobName="killed")
        return dict(listed["Steps"][0])

    until(lambda: step()["Status"] == "IN_PROGRESS")
    name = step()["InferenceBenchmark"]["EndpointConfiguration"]["EndpointName"]
    assert settled(served, name)["EndpointStatus"] == "InService"
    kill(served.pids()["control"])

    def ended() -> dict[str, Any] | None:
        try:
            job = sagemaker.describe_inference_recommendations_job(JobName="killed")
        except ClientError:
            return None
        return job if job["Status"] in ("COMPLETED", "FAILED") else None

    job = until(ended, 120)
    assert job["Status"] == "COMPLETED", job.get("FailureReason")
    assert job["InferenceRecommendations"][0]["Metrics"]["MaxInvocations"] > 0


def test_after_the_supervisor_is_killed_the_next_one_adopts_what_serves() -> None:
    with Platform() as first:
        deploy(first, "kept", model_archive(MODEL))
        before = [instance["worker_pid"] for instance in in_service(first, "kept")]
        kill(first.pids()["supervisor"])
        first.wait_ended()

        with Platform(data_dir=first.data_dir) as second:
            until(lambda: in_service(second, "kept"))
            after = [instance["worker_pid"] for instance in in_service(second, "kept")]
            predictions = predict(second.client("sagemaker-runtime"), "kept", ROWS)

    assert after == before
    assert predictions == MODEL.predict(ROWS).tolist()


def test_after_a_reboot_everything_that_was_in_service_comes_back() -> None:
    with Platform() as first:
        deploy(first, "back", model_archive(MODEL), instances=2)
        agents = [instance["agent_pid"] for instance in in_service(first, "back")]
        kill(first.pids()["supervisor"])
        for agent in agents:
            kill(agent)
        first.wait_ended()

        with Platform(data_dir=first.data_dir) as second:
            until(lambda: len(in_service(second, "back")) == 2)
            predictions = predict(second.client("sagemaker-runtime"), "back", ROWS)

    assert predictions == MODEL.predict(ROWS).tolist()
