"""Notification configurations of buckets through boto3's S3 client."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api_client import ApiServer
from tests.support.event_queues import open_policy

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
    """With a queue and a topic that S3 may send to, and a queue that it may not."""
    sqs, sns = server.client("sqs"), server.client("sns")
    for name in ("q", "closed"):
        url = sqs.create_queue(QueueName=name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
        service = "s3" if name == "q" else "events"
        policy = open_policy(f"{service}.amazonaws.com", "sqs:SendMessage", arn)
        sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    topic = sns.create_topic(Name="t")["TopicArn"]
    policy = open_policy("s3.amazonaws.com", "sns:Publish", topic)
    sns.set_topic_attributes(TopicArn=topic, AttributeName="Policy", AttributeValue=policy)
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
    entries = [
        {"QueueArn": QUEUE["QueueArn"], "Events": [f"s3:ObjectCreated:{name}"]}
        for name in ("Put", "Copy")
    ]
    put(s3, "b", QueueConfigurations=entries)
    ids = [entry["Id"] for entry in got(s3, "b")["QueueConfigurations"]]
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


def rules(*pairs: tuple[str, str]) -> dict[str, Any]:
    return {"Key": {"FilterRules": [{"Name": name, "Value": value} for name, value in pairs]}}


def entry(*events: str, name: str = "q", **more: Any) -> dict[str, Any]:
    arn = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    return {"QueueArn": arn, "Events": [f"s3:{event}" for event in events], **more}


CREATED = "ObjectCreated:*"
REFUSED = [
    ([entry(CREATED, Filter=rules(("prefix", "a"), ("Prefix", "b")))], "more than one prefix"),
    ([entry(CREATED, Filter=rules(("suffix", "a"), ("suffix", "b")))], "more than one suffix"),
    ([entry(CREATED, Filter=rules(("prefix", "é" * 513)))], "cannot exceed 1024 bytes"),
    ([{"QueueArn": "q", "Events": ["s3:ObjectCreated:*"]}], "not well formed"),
    ([{"QueueArn": "arn:aws:sns:us-east-1:000000000000:t", "Events": ["s3:ObjectCreated:*"]}],
     "not well formed"),
    ([{"QueueArn": "arn:aws:sqs:eu-west-1:000000000000:q", "Events": ["s3:ObjectCreated:*"]}],
     "region is not valid"),
    ([entry(CREATED, name="q.fifo")], "FIFO"),
    ([entry(CREATED, name="nowhere")], "Unable to validate"),
    ([entry(CREATED, name="closed")], "Unable to validate"),
    ([entry(CREATED), entry("ObjectCreated:Put")], "Configurations overlap"),
    ([entry(CREATED, Filter=rules(("prefix", "in/"))), entry(CREATED)], "ambiguously defined"),
    (
        [
            entry(CREATED, Filter=rules(("prefix", "in"), ("suffix", ".gz"))),
            entry("ObjectCreated:Copy", Filter=rules(("prefix", "in/a"), ("suffix", "csv.gz"))),
        ],
        "ambiguously defined",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("entries", "why"), REFUSED)
def test_a_configuration_that_cannot_be_is_refused(
    s3: Any, refused: Callable[..., str], entries: list[dict[str, Any]], why: str
) -> None:
    message = refused(
        s3.put_bucket_notification_configuration,
        "InvalidArgument",
        Bucket="b",
        NotificationConfiguration={"QueueConfigurations": entries},
    )
    assert why in message
    assert got(s3, "b") == {}


def test_entries_that_no_object_can_share_stand_side_by_side(s3: Any) -> None:
    entries = [
        entry(CREATED, Id="1", Filter=rules(("prefix", "in/"))),
        entry(CREATED, Id="2", Filter=rules(("prefix", "out/"))),
        entry("ObjectRemoved:*", Id="3"),
        entry(CREATED, Id="4", Filter=rules(("prefix", "x"), ("suffix", ".a"))),
        entry(CREATED, Id="5", Filter=rules(("prefix", "x"), ("suffix", ".b"))),
    ]
    put(s3, "b", QueueConfigurations=entries)
    assert len(got(s3, "b")["QueueConfigurations"]) == 5


def test_a_function_that_is_not_there_is_refused(s3: Any, refused: Callable[..., str]) -> None:
    arn = "arn:aws:lambda:us-east-1:000000000000:function:nowhere"
    message = refused(
        s3.put_bucket_notification_configuration,
        "InvalidArgument",
        Bucket="b",
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [
                {"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}
            ]
        },
    )
    assert "Unable to validate" in message


def test_destinations_are_not_looked_at_where_that_is_asked_for(s3: Any) -> None:
    s3.put_bucket_notification_configuration(
        Bucket="b",
        NotificationConfiguration={"QueueConfigurations": [entry(CREATED, name="nowhere", Id="1")]},
        SkipDestinationValidation=True,
    )
    assert got(s3, "b")["QueueConfigurations"][0]["Id"] == "1"


def test_events_and_filters_that_s3_does_not_know_are_refused(
    s3: Any, refused: Callable[..., str]
) -> None:
    for wrong in (entry("ObjectCreated:Append"), entry(CREATED, Filter=rules(("infix", "x")))):
        message = refused(
            s3.put_bucket_notification_configuration,
            "InvalidArgument",
            Bucket="b",
            NotificationConfiguration={"QueueConfigurations": [wrong]},
        )
        assert "enum value set" in message
