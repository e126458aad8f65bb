"""Asynchronous inference as users know it: real boto3, a real platform, real models."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.async_endpoints import (
    BUCKET,
    content,
    deploy_async,
    deploy_model,
    key_of,
    make_bucket,
    measured,
    queue,
    rows_of,
    scale,
)
from tests.support.endpoints import IMAGE, ROWS, classifier, model_archive, put_archive, until
from tests.support.event_queues import EventQueue

from argosy.testing import Platform

MODEL = classifier()
ADDS = """
import json
def model_fn(folder):
    return None
def input_fn(body, content_type):
    return json.loads(body)
def predict_fn(numbers, model):
    return [number + 1 for number in numbers]
def output_fn(numbers, accept):
    return json.dumps(numbers), "application/json"
"""
DOUBLES = (
    ADDS.replace("[number + 1 for number in numbers]", "double(numbers)")
    + """
def double(numbers):
    if 0 in numbers:
        raise ValueError("nothing to double")
    return [2 * number for number in numbers]
"""
)
EXPECTED = MODEL.predict(ROWS).tolist()


@pytest.fixture(scope="module")
def served(platform: Platform) -> Iterator[Platform]:
    deploy_async(platform, "async-iris", model_archive(MODEL))
    yield platform
    platform.client("sagemaker").delete_endpoint(EndpointName="async-iris")


@pytest.fixture(scope="module")
def runtime(served: Platform) -> Any:
    return served.client("sagemaker-runtime")


def upload(platform: Platform, key: str, body: bytes, content_type: str) -> str:
    make_bucket(platform).put_object(Bucket=BUCKET, Key=key, Body=body, ContentType=content_type)
    return f"s3://{BUCKET}/{key}"


def test_the_answer_to_a_stored_payload_lies_at_its_output_location(
    served: Platform, runtime: Any
) -> None:
    csv = "\n".join(",".join(map(str, row)) for row in ROWS[:5]).encode()
    place = upload(served, "in/rows.csv", csv, "text/csv")
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris", InputLocation=place, Accept="application/json"
    )
    s3 = served.client("s3")
    key = key_of(answer["OutputLocation"])
    s3.get_waiter("object_exists").wait(Bucket=BUCKET, Key=key)

    stored = s3.get_object(Bucket=BUCKET, Key=key)
    assert json.loads(stored["Body"].read()) == EXPECTED[:5]
    assert stored["ContentType"] == "application/json"


def test_an_answer_is_an_object_that_a_bucket_s_notifications_tell_of(
    served: Platform, runtime: Any
) -> None:
    make_bucket(served)
    answers = EventQueue(served, "async-answers", "s3")
    entry = {"QueueArn": answers.arn, "Events": ["s3:ObjectCreated:*"]}
    served.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={"QueueConfigurations": [entry]}
    )
    assert answers.bodies()[0]["Event"] == "s3:TestEvent"
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris", Body=b"[[5.1, 3.5, 1.4, 0.2]]", ContentType="application/json"
    )
    told = answers.bodies()[0]["Records"][0]
    served.client("s3").put_bucket_notification_configuration(
        Bucket=BUCKET, NotificationConfiguration={}
    )
    assert told["eventName"] == "ObjectCreated:Put"
    assert told["s3"]["object"]["key"] == key_of(answer["OutputLocation"])


def test_an_inline_payload_is_answered_too(served: Platform, runtime: Any) -> None:
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris",
        Body=json.dumps(ROWS[:3].tolist()),
        ContentType="application/json",
        S3OutputPathExtension="runs/1",
        Filename="three.json",
    )
    assert answer["OutputLocation"].endswith("/out/runs/1/three.json")
    assert rows_of(served, answer["OutputLocation"]) == EXPECTED[:3]


def test_what_the_model_says_of_a_bad_payload_is_the_failure_object(
    served: Platform, runtime: Any
) -> None:
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris", Body="nonsense", ContentType="application/json"
    )
    told = content(served, answer["FailureLocation"]).decode()
    assert "Received client error (400) from primary" in told
    assert "cannot be read as application/json" in told


def test_a_payload_that_is_not_there_is_a_failed_inference(served: Platform, runtime: Any) -> None:
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris", InputLocation=f"s3://{BUCKET}/in/missing"
    )
    assert "There is no object" in content(served, answer["FailureLocation"]).decode()


def test_requests_wait_while_there_is_no_instance(served: Platform, runtime: Any) -> None:
    scale(served, "async-iris", 0)
    answers = [
        runtime.invoke_endpoint_async(
            EndpointName="async-iris",
            Body=json.dumps(ROWS[number : number + 1].tolist()),
            ContentType="application/json",
        )
        for number in range(10)
    ]
    waiting = queue(served, "async-iris")
    scale(served, "async-iris", 2)

    got = [rows_of(served, answer["OutputLocation"]) for answer in answers]
    assert got == [[expected] for expected in EXPECTED[:10]]
    assert (waiting["ApproximateBacklogSize"], waiting["HasBacklogWithoutCapacity"]) == (10, 1)
    until(lambda: queue(served, "async-iris")["ApproximateBacklogSize"] == 0)
    assert measured(served, "async-iris")["variants"]["AllTraffic"]["InvocationsProcesssed"] >= 10


def test_the_data_log_tells_of_each_request_by_its_inference_id(
    served: Platform, runtime: Any
) -> None:
    answer = runtime.invoke_endpoint_async(
        EndpointName="async-iris",
        Body=json.dumps(ROWS[:1].tolist()),
        ContentType="application/json",
        InferenceId="look-for-me",
    )
    content(served, answer["OutputLocation"])
    logs = served.client("logs")

    def lines() -> list[str]:
        found = logs.filter_log_events(
            logGroupName="/aws/sagemaker/Endpoints/async-iris", filterPattern='"look-for-me"'
        )
        return [f"{one['logStreamName']} {one['message']}" for one in found["events"]]

    (line,) = until(lines)
    assert "/data-log " in line
    assert "[look-for-me] Inference request succeeded. ModelLatency: " in line


def test_each_way_of_asking_is_for_its_own_kind_of_endpoint(runtime: Any) -> None:
    with pytest.raises(ClientError, match="use InvokeEndpointAsync"):
        runtime.invoke_endpoint(EndpointName="async-iris", Body=b"1")


def test_an_endpoint_made_anew_does_not_inherit_the_queue(platform: Platform) -> None:
    deploy_async(platform, "async-again", model_archive(MODEL))
    runtime, sagemaker = platform.client("sagemaker-runtime"), platform.client("sagemaker")
    scale(platform, "async-again", 0)
    runtime.invoke_endpoint_async(EndpointName="async-again", Body=b"x", ContentType="text/csv")
    sagemaker.delete_endpoint(EndpointName="async-again")
    sagemaker.get_waiter("endpoint_deleted").wait(
        EndpointName="async-again", WaiterConfig={"Delay": 1}
    )
    sagemaker.create_endpoint(EndpointName="async-again", EndpointConfigName="async-again")
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName="async-again", WaiterConfig={"Delay": 1}
    )

    assert queue(platform, "async-again")["ApproximateBacklogSize"] == 0
    sagemaker.delete_endpoint(EndpointName="async-again")


def test_success_and_failure_are_told_to_their_topics(served: Platform, runtime: Any) -> None:
    topics = {name: hearing(served, f"async-{name}") for name in ("good", "bad")}
    notification = {
        "SuccessTopic": topics["good"][0],
        "ErrorTopic": topics["bad"][0],
        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
    }
    deploy_async(served, "async-told", model_archive(MODEL), notification=notification)
    good = runtime.invoke_endpoint_async(
        EndpointName="async-told",
        Body=json.dumps(ROWS[:2].tolist()),
        ContentType="application/json",
        InferenceId="good-one",
    )
    bad = runtime.invoke_endpoint_async(
        EndpointName="async-told", Body=b"x", ContentType="application/json", InferenceId="bad-one"
    )

    success = next_notice(served, topics["good"][1])
    assert success["invocationStatus"] == "Completed"
    assert success["inferenceId"] == "good-one"
    assert success["responseParameters"]["outputLocation"] == good["OutputLocation"]
    assert json.loads(success["responseBody"]["content"]) == EXPECTED[:2]
    failure = next_notice(served, topics["bad"][1])
    assert failure["invocationStatus"] == "Failed"
    assert failure["inferenceId"] == "bad-one"
    assert "Received client error (400)" in failure["failureReason"]
    assert "responseBody" not in failure
    assert content(served, bad["FailureLocation"]).decode()[:60] == failure["failureReason"][:60]
    served.client("sagemaker").delete_endpoint(EndpointName="async-told")


def test_a_pipeline_of_containers_answers_asynchronously(platform: Platform, runtime: Any) -> None:
    """The first one adds one to each number, the second one doubles it."""
    containers = [
        {
            "Image": IMAGE,
            "ContainerHostname": name,
            "ModelDataUrl": put_archive(platform, f"async-{name}", model_archive(MODEL, inf=text)),
            "Environment": {"SAGEMAKER_PROGRAM": "inf.py"},
        }
        for name, text in (("adds", ADDS), ("doubles", DOUBLES))
    ]
    platform.client("sagemaker").create_model(ModelName="async-pipe", Containers=containers)
    deploy_model(platform, "async-pipe")
    numbers = list(range(1000))
    place = upload(platform, "in/numbers.json", json.dumps(numbers).encode(), "application/json")
    answer = runtime.invoke_endpoint_async(EndpointName="async-pipe", InputLocation=place)
    failing = runtime.invoke_endpoint_async(
        EndpointName="async-pipe", Body=b"[-1]", ContentType="application/json"
    )

    assert rows_of(platform, answer["OutputLocation"]) == [2 * (one + 1) for one in numbers]
    told = content(platform, failing["FailureLocation"]).decode()
    assert "server error (500) from doubles" in told
    assert "nothing to double" in told
    platform.client("sagemaker").delete_endpoint(EndpointName="async-pipe")


def hearing(platform: Platform, name: str) -> tuple[str, str]:
    """A topic's ARN, and the URL of a queue that hears of it as it was said."""
    sns, sqs = platform.client("sns"), platform.client("sqs")
    topic = sns.create_topic(Name=name)["TopicArn"]
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]
    sns.subscribe(
        TopicArn=topic,
        Protocol="sqs",
        Endpoint=arn["QueueArn"],
        Attributes={"RawMessageDelivery": "true"},
    )
    return topic, queue


def next_notice(platform: Platform, queue: str) -> dict[str, Any]:
    """The next message that is no test."""
    sqs = platform.client("sqs")

    def found() -> dict[str, Any] | None:
        taken = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5, MaxNumberOfMessages=1)
        for message in taken.get("Messages", ()):
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            told = dict(json.loads(message["Body"]))
            if told["eventName"] != "TestNotification":
                return told
        return None

    return dict(until(found))
