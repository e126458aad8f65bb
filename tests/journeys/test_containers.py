"""Endpoints of several containers through boto3: serial pipelines and direct invocation."""

import json
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from tests.support.endpoints import (
    IMAGE,
    ROWS,
    archive,
    classifier,
    create_config,
    in_service,
    model_archive,
    predict,
    put_archive,
    settled,
    until,
)

from argosy.testing import Platform

SCALER = StandardScaler().fit(ROWS)
SCALED = LogisticRegression(max_iter=1000).fit(SCALER.transform(ROWS), load_iris().target)
SCALES = """
import json, joblib
def model_fn(folder):
    return joblib.load(folder + "/model.joblib")
def predict_fn(rows, model):
    print("scaling", len(rows))
    return model.transform(rows)
def output_fn(rows, accept):
    return "\\n".join(",".join(map(repr, row)) for row in rows.tolist()), "text/csv"
"""
BREAKS = "def model_fn(folder): return 1\ndef predict_fn(rows, model): raise ValueError('too bad')"


def container(platform: Platform, name: str, content: bytes, **given: Any) -> dict[str, Any]:
    return {"Image": IMAGE, "ModelDataUrl": put_archive(platform, name, content), **given}


def serve(
    platform: Platform, name: str, containers: list[dict[str, Any]], count: int = 1, **given: Any
) -> dict[str, Any]:
    sagemaker = platform.client("sagemaker")
    sagemaker.create_model(ModelName=name, Containers=containers, **given)
    create_config(platform, name, AllTraffic=(name, count, 1.0))
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    return settled(platform, name)


@pytest.fixture(scope="module")
def pipeline(platform: Platform) -> Iterator[str]:
    """Scale, then classify; two instances."""
    described = serve(
        platform,
        "pipe",
        [
            container(platform, "scaler", model_archive(SCALER, inference=SCALES)),
            container(platform, "scaled", model_archive(SCALED)),
        ],
        count=2,
    )
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    yield "pipe"
    platform.client("sagemaker").delete_endpoint(EndpointName="pipe")


def test_a_pipeline_gives_each_answer_to_the_next_container(
    platform: Platform, pipeline: str
) -> None:
    predicted = predict(platform.client("sagemaker-runtime"), pipeline, ROWS)

    assert predicted == SCALED.predict(SCALER.transform(ROWS)).tolist()


def test_a_pipeline_is_streamed_from_its_last_container(platform: Platform, pipeline: str) -> None:
    answer = platform.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName=pipeline, ContentType="application/json", Body=json.dumps(ROWS[:3].tolist())
    )
    parts = b"".join(event["PayloadPart"]["Bytes"] for event in answer["Body"])

    assert json.loads(parts) == SCALED.predict(SCALER.transform(ROWS[:3])).tolist()


def test_every_container_writes_a_log_of_its_own(platform: Platform, pipeline: str) -> None:
    predict(platform.client("sagemaker-runtime"), pipeline, ROWS[:7])
    logs = platform.client("logs")
    group = f"/aws/sagemaker/Endpoints/{pipeline}"

    def scaled() -> list[Any]:
        return logs.filter_log_events(logGroupName=group, filterPattern="scaling")["events"]

    event = until(scaled)[0]
    assert event["logStreamName"].startswith("AllTraffic/")
    assert event["logStreamName"].endswith("/container-1")


def test_killing_one_container_fails_no_call_and_its_instance_is_replaced(
    platform: Platform, pipeline: str
) -> None:
    runtime = platform.client("sagemaker-runtime")
    before = in_service(platform, pipeline)
    os.kill(before[0]["worker_pid"], signal.SIGKILL)

    answers = [predict(runtime, pipeline, ROWS[:2]) for _ in range(50)]

    assert all(answer == SCALED.predict(SCALER.transform(ROWS[:2])).tolist() for answer in answers)
    gone = before[0]["id"]

    def replaced() -> bool:
        ids = [instance["id"] for instance in in_service(platform, pipeline)]
        return len(ids) == 2 and gone not in ids

    until(replaced, 60)


def test_an_error_names_the_container_it_came_from(platform: Platform) -> None:
    described = serve(
        platform,
        "pipe-breaks",
        [
            container(platform, "first", model_archive(classifier()), ContainerHostname="first"),
            container(
                platform,
                "second",
                archive({"code/inference.py": BREAKS.encode()}),
                ContainerHostname="second",
            ),
        ],
    )
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")

    with pytest.raises(ClientError, match="from second with message") as raised:
        predict(platform.client("sagemaker-runtime"), "pipe-breaks", ROWS[:2])

    assert raised.value.response["Error"]["Code"] == "ModelError"
    assert raised.value.response["OriginalStatusCode"] == 500
    assert "too bad" in raised.value.response["OriginalMessage"]


def test_a_container_that_does_not_come_up_is_named(platform: Platform) -> None:
    described = serve(
        platform,
        "pipe-half",
        [
            container(platform, "whole", model_archive(classifier())),
            container(platform, "empty", archive({"readme.txt": b"nothing"})),
        ],
    )

    assert described["EndpointStatus"] == "Failed"
    assert (
        "The container-2 container for production variant AllTraffic"
        in (described["FailureReason"])
    )
    assert "no model file" in described["FailureReason"]


def test_containers_are_invoked_directly_by_their_names(platform: Platform) -> None:
    models = {"mild": classifier(0.01), "strong": classifier(100.0)}
    described = serve(
        platform,
        "direct",
        [
            container(platform, name, model_archive(model), ContainerHostname=name)
            for name, model in models.items()
        ],
        InferenceExecutionConfig={"Mode": "Direct"},
    )
    assert described["EndpointStatus"] == "InService", described.get("FailureReason")
    runtime = platform.client("sagemaker-runtime")

    for name, model in models.items():
        predicted = predict(runtime, "direct", ROWS, TargetContainerHostname=name)
        assert predicted == model.predict(ROWS).tolist()
    for wrong in ({}, {"TargetContainerHostname": "weak"}):
        with pytest.raises(ClientError, match="mild, strong") as raised:
            predict(runtime, "direct", ROWS, **wrong)
        assert raised.value.response["Error"]["Code"] == "ValidationError"
