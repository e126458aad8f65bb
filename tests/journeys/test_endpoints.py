"""An endpoint's life with real boto3, a real model and a real platform."""

import io
import json
from collections import Counter

import numpy as np
import pytest
from botocore.exceptions import ClientError
from tests.support.endpoints import (
    ROWS,
    classifier,
    create_config,
    create_model,
    deploy,
    in_service,
    load,
    model_archive,
    predict,
    settled,
    until,
)

from argosy.testing import Platform

MODEL = classifier(1.0)
OTHER = classifier(0.001)

STREAMING = """
import json
def predict_fn(rows, model):
    return model.predict(rows)
def output_fn(prediction, accept):
    for value in prediction:
        yield f"{value}\\n"
"""

GREETING = """
import os
def model_fn(folder):
    print("hello", os.environ["GREETING"])
    return 1
def predict_fn(rows, model):
    return [1.0]
"""

FAULTY = """
def input_fn(body, content_type):
    if body == "refuse":
        error = ValueError("that row is not for me")
        error.status_code = 422
        raise error
    raise RuntimeError("the model broke")
"""


def csv(rows) -> str:
    return "\n".join(",".join(repr(float(v)) for v in row) for row in rows)


def test_every_form_of_input_gives_the_local_models_predictions(platform: Platform) -> None:
    deploy(platform, "forms", model_archive(MODEL))
    runtime = platform.client("sagemaker-runtime")
    expected = MODEL.predict(ROWS).tolist()

    as_csv = runtime.invoke_endpoint(
        EndpointName="forms", ContentType="text/csv", Accept="text/csv", Body=csv(ROWS)
    )
    as_instances = runtime.invoke_endpoint(
        EndpointName="forms",
        ContentType="application/json",
        Body=json.dumps({"instances": ROWS.tolist()}),
    )

    assert [int(float(v)) for v in as_csv["Body"].read().split()] == expected
    assert as_csv["ContentType"].startswith("text/csv")
    assert as_csv["InvokedProductionVariant"] == "AllTraffic"
    assert json.loads(as_instances["Body"].read())["predictions"] == expected
    assert predict(runtime, "forms", ROWS) == expected


def test_traffic_follows_the_weights_and_a_target_overrides_them(platform: Platform) -> None:
    create_model(platform, "one", model_archive(MODEL))
    create_model(platform, "other", model_archive(OTHER))
    create_config(platform, "split", A=("one", 1, 3.0), B=("other", 1, 1.0))
    sagemaker, runtime = platform.client("sagemaker"), platform.client("sagemaker-runtime")
    sagemaker.create_endpoint(EndpointName="split", EndpointConfigName="split")
    settled(platform, "split")

    def invoked(calls: int, **target: str) -> Counter:
        return Counter(
            runtime.invoke_endpoint(
                EndpointName="split", ContentType="text/csv", Body=csv(ROWS[:1]), **target
            )["InvokedProductionVariant"]
            for _ in range(calls)
        )

    share = invoked(400)["A"] / 400
    targeted = invoked(10, TargetVariant="B")
    sagemaker.update_endpoint_weights_and_capacities(
        EndpointName="split",
        DesiredWeightsAndCapacities=[
            {"VariantName": "A", "DesiredWeight": 0.0},
            {"VariantName": "B", "DesiredWeight": 1.0, "DesiredInstanceCount": 2},
        ],
    )
    before = [i["worker_pid"] for i in in_service(platform, "split")]
    described = settled(platform, "split")

    assert 0.65 < share < 0.85
    assert targeted == {"B": 10}
    assert invoked(50) == {"B": 50}
    assert {
        v["VariantName"]: v["CurrentInstanceCount"] for v in described["ProductionVariants"]
    } == {
        "A": 1,
        "B": 2,
    }
    assert set(before) <= {i["worker_pid"] for i in in_service(platform, "split")}


def test_not_one_request_fails_while_an_endpoint_is_updated(platform: Platform) -> None:
    deploy(platform, "green", model_archive(MODEL), instances=2)
    create_model(platform, "green-2", model_archive(OTHER))
    create_config(platform, "green-2", AllTraffic=("green-2", 1, 1.0))

    with load(platform, "green", MODEL, OTHER) as calls:
        platform.client("sagemaker").update_endpoint(
            EndpointName="green", EndpointConfigName="green-2"
        )
        described = settled(platform, "green")
        calls.more(100)
        until(lambda: len(in_service(platform, "green")) == 1)
        calls.more(50)

    assert calls.failures == []
    assert described["EndpointConfigName"] == "green-2"
    got = predict(platform.client("sagemaker-runtime"), "green", ROWS)
    assert got == OTHER.predict(ROWS).tolist()


def test_a_failed_update_leaves_the_old_model_answering_and_says_why(platform: Platform) -> None:
    deploy(platform, "steady", model_archive(MODEL))
    create_model(platform, "broken", model_archive(MODEL, inference="def model_fn(:"))
    create_config(platform, "broken", AllTraffic=("broken", 1, 1.0))

    platform.client("sagemaker").update_endpoint(EndpointName="steady", EndpointConfigName="broken")
    described = settled(platform, "steady")

    assert described["EndpointStatus"] == "InService"
    assert described["EndpointConfigName"] == "steady"
    assert "SyntaxError" in described["FailureReason"]
    got = predict(platform.client("sagemaker-runtime"), "steady", ROWS)
    assert got == MODEL.predict(ROWS).tolist()


def test_a_deleted_endpoint_is_gone_with_its_processes(platform: Platform) -> None:
    deploy(platform, "brief", model_archive(MODEL))
    sagemaker = platform.client("sagemaker")

    sagemaker.delete_endpoint(EndpointName="brief")
    sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName="brief", WaiterConfig={"Delay": 1, "MaxAttempts": 30}
    )

    assert in_service(platform, "brief") == []
    with pytest.raises(ClientError, match="not found"):
        predict(platform.client("sagemaker-runtime"), "brief", ROWS[:1])


def test_a_models_errors_come_back_as_model_errors(platform: Platform) -> None:
    deploy(platform, "faulty", model_archive(MODEL, inference=FAULTY))
    runtime = platform.client("sagemaker-runtime", retries={"max_attempts": 0})

    with pytest.raises(ClientError) as refused:
        runtime.invoke_endpoint(EndpointName="faulty", ContentType="text/csv", Body="refuse")
    with pytest.raises(ClientError) as broken:
        runtime.invoke_endpoint(EndpointName="faulty", ContentType="text/csv", Body="1,2")

    assert refused.value.response["Error"]["Code"] == "ModelError"
    assert refused.value.response["OriginalStatusCode"] == 422
    assert "that row is not for me" in refused.value.response["OriginalMessage"]
    assert broken.value.response["OriginalStatusCode"] == 500
    assert broken.value.response["LogStreamArn"].endswith("/aws/sagemaker/Endpoints/faulty")


def test_a_handler_that_yields_is_streamed(platform: Platform) -> None:
    deploy(platform, "stream", model_archive(MODEL, inference=STREAMING))

    answer = platform.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName="stream", ContentType="text/csv", Body=csv(ROWS[:3])
    )
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]

    assert b"".join(parts).split() == [str(v).encode() for v in MODEL.predict(ROWS[:3])]


def test_a_models_output_can_be_read_in_cloudwatch_logs(platform: Platform) -> None:
    deploy(platform, "logged", model_archive(MODEL, inference=GREETING), GREETING="sailor")
    logs = platform.client("logs")
    group = "/aws/sagemaker/Endpoints/logged"

    def greeted() -> bool:
        events = logs.filter_log_events(logGroupName=group, filterPattern="hello")["events"]
        return any("hello sailor" in event["message"] for event in events)

    assert until(greeted, 10)
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    assert streams[0]["logStreamName"].startswith("AllTraffic/i-")


def test_numpy_arrays_go_in_and_out(platform: Platform) -> None:
    deploy(platform, "arrays", model_archive(MODEL))
    packed = _npy(ROWS)

    answer = platform.client("sagemaker-runtime").invoke_endpoint(
        EndpointName="arrays",
        ContentType="application/x-npy",
        Accept="application/x-npy",
        Body=packed,
    )

    assert _from_npy(answer["Body"].read()).tolist() == MODEL.predict(ROWS).tolist()


def _npy(rows) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, rows)
    return buffer.getvalue()


def _from_npy(raw: bytes):
    return np.load(io.BytesIO(raw))
