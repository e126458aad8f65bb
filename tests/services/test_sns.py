"""SNS over the wire, with boto3: topics, their subscriptions, and what queues are told."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.api_client import ApiServer

ACCOUNT, REGION = "000000000000", "us-east-1"
MISSING = f"arn:aws:sns:{REGION}:{ACCOUNT}:missing"


@pytest.fixture(scope="module")
def clients(one_server: ApiServer) -> tuple[Any, Any]:
    return one_server.client("sns"), one_server.client("sqs")


@pytest.fixture
def sns(server: ApiServer, clients: tuple[Any, Any]) -> Any:
    return clients[0]


@pytest.fixture
def sqs(server: ApiServer, clients: tuple[Any, Any]) -> Any:
    return clients[1]


@pytest.fixture
def topic(sns: Any) -> str:
    return str(sns.create_topic(Name="news")["TopicArn"])


def queue(sqs: Any, name: str, **attributes: str) -> tuple[str, str]:
    """URL and ARN."""
    url = sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
    return url, f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def subscribed(sns: Any, sqs: Any, topic: str, name: str, **attributes: str) -> str:
    """The URL of a new queue that is subscribed."""
    url, arn = queue(sqs, name)
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=attributes)
    return url


def told(sqs: Any, url: str) -> list[Any]:
    """Messages of the queue, oldest first, parsed where they are JSON."""
    asked = {"MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"]}
    found = sqs.receive_message(QueueUrl=url, **asked).get("Messages", [])
    return [json.loads(one["Body"]) if one["Body"][0] == "{" else one for one in found]


def text(value: str) -> dict[str, str]:
    return {"DataType": "String", "StringValue": value}


def test_a_subscribed_queue_is_told_in_snss_form(sns: Any, sqs: Any, topic: str) -> None:
    url = subscribed(sns, sqs, topic, "told")

    published = sns.publish(
        TopicArn=topic,
        Message="häl\nlo",
        Subject="greeting",
        MessageAttributes={
            "k": text("v"),
            "raw": {"DataType": "Binary", "BinaryValue": b"\x00\x01"},
        },
    )

    (message,) = told(sqs, url)
    fixed = ("Type", "MessageId", "TopicArn", "Subject", "Message", "SignatureVersion")
    assert [message[name] for name in fixed] == [
        "Notification",
        published["MessageId"],
        topic,
        "greeting",
        "häl\nlo",
        "1",
    ]
    assert message["MessageAttributes"] == {
        "k": {"Type": "String", "Value": "v"},
        "raw": {"Type": "Binary", "Value": "AAE="},
    }
    assert message["Timestamp"] == "2023-11-14T22:13:20.000Z"
    assert {"Signature", "SigningCertURL", "UnsubscribeURL"} < set(message)


def test_a_raw_subscription_gets_the_message_and_its_attributes(
    sns: Any, sqs: Any, topic: str
) -> None:
    url = subscribed(sns, sqs, topic, "raw", RawMessageDelivery="true")

    sns.publish(TopicArn=topic, Message="bare", MessageAttributes={"k": text("v")})

    (message,) = told(sqs, url)
    assert (message["Body"], message["MessageAttributes"]) == ("bare", {"k": text("v")})


def test_a_message_can_be_another_for_each_protocol(sns: Any, sqs: Any, topic: str) -> None:
    url = subscribed(sns, sqs, topic, "structured")

    for texts in ({"default": "d", "sqs": "for queues", "http": 1}, {"default": "d"}):
        sns.publish(TopicArn=topic, Message=json.dumps(texts), MessageStructure="json")

    assert [one["Message"] for one in told(sqs, url)] == ["for queues", "d"]


def test_only_what_the_filter_lets_pass_is_delivered(sns: Any, sqs: Any, topic: str) -> None:
    by_attribute = subscribed(sns, sqs, topic, "a", FilterPolicy='{"store": ["one"]}')
    by_body = subscribed(
        sns,
        sqs,
        topic,
        "b",
        FilterPolicy='{"size": {"kb": [{"numeric": [">", 5]}]}}',
        FilterPolicyScope="MessageBody",
    )
    everything = subscribed(sns, sqs, topic, "c")

    sns.publish(TopicArn=topic, Message="x", MessageAttributes={"store": text("one")})
    sns.publish(TopicArn=topic, Message='{"size": {"kb": 6}}')
    sns.publish(TopicArn=topic, Message="y", MessageAttributes={"store": text("two")})

    assert [one["Message"] for one in told(sqs, by_attribute)] == ["x"]
    assert [one["Message"] for one in told(sqs, by_body)] == ['{"size": {"kb": 6}}']
    assert len(told(sqs, everything)) == 3


def test_a_filter_can_be_changed_and_taken_away(
    sns: Any, sqs: Any, topic: str, refused: Callable[..., str]
) -> None:
    _, arn = queue(sqs, "filtered")
    made = sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)["SubscriptionArn"]
    change: dict[str, Any] = {"SubscriptionArn": made, "AttributeName": "FilterPolicy"}

    sns.set_subscription_attributes(**change, AttributeValue='{"a": ["b"]}')
    kept = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    said = refused(
        sns.set_subscription_attributes,
        "InvalidParameter",
        **change,
        AttributeValue='{"a": {"b": ["c"]}}',
    )

    assert (kept["FilterPolicy"], kept["FilterPolicyScope"]) == (
        '{"a": ["b"]}',
        "MessageAttributes",
    )
    assert "FilterPolicy" in said
    sns.set_subscription_attributes(**change, AttributeValue="{}")
    kept = sns.get_subscription_attributes(SubscriptionArn=made)["Attributes"]
    assert "FilterPolicy" not in kept
    assert kept["PendingConfirmation"] == "false"


def test_what_a_queue_cannot_take_goes_to_the_dead_letter_queue(
    sns: Any, sqs: Any, topic: str
) -> None:
    dead, dead_arn = queue(sqs, "dead")
    redrive = json.dumps({"deadLetterTargetArn": dead_arn})
    url = subscribed(sns, sqs, topic, "short-lived", RedrivePolicy=redrive)
    sqs.delete_queue(QueueUrl=url)

    sns.publish(TopicArn=topic, Message="kept")

    assert [one["Message"] for one in told(sqs, dead)] == ["kept"]


def test_the_same_subscription_is_made_once(
    sns: Any, sqs: Any, topic: str, refused: Callable[..., str]
) -> None:
    _, arn = queue(sqs, "once")
    asked = {"TopicArn": topic, "Protocol": "sqs", "Endpoint": arn}

    first, again = sns.subscribe(**asked), sns.subscribe(**asked)

    assert first["SubscriptionArn"] == again["SubscriptionArn"]
    refused(sns.subscribe, "InvalidParameter", **asked, Attributes={"RawMessageDelivery": "true"})


def test_subscriptions_are_listed_counted_and_ended(sns: Any, sqs: Any, topic: str) -> None:
    url = subscribed(sns, sqs, topic, "listed")
    other = sns.create_topic(Name="other")["TopicArn"]
    subscribed(sns, sqs, other, "elsewhere")

    (mine,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]

    assert mine["Endpoint"].endswith(":listed")
    assert len(sns.list_subscriptions()["Subscriptions"]) == 2
    counted = sns.get_topic_attributes(TopicArn=topic)["Attributes"]
    assert (counted["SubscriptionsConfirmed"], counted["SubscriptionsPending"]) == ("1", "0")
    sns.unsubscribe(SubscriptionArn=mine["SubscriptionArn"])
    sns.unsubscribe(SubscriptionArn=mine["SubscriptionArn"])
    sns.publish(TopicArn=topic, Message="nobody hears this")
    assert told(sqs, url) == []


def test_lists_come_in_pages_of_a_hundred(sns: Any) -> None:
    arns = {sns.create_topic(Name=f"many-{number:03}")["TopicArn"] for number in range(105)}

    first = sns.list_topics()
    rest = sns.list_topics(NextToken=first["NextToken"])

    assert (len(first["Topics"]), len(rest["Topics"])) == (100, 5)
    assert {one["TopicArn"] for one in first["Topics"] + rest["Topics"]} == arns


@pytest.mark.parametrize(
    ("protocol", "endpoint", "said"),
    [
        ("email", "a@example.com", "sends no mail"),
        ("sms", "+15551234", "sends no text messages"),
        ("lambda", "f", "not the ARN of a function"),
        ("firehose", "arn", "no Firehose"),
        ("application", "arn", "mobile devices"),
        ("pigeon", "coop", "does not support this protocol"),
        ("http", "https://example.com", "must match the specified protocol"),
        ("sqs", "arn:aws:sqs:us-east-1:000000000000:nowhere", "is of no queue here"),
    ],
)
def test_subscribers_that_cannot_be_reached_are_refused(
    sns: Any, topic: str, refused: Callable[..., str], protocol: str, endpoint: str, said: str
) -> None:
    told = refused(
        sns.subscribe, "InvalidParameter", TopicArn=topic, Protocol=protocol, Endpoint=endpoint
    )

    assert said in told


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"Message": ""}, "Empty message"),
        ({"Message": "x" * 262_145}, "Message too long"),
        ({"Message": "x", "Subject": "a\nb"}, "Subject"),
        ({"Message": "x", "Subject": "a" * 101}, "Subject"),
        ({"Message": "x", "MessageStructure": "json"}, "failed to parse"),
        ({"Message": '{"sqs": "x"}', "MessageStructure": "json"}, "No default entry"),
        ({"Message": '{"default": "a", "default": "b"}', "MessageStructure": "json"}, "parse"),
        ({"Message": "x", "MessageDeduplicationId": "a"}, "only FIFO topics"),
        ({"Message": "x", "MessageAttributes": {"a": {"DataType": "Text"}}}, "attribute type"),
        (
            {
                "Message": "x",
                "MessageAttributes": {"a": {"DataType": "String.Array", "StringValue": "x"}},
            },
            "no JSON array",
        ),
    ],
)
def test_messages_that_sns_does_not_take_are_refused(
    sns: Any, topic: str, refused: Callable[..., str], asked: dict[str, Any], said: str
) -> None:
    assert said in refused(sns.publish, "InvalidParameter", TopicArn=topic, **asked)


def test_what_is_not_there_is_told(sns: Any, topic: str, refused: Callable[..., str]) -> None:
    refused(sns.publish, "NotFound", TopicArn=MISSING, Message="x")
    refused(sns.get_topic_attributes, "NotFound", TopicArn=MISSING)
    refused(sns.publish, "InvalidParameter", TopicArn="nonsense", Message="x")
    refused(sns.publish, "InvalidParameter", PhoneNumber="+15551234", Message="x")
    refused(sns.get_subscription_attributes, "NotFound", SubscriptionArn=f"{topic}:0000")
    refused(sns.list_tags_for_resource, "ResourceNotFound", ResourceArn=MISSING)
    refused(sns.create_platform_application, "UnknownOperationException", **_APPLICATION)
    sns.delete_topic(TopicArn=MISSING)


_APPLICATION = {"Name": "a", "Platform": "GCM", "Attributes": {}}


def test_a_batch_answers_for_each_message(
    sns: Any, sqs: Any, topic: str, refused: Callable[..., str]
) -> None:
    url = subscribed(sns, sqs, topic, "batched")

    done = sns.publish_batch(
        TopicArn=topic,
        PublishBatchRequestEntries=[
            {"Id": "a", "Message": "one"},
            {"Id": "b", "Message": "two", "Subject": "\n"},
            {"Id": "c", "Message": "three"},
        ],
    )

    assert [one["Id"] for one in done["Successful"]] == ["a", "c"]
    assert [(one["Id"], one["Code"]) for one in done["Failed"]] == [("b", "InvalidParameter")]
    assert [one["Message"] for one in told(sqs, url)] == ["one", "three"]
    for ids, code in (
        ("", "EmptyBatchRequest"),
        ("aa", "BatchEntryIdsNotDistinct"),
        ("abcdefghijk", "TooManyEntriesInBatchRequest"),
    ):
        entries = [{"Id": one, "Message": "x"} for one in ids]
        refused(sns.publish_batch, code, TopicArn=topic, PublishBatchRequestEntries=entries)


def test_topics_keep_what_was_said_of_them(sns: Any, refused: Callable[..., str]) -> None:
    asked = {"Name": "kept", "Attributes": {"DisplayName": "Kept"}}
    arn = sns.create_topic(**asked, Tags=[{"Key": "a", "Value": "1"}])["TopicArn"]
    policy = json.dumps({"http": {"defaultHealthyRetryPolicy": {"numRetries": 7}}})

    sns.set_topic_attributes(TopicArn=arn, AttributeName="DeliveryPolicy", AttributeValue=policy)
    sns.tag_resource(ResourceArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    sns.untag_resource(ResourceArn=arn, TagKeys=["a"])

    kept = sns.get_topic_attributes(TopicArn=arn)["Attributes"]
    assert kept["DisplayName"] == "Kept"
    effective = json.loads(kept["EffectiveDeliveryPolicy"])["http"]
    assert effective["defaultHealthyRetryPolicy"]["numRetries"] == 7
    assert sns.list_tags_for_resource(ResourceArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    assert sns.create_topic(**asked)["TopicArn"] == arn
    refused(sns.create_topic, "InvalidParameter", Name="kept", Attributes={"DisplayName": "Other"})
    for name, value in (("KmsMasterKeyId", "k"), ("ArchivePolicy", "{}"), ("Policy", "[")):
        change = {"TopicArn": arn, "AttributeName": name, "AttributeValue": value}
        refused(sns.set_topic_attributes, "InvalidParameter", **change)


def test_permissions_are_written_into_the_policy(sns: Any, topic: str) -> None:
    asked = {"TopicArn": topic, "Label": "them"}

    sns.add_permission(**asked, AWSAccountId=["111122223333"], ActionName=["Publish"])
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    sns.remove_permission(**asked)

    added = policy["Statement"][-1]
    assert (added["Sid"], added["Action"]) == ("them", ["SNS:Publish"])
    policy = json.loads(sns.get_topic_attributes(TopicArn=topic)["Attributes"]["Policy"])
    assert "them" not in [one["Sid"] for one in policy["Statement"]]


def test_a_deleted_topics_subscriptions_go_with_it(sns: Any, sqs: Any, topic: str) -> None:
    url = subscribed(sns, sqs, topic, "orphan")

    sns.delete_topic(TopicArn=topic)

    assert sns.list_subscriptions()["Subscriptions"] == []
    sns.create_topic(Name="news")
    sns.publish(TopicArn=topic, Message="x")
    assert told(sqs, url) == []


def test_a_fifo_topic_keeps_order_and_tells_doubles(
    sns: Any, sqs: Any, refused: Callable[..., str]
) -> None:
    attributes = {"FifoTopic": "true", "ContentBasedDeduplication": "true"}
    topic = sns.create_topic(Name="orders.fifo", Attributes=attributes)["TopicArn"]
    fifo, fifo_arn = queue(sqs, "orders.fifo", FifoQueue="true", ContentBasedDeduplication="true")
    standard, standard_arn = queue(sqs, "copies")
    for arn in (fifo_arn, standard_arn):
        sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)

    numbers = [
        sns.publish(TopicArn=topic, Message=body, MessageGroupId="g")["SequenceNumber"]
        for body in ("1", "2", "1", "3")
    ]

    assert [one["Message"] for one in told(sqs, fifo)] == ["1", "2", "3"]
    assert len(told(sqs, standard)) == 3
    assert numbers[0] == numbers[2] < numbers[1] < numbers[3]
    refused(sns.publish, "InvalidParameter", TopicArn=topic, Message="x")
    plain = sns.create_topic(Name="plain")["TopicArn"]
    refused(sns.subscribe, "InvalidParameter", TopicArn=plain, Protocol="sqs", Endpoint=fifo_arn)
    refused(sns.subscribe, "InvalidParameter", TopicArn=topic, Protocol="http", Endpoint="http://a")


@pytest.mark.parametrize("name", ["", "a b", "a" * 257, "a.fifo", "ä"])
def test_names_that_no_topic_has_are_refused(
    sns: Any, refused: Callable[..., str], name: str
) -> None:
    refused(sns.create_topic, "InvalidParameter", Name=name)
