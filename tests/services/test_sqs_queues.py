"""SQS's queues over the wire, with boto3: made, found, changed, counted, removed."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer

ACCOUNT, REGION = "000000000000", "us-east-1"


@pytest.fixture(scope="module")
def one_sqs(one_server: ApiServer) -> Any:
    return one_server.client("sqs", parameter_validation=False)


@pytest.fixture
def sqs(server: ApiServer, one_sqs: Any) -> Any:
    return one_sqs


def make(sqs: Any, name: str, **attributes: str) -> str:
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def look(sqs: Any, url: str, *names: str) -> dict[str, str]:
    found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=list(names or ["All"]))
    return dict(found.get("Attributes", {}))


def arn(name: str) -> str:
    return f"arn:aws:sqs:{REGION}:{ACCOUNT}:{name}"


def test_a_queues_url_is_where_the_client_reaches_this_platform(
    sqs: Any, server: ApiServer
) -> None:
    url = make(sqs, "here")

    assert url == f"{server.url}/{ACCOUNT}/here"
    assert sqs.get_queue_url(QueueName="here")["QueueUrl"] == url


def test_a_queue_of_another_hosts_url_is_found_by_the_urls_end(sqs: Any) -> None:
    make(sqs, "known")

    found = look(sqs, f"https://sqs.us-east-1.amazonaws.com/{ACCOUNT}/known", "QueueArn")

    assert found == {"QueueArn": arn("known")}


def test_attributes_not_set_have_sqss_defaults(sqs: Any, clock: ManualClock) -> None:
    now = str(int(clock.now()))

    assert look(sqs, make(sqs, "plain")) == {
        "ApproximateNumberOfMessages": "0",
        "ApproximateNumberOfMessagesDelayed": "0",
        "ApproximateNumberOfMessagesNotVisible": "0",
        "CreatedTimestamp": now,
        "DelaySeconds": "0",
        "LastModifiedTimestamp": now,
        "MaximumMessageSize": "1048576",
        "MessageRetentionPeriod": "345600",
        "QueueArn": arn("plain"),
        "ReceiveMessageWaitTimeSeconds": "0",
        "SqsManagedSseEnabled": "false",
        "VisibilityTimeout": "30",
    }


def test_a_fifo_queue_says_so(sqs: Any) -> None:
    url = make(sqs, "orders.fifo", FifoQueue="true")

    asked = ("FifoQueue", "ContentBasedDeduplication", "DeduplicationScope", "FifoThroughputLimit")
    assert look(sqs, url, *asked) == {
        "FifoQueue": "true",
        "ContentBasedDeduplication": "false",
        "DeduplicationScope": "queue",
        "FifoThroughputLimit": "perQueue",
    }


def test_making_a_queue_twice_gives_the_same_one_unless_it_differs(
    sqs: Any, refused: Callable[..., str]
) -> None:
    url = make(sqs, "twice", VisibilityTimeout="5")

    assert make(sqs, "twice", VisibilityTimeout="5") == url
    assert make(sqs, "twice") == url
    said = refused(
        sqs.create_queue,
        "QueueAlreadyExists",
        QueueName="twice",
        Attributes={"VisibilityTimeout": "6"},
    )
    assert "different value for attribute VisibilityTimeout" in said


def test_counts_tell_what_is_visible_in_flight_and_delayed(sqs: Any) -> None:
    url = make(sqs, "counted")
    for delay in (0, 0, 0, 60):
        sqs.send_message(QueueUrl=url, MessageBody="x", DelaySeconds=delay)

    sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=1)

    told = look(sqs, url)
    assert told["ApproximateNumberOfMessages"] == "2"
    assert told["ApproximateNumberOfMessagesNotVisible"] == "1"
    assert told["ApproximateNumberOfMessagesDelayed"] == "1"


def test_changed_attributes_hold_and_an_empty_policy_is_taken_away(
    sqs: Any, clock: ManualClock
) -> None:
    make(sqs, "dead")
    url = make(sqs, "changed")
    policy = json.dumps({"deadLetterTargetArn": arn("dead"), "maxReceiveCount": 3})
    clock.advance(10)

    sqs.set_queue_attributes(
        QueueUrl=url, Attributes={"VisibilityTimeout": "7", "RedrivePolicy": policy}
    )

    told = look(sqs, url)
    assert told["VisibilityTimeout"] == "7"
    assert json.loads(told["RedrivePolicy"]) == json.loads(policy)
    assert int(told["LastModifiedTimestamp"]) == int(told["CreatedTimestamp"]) + 10
    sources = sqs.list_dead_letter_source_queues(QueueUrl=url.replace("changed", "dead"))
    assert sources["queueUrls"] == [url]
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"RedrivePolicy": ""})
    assert "RedrivePolicy" not in look(sqs, url)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("VisibilityTimeout", "43201", "InvalidAttributeValue"),
        ("VisibilityTimeout", "soon", "InvalidAttributeValue"),
        ("DelaySeconds", "901", "InvalidAttributeValue"),
        ("MaximumMessageSize", "1023", "InvalidAttributeValue"),
        ("MessageRetentionPeriod", "59", "InvalidAttributeValue"),
        ("ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue"),
        ("ContentBasedDeduplication", "true", "InvalidAttributeName"),
        ("QueueArn", "arn", "InvalidAttributeName"),
        ("Policy", "[", "InvalidAttributeValue"),
        ("KmsMasterKeyId", "alias/aws/sqs", "InvalidAttributeValue"),
        ("SqsManagedSseEnabled", "true", "InvalidAttributeValue"),
        ("RedrivePolicy", '{"maxReceiveCount": 1}', "InvalidAttributeValue"),
        (
            "RedrivePolicy",
            json.dumps({"deadLetterTargetArn": arn("nowhere"), "maxReceiveCount": 1}),
            "InvalidAttributeValue",
        ),
        (
            "RedrivePolicy",
            json.dumps({"deadLetterTargetArn": arn("nowhere"), "maxReceiveCount": 1001}),
            "InvalidAttributeValue",
        ),
        ("RedriveAllowPolicy", '{"redrivePermission": "byQueue"}', "InvalidAttributeValue"),
    ],
)
def test_attributes_that_cannot_be_are_refused(
    sqs: Any, refused: Callable[..., str], name: str, value: str, code: str
) -> None:
    url = make(sqs, "strict")

    refused(sqs.set_queue_attributes, code, QueueUrl=url, Attributes={name: value})
    refused(sqs.create_queue, code, QueueName="other", Attributes={name: value})


def test_a_dead_letter_queue_can_refuse_to_be_one(sqs: Any, refused: Callable[..., str]) -> None:
    make(sqs, "closed", RedriveAllowPolicy='{"redrivePermission": "denyAll"}')
    policy = json.dumps({"deadLetterTargetArn": arn("closed"), "maxReceiveCount": 3})

    refused(
        sqs.create_queue,
        "InvalidAttributeValue",
        QueueName="source",
        Attributes={"RedrivePolicy": policy},
    )


@pytest.mark.parametrize("name", ["", "a b", "a" * 81, "a.fifo", "ä"])
def test_names_that_no_queue_has_are_refused(
    sqs: Any, refused: Callable[..., str], name: str
) -> None:
    refused(sqs.create_queue, "InvalidParameterValue", QueueName=name)


def test_queues_are_listed_by_name_in_pages(sqs: Any) -> None:
    urls = [make(sqs, f"listed-{number}") for number in range(5)]
    make(sqs, "other")

    first = sqs.list_queues(QueueNamePrefix="listed-", MaxResults=3)
    rest = sqs.list_queues(QueueNamePrefix="listed-", MaxResults=3, NextToken=first["NextToken"])

    assert first["QueueUrls"] + rest["QueueUrls"] == urls
    assert "NextToken" not in rest


def test_a_deleted_queue_is_gone_with_its_messages(sqs: Any, refused: Callable[..., str]) -> None:
    url = make(sqs, "gone")
    sqs.send_message(QueueUrl=url, MessageBody="old")

    sqs.delete_queue(QueueUrl=url)

    code = "AWS.SimpleQueueService.NonExistentQueue"
    refused(sqs.send_message, code, QueueUrl=url, MessageBody="x")
    with pytest.raises(sqs.exceptions.QueueDoesNotExist):
        sqs.get_queue_url(QueueName="gone")
    assert make(sqs, "gone") == url
    assert "Messages" not in sqs.receive_message(QueueUrl=url)


def test_purging_empties_a_queue_once_a_minute(
    sqs: Any, clock: ManualClock, refused: Callable[..., str]
) -> None:
    url = make(sqs, "purged")
    for _ in range(3):
        sqs.send_message(QueueUrl=url, MessageBody="x")

    sqs.purge_queue(QueueUrl=url)

    assert look(sqs, url)["ApproximateNumberOfMessages"] == "0"
    refused(sqs.purge_queue, "AWS.SimpleQueueService.PurgeQueueInProgress", QueueUrl=url)
    clock.advance(61)
    sqs.purge_queue(QueueUrl=url)


def test_tags_are_kept_changed_and_taken_away(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="tagged", tags={"a": "1"})["QueueUrl"]
    sqs.tag_queue(QueueUrl=url, Tags={"b": "2", "a": "3"})
    sqs.untag_queue(QueueUrl=url, TagKeys=["b"])

    assert sqs.list_queue_tags(QueueUrl=url)["Tags"] == {"a": "3"}


def test_permissions_are_written_into_the_policy(sqs: Any, refused: Callable[..., str]) -> None:
    url = make(sqs, "shared")
    asked = {"QueueUrl": url, "Label": "them", "AWSAccountIds": ["111122223333"]}

    sqs.add_permission(**asked, Actions=["SendMessage"])

    (statement,) = json.loads(look(sqs, url)["Policy"])["Statement"]
    assert statement["Principal"] == {"AWS": ["arn:aws:iam::111122223333:root"]}
    assert statement["Action"] == ["SQS:SendMessage"]
    refused(sqs.add_permission, "InvalidParameterValue", **asked, Actions=["SendMessage"])
    sqs.remove_permission(QueueUrl=url, Label="them")
    assert "Policy" not in look(sqs, url)
    refused(sqs.remove_permission, "InvalidParameterValue", QueueUrl=url, Label="them")


def test_a_url_that_is_none_is_refused(sqs: Any, refused: Callable[..., str]) -> None:
    refused(sqs.purge_queue, "InvalidAddress", QueueUrl="http://somewhere/queue")
