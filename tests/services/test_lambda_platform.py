"""Functions on a whole platform: run for real, at once and later."""

import io
import json
import os
import time
import urllib.request
import zipfile
from typing import Any

import pytest
from botocore.exceptions import ClientError

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.lambda_functions import create, invoke, zipped


@pytest.fixture(scope="module")
def platform(movable: Platform) -> Platform:
    """Waits between attempts pass by moving its clock."""
    return movable


@pytest.fixture(scope="module")
def client(platform: Platform) -> Any:
    return platform.client("lambda", read_timeout=120)


def messages(platform: Platform, url: str) -> list[dict[str, Any]]:
    found = platform.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1, MessageAttributeNames=["All"]
    )
    return list(found.get("Messages", ()))


def queue(platform: Platform, name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN."""
    sqs = platform.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, got["Attributes"]["QueueArn"]


def test_a_function_from_s3_runs_and_its_code_can_be_fetched(
    platform: Platform, client: Any
) -> None:
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="lambda-code")
    content = zipped(app="def handler(event, context): return {'n': event['n'] + 1}")
    s3.put_object(Bucket="lambda-code", Key="code.zip", Body=content)
    create(client, "lp-s3", Code={"S3Bucket": "lambda-code", "S3Key": "code.zip"})
    assert invoke(client, "lp-s3", {"n": 1}) == {"n": 2}

    location = client.get_function(FunctionName="lp-s3")["Code"]["Location"]
    with urllib.request.urlopen(location, timeout=60) as answer:
        fetched = zipfile.ZipFile(io.BytesIO(answer.read()))
    assert fetched.namelist() == ["app.py"]
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(location[:-1] + "x", timeout=60)


def test_an_event_that_fails_is_tried_by_the_clock_and_ends_as_a_dead_letter(
    platform: Platform, client: Any
) -> None:
    url, arn = queue(platform, "lp-dead")
    create(
        client,
        "lp-failing",
        "def handler(event, context): raise ValueError('never')",
        DeadLetterConfig={"TargetArn": arn},
    )
    client.invoke(FunctionName="lp-failing", InvocationType="Event", Payload=b'{"a": 1}')
    found: list[dict[str, Any]] = []

    def dead() -> bool:
        platform.advance(60)
        found.extend(messages(platform, url))
        return bool(found)

    until(dead, 120)
    assert json.loads(found[0]["Body"]) == {"a": 1}
    assert found[0]["MessageAttributes"]["ErrorMessage"]["StringValue"] == "never"


SOURCE = """
import json, os, boto3
def handler(event, context):
    failures = []
    done = boto3.client("sqs")
    for record in event["Records"]:
        if record["body"] == "bad":
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            done.send_message(QueueUrl=os.environ["DONE"], MessageBody=record["body"])
    return {"batchItemFailures": failures}
"""


def test_a_queue_feeds_a_function_and_what_fails_goes_to_its_dead_letters(
    platform: Platform, client: Any
) -> None:
    sqs = platform.client("sqs")
    dead_url, dead = queue(platform, "lp-fed-dead")
    done_url, _ = queue(platform, "lp-fed-done")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "1"})
    fed_url = sqs.create_queue(
        QueueName="lp-fed", Attributes={"RedrivePolicy": policy, "VisibilityTimeout": "5"}
    )["QueueUrl"]
    create(client, "lp-fed", SOURCE, Environment={"Variables": {"DONE": done_url}})
    mapping = client.create_event_source_mapping(
        EventSourceArn=dead[: -len("-dead")],
        FunctionName="lp-fed",
        FunctionResponseTypes=["ReportBatchItemFailures"],
        FilterCriteria={"Filters": [{"Pattern": '{"body": [{"anything-but": "skip"}]}'}]},
    )
    assert mapping["State"] == "Creating"
    uuid = mapping["UUID"]
    until(lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Enabled")
    for body in ("one", "bad", "skip", "two"):
        sqs.send_message(QueueUrl=fed_url, MessageBody=body)
    done: list[str] = []
    until(lambda: done.extend(m["Body"] for m in messages(platform, done_url)) or len(done) == 2)
    assert sorted(done) == ["one", "two"]
    buried: list[str] = []

    def is_buried() -> bool:
        platform.advance(5)
        buried.extend(one["Body"] for one in messages(platform, dead_url))
        return bool(buried)

    until(is_buried)
    assert buried == ["bad"]
    shown = client.get_event_source_mapping(UUID=uuid)
    assert shown["LastProcessingResult"] in ("OK", "PROBLEM: Function call failed")

    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    until(lambda: client.get_event_source_mapping(UUID=uuid)["State"] == "Disabled")
    client.delete_event_source_mapping(UUID=uuid)
    left = client.list_event_source_mappings
    until(lambda: not left(FunctionName="lp-fed")["EventSourceMappings"])


LOOP = """
import os, boto3
def handler(event, context):
    body = str(int(event["Records"][0]["body"]) + 1)
    boto3.client("sqs").send_message(QueueUrl=os.environ["LOOP"], MessageBody=body)
"""


def test_a_function_that_feeds_itself_by_a_queue_is_stopped(
    platform: Platform, client: Any
) -> None:
    dead_url, dead = queue(platform, "lp-loop-dead")
    policy = json.dumps({"deadLetterTargetArn": dead, "maxReceiveCount": "100"})
    sqs = platform.client("sqs")
    url = sqs.create_queue(QueueName="lp-loop", Attributes={"RedrivePolicy": policy})["QueueUrl"]
    create(client, "lp-loop", LOOP, Environment={"Variables": {"LOOP": url}}, Timeout=30)
    client.create_event_source_mapping(
        EventSourceArn=dead[: -len("-dead")], FunctionName="lp-loop", BatchSize=1
    )
    sqs.send_message(QueueUrl=url, MessageBody="0")
    buried: list[str] = []
    until(lambda: buried.extend(m["Body"] for m in messages(platform, dead_url)) or buried, 120)
    assert buried == ["16"]


SELF = """
import json, os, boto3
def handler(event, context):
    payload = json.dumps(event + 1).encode()
    name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
    boto3.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)
"""


def test_events_for_a_function_that_invokes_itself_are_stopped(
    platform: Platform, client: Any
) -> None:
    url, arn = queue(platform, "lp-self-dead")
    create(client, "lp-self", SELF, DeadLetterConfig={"TargetArn": arn}, Timeout=30)
    client.invoke(FunctionName="lp-self", InvocationType="Event", Payload=b"0")
    buried: list[str] = []
    until(lambda: buried.extend(m["Body"] for m in messages(platform, url)) or buried, 120)
    assert buried == ["16"]


def test_a_zip_as_large_as_may_be_is_taken_and_a_larger_one_is_not(
    platform: Platform, client: Any
) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("data", os.urandom(45 << 20))
        source = "import os\ndef handler(event, context): return os.path.getsize('data')"
        file.writestr("app.py", source)
    create(client, "lp-large", Code={"ZipFile": packed.getvalue()}, Timeout=30)
    assert invoke(client, "lp-large") == 45 << 20
    with pytest.raises(ClientError) as caught:
        create(client, "lp-larger", Code={"ZipFile": bytes(54 << 20)})
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] in (400, 413)


def test_a_bomb_in_s3_is_refused_and_leaves_nothing(platform: Platform, client: Any) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as file:
        for number in range(3):
            file.writestr(f"zeros{number}", bytes(100 << 20))
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="lambda-bombs")
    s3.put_object(Bucket="lambda-bombs", Key="bomb.zip", Body=packed.getvalue())
    with pytest.raises(ClientError, match="Unzipped size must be smaller"):
        create(client, "lp-bomb", Code={"S3Bucket": "lambda-bombs", "S3Key": "bomb.zip"})
    with pytest.raises(ClientError, match="NoSuchKey"):
        create(client, "lp-bomb", Code={"S3Bucket": "lambda-bombs", "S3Key": "none.zip"})
    assert not list((platform.data_dir / "functions").glob("coming-*"))


COLLECT = """
import json, os, boto3
sqs = boto3.client("sqs")
def handler(event, context):
    bodies = [record["body"][:20] for record in event["Records"]]
    sqs.send_message(QueueUrl=os.environ["DONE"], MessageBody=json.dumps(bodies))
"""


def batches(platform: Platform, url: str, count: int) -> list[list[str]]:
    """What the function had, batch by batch, until so many bodies are there."""
    found: list[list[str]] = []

    def enough() -> bool:
        for one in messages(platform, url):
            found.append(json.loads(one["Body"]))
            platform.client("sqs").delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
        return sum(map(len, found)) >= count

    until(enough, 120)
    return found


def test_messages_of_a_group_come_in_their_order(platform: Platform, client: Any) -> None:
    sqs = platform.client("sqs")
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    done_url = sqs.create_queue(
        QueueName="lp-ordered-done.fifo", Attributes={**attributes, "VisibilityTimeout": "120"}
    )["QueueUrl"]
    url = sqs.create_queue(QueueName="lp-ordered.fifo", Attributes=attributes)["QueueUrl"]
    source = COLLECT.replace(
        "MessageBody=json.dumps(bodies)",
        "MessageBody=json.dumps(bodies), "
        "MessageGroupId=event['Records'][0]['attributes']['MessageGroupId']",
    )
    create(client, "lp-ordered", source, Environment={"Variables": {"DONE": done_url}}, Timeout=30)
    for number in range(12):
        group = "ab"[number % 2]
        sqs.send_message(QueueUrl=url, MessageBody=f"{group}{number}", MessageGroupId=group)
    client.create_event_source_mapping(
        EventSourceArn="arn:aws:sqs:us-east-1:000000000000:lp-ordered.fifo",
        FunctionName="lp-ordered",
        BatchSize=3,
    )
    had = [body for batch in batches(platform, done_url, 12) for body in batch]
    for group in "ab":
        numbers = [int(body[1:]) for body in had if body[0] == group]
        assert numbers == sorted(numbers)
        assert len(numbers) == 6


def collected(
    platform: Platform, client: Any, name: str, size: int, seconds: int
) -> tuple[str, str]:
    """A queue whose messages a function gets together, and the queue that it tells of them."""
    done_url, _ = queue(platform, f"{name}-done")
    url, arn = queue(platform, name)
    create(client, name, COLLECT, Environment={"Variables": {"DONE": done_url}}, Timeout=30)
    client.create_event_source_mapping(
        EventSourceArn=arn,
        FunctionName=name,
        BatchSize=size,
        MaximumBatchingWindowInSeconds=seconds,
    )
    return url, done_url


def test_a_window_collects_what_comes_within_it(platform: Platform, client: Any) -> None:
    sqs = platform.client("sqs")
    url, done_url = collected(platform, client, "lp-window", 40, seconds=20)
    for number in range(40):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    had = batches(platform, done_url, 40)
    assert sorted(int(body) for batch in had for body in batch) == list(range(40))
    assert len(had) <= 3


def test_a_message_is_in_a_batch_once_however_long_the_window(
    platform: Platform, client: Any
) -> None:
    done_url, _ = queue(platform, "lp-once-done")
    url, arn = queue(platform, "lp-once", VisibilityTimeout="5")
    create(client, "lp-once", COLLECT, Environment={"Variables": {"DONE": done_url}}, Timeout=5)
    client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="lp-once", MaximumBatchingWindowInSeconds=8
    )
    platform.client("sqs").send_message(QueueUrl=url, MessageBody="alone")
    assert batches(platform, done_url, 1) == [["alone"]]


def test_messages_that_wait_for_a_window_are_given_back_when_the_mapping_is_disabled(
    platform: Platform, client: Any
) -> None:
    sqs = platform.client("sqs")
    url, arn = queue(platform, "lp-back")
    create(client, "lp-back")
    made = client.create_event_source_mapping(
        EventSourceArn=arn, FunctionName="lp-back", MaximumBatchingWindowInSeconds=300
    )
    sqs.send_message(QueueUrl=url, MessageBody="waits")
    hidden = "ApproximateNumberOfMessagesNotVisible"

    def taken() -> bool:
        told = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[hidden])
        return bool(told["Attributes"][hidden] == "1")

    until(taken)
    client.update_event_source_mapping(UUID=made["UUID"], Enabled=False)
    until(lambda: messages(platform, url) != [], 60)


def test_a_queue_is_emptied_one_by_one_where_one_may_run(platform: Platform, client: Any) -> None:
    sqs = platform.client("sqs")
    done_url, _ = queue(platform, "lp-single-done")
    url, arn = queue(platform, "lp-single")
    code = f"import time\n{COLLECT}    time.sleep(0.3)\n"
    create(client, "lp-single", code, Environment={"Variables": {"DONE": done_url}}, Timeout=30)
    client.put_function_concurrency(FunctionName="lp-single", ReservedConcurrentExecutions=1)
    for number in range(12):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    client.create_event_source_mapping(EventSourceArn=arn, FunctionName="lp-single", BatchSize=1)
    assert len(batches(platform, done_url, 12)) == 12
    found = platform.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName="Throttles",
        Dimensions=[{"Name": "FunctionName", "Value": "lp-single"}],
        StartTime=time.time() - 86_400,
        EndTime=time.time() + 30 * 86_400,
        Period=86_400,
        Statistics=["Sum"],
    )
    assert sum(one["Sum"] for one in found["Datapoints"]) == 0


def test_an_event_as_large_as_may_be_does_not_wait_for_its_window(
    platform: Platform, client: Any
) -> None:
    url, done_url = collected(platform, client, "lp-heavy", 10_000, seconds=300)
    for _ in range(7):
        platform.client("sqs").send_message(QueueUrl=url, MessageBody="x" * (1 << 20))
    assert sum(map(len, batches(platform, done_url, 5))) >= 5


WRITER = """
import boto3
def handler(event, context):
    key = event["Records"][0]["s3"]["object"]["key"]
    number = int(key) + 1
    boto3.client("s3").put_object(Bucket="lambda-loop", Key=str(number), Body=b"x")
"""


def test_a_function_that_writes_into_the_bucket_that_calls_it_is_stopped(
    platform: Platform, client: Any
) -> None:
    dead_url, dead = queue(platform, "lp-writer-dead")
    s3 = platform.client("s3")
    s3.create_bucket(Bucket="lambda-loop")
    made = create(client, "lp-writer", WRITER, DeadLetterConfig={"TargetArn": dead}, Timeout=30)
    client.add_permission(
        FunctionName="lp-writer",
        StatementId="bucket",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::lambda-loop",
    )
    called = {"LambdaFunctionArn": made["FunctionArn"], "Events": ["s3:ObjectCreated:*"]}
    s3.put_bucket_notification_configuration(
        Bucket="lambda-loop",
        NotificationConfiguration={"LambdaFunctionConfigurations": [called]},
    )
    s3.put_object(Bucket="lambda-loop", Key="0", Body=b"x")
    buried: list[dict[str, Any]] = []
    until(lambda: buried.extend(messages(platform, dead_url)) or buried, 120)
    keys = [json.loads(m["Body"])["Records"][0]["s3"]["object"]["key"] for m in buried]
    assert keys == ["16"]
