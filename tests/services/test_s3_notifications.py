"""Notification configurations of buckets through boto3's S3 client."""

from collections.abc import Callable
from typing import Any

import pytest

from support.api_client import ApiServer

QUEUE = {
    "Id": "mine",
    "QueueArn": "arn:aws:sqs:us-east-1:000000000000:q",
    "Events": ["s3:ObjectCreated:*", "s3:ObjectRemoved:Delete"],
    "Filter": {"Key": {"FilterRules": [{"Name": "prefix", "Value": "in/é & <x>"}]}},
}


@pytest.fixture(scope="session")
def one_s3_client(one_server: ApiServer) -> Any:
    return one_server.client("s3")


@pytest.fixture
def s3(server: ApiServer, one_s3_client: Any) -> Any:
    return one_s3_client


def put(s3: Any, bucket: str, **configuration: Any) -> None:
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration=configuration)


def got(s3: Any, bucket: str) -> dict[str, Any]:
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    del answer["ResponseMetadata"]
    return dict(answer)


def test_a_bucket_without_one_has_an_empty_configuration(s3: Any) -> None:
    assert got(s3, "b") == {}


def test_a_configuration_is_given_back_and_others_left_alone(s3: Any) -> None:
    put(s3, "b", QueueConfigurations=[QUEUE], EventBridgeConfiguration={})
    assert got(s3, "b") == {"QueueConfigurations": [QUEUE], "EventBridgeConfiguration": {}}
    assert got(s3, "c") == {}


def test_a_new_configuration_replaces_the_old_and_an_empty_one_removes_it(s3: Any) -> None:
    topic = {
        "Id": "t",
        "TopicArn": "arn:aws:sns:us-east-1:000000000000:t",
        "Events": ["s3:ObjectCreated:*"],
    }
    put(s3, "b", QueueConfigurations=[QUEUE])
    put(s3, "b", TopicConfigurations=[topic])
    assert got(s3, "b") == {"TopicConfigurations": [topic]}
    put(s3, "b")
    assert got(s3, "b") == {}


def test_the_configuration_is_the_buckets_in_every_region(server: ApiServer, s3: Any) -> None:
    put(s3, "b", QueueConfigurations=[QUEUE])
    elsewhere = server.client("s3", region="eu-west-1")
    assert got(elsewhere, "b") == {"QueueConfigurations": [QUEUE]}


def test_an_entry_without_an_id_gets_one(s3: Any) -> None:
    function = {
        "LambdaFunctionArn": "arn:aws:lambda:us-east-1:000000000000:function:f",
        "Events": ["s3:ObjectCreated:Put"],
    }
    put(s3, "b", LambdaFunctionConfigurations=[function, function])
    ids = [entry["Id"] for entry in got(s3, "b")["LambdaFunctionConfigurations"]]
    assert all(ids)
    assert len(set(ids)) == 2


def test_one_id_for_two_entries_is_refused(s3: Any, refused: Callable[..., str]) -> None:
    message = refused(
        s3.put_bucket_notification_configuration,
        "InvalidArgument",
        Bucket="b",
        NotificationConfiguration={"QueueConfigurations": [QUEUE, QUEUE]},
    )
    assert "IDs must be unique" in message
    assert got(s3, "b") == {}
