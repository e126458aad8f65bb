"""Functions on a whole platform: run for real, at once and later."""

import io
import json
import urllib.request
import zipfile
from typing import Any

import pytest

from argosy.testing import Platform
from support.endpoints import until
from support.lambda_functions import create, invoke, zipped


@pytest.fixture(scope="module")
def client(platform: Platform) -> Any:
    return platform.client("lambda", read_timeout=120)


def messages(platform: Platform, url: str) -> list[dict[str, Any]]:
    found = platform.client("sqs").receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5, MessageAttributeNames=["All"]
    )
    return list(found.get("Messages", ()))


def queue(platform: Platform, name: str) -> tuple[str, str]:
    """URL and ARN."""
    sqs = platform.client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
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
