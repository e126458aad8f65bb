"""SQS's messages over the wire, with boto3: sent, received, hidden, deleted, redriven."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer
from tests.support.endpoints import until


@pytest.fixture(scope="module")
def one_sqs(one_server: ApiServer) -> Any:
    return one_server.client("sqs")


@pytest.fixture
def sqs(server: ApiServer, one_sqs: Any) -> Any:
    return one_sqs


@pytest.fixture
def url(sqs: Any) -> str:
    return make(sqs, "work")


def make(sqs: Any, name: str, **attributes: str) -> str:
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def take(sqs: Any, url: str, most: int = 10, **options: Any) -> list[dict[str, Any]]:
    asked = {"MaxNumberOfMessages": most, "MessageSystemAttributeNames": ["All"], **options}
    return list(sqs.receive_message(QueueUrl=url, **asked).get("Messages", []))


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


def redrive(name: str, receives: int) -> str:
    target = f"arn:aws:sqs:us-east-1:000000000000:{name}"
    return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": receives})


def test_what_was_sent_is_received_with_its_attributes(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    attributes = {
        "colour": {"DataType": "String", "StringValue": "grün"},
        "count": {"DataType": "Number.int", "StringValue": "7"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"},
    }
    sent = sqs.send_message(
        QueueUrl=url,
        MessageBody="häl\nlo 🐟",
        MessageAttributes=attributes,
        MessageSystemAttributes={
            "AWSTraceHeader": {"DataType": "String", "StringValue": "Root=1-5759e988-bd862e3fe1be4"}
        },
    )
    clock.advance(2)

    (message,) = take(sqs, url, MessageAttributeNames=["All"])

    assert message["MessageId"] == sent["MessageId"]
    assert message["Body"] == "häl\nlo 🐟"
    assert message["MD5OfBody"] == sent["MD5OfMessageBody"]
    assert message["MessageAttributes"] == attributes
    assert message["MD5OfMessageAttributes"] == sent["MD5OfMessageAttributes"]
    now = int(clock.now() * 1000)
    assert message["Attributes"] == {
        "SenderId": "000000000000",
        "SentTimestamp": str(now - 2000),
        "ApproximateReceiveCount": "1",
        "ApproximateFirstReceiveTimestamp": str(now),
        "AWSTraceHeader": "Root=1-5759e988-bd862e3fe1be4",
    }
    assert len(sent["MD5OfMessageSystemAttributes"]) == 32


def test_only_the_attributes_that_are_asked_for_come(sqs: Any, url: str) -> None:
    one = {"DataType": "String", "StringValue": "x"}
    sqs.send_message(
        QueueUrl=url, MessageBody="x", MessageAttributes={"a.b": one, "a.c": one, "d": one}
    )

    def asked(*names: str) -> set[str]:
        (message,) = take(sqs, url, MessageAttributeNames=list(names), VisibilityTimeout=0)
        return set(message.get("MessageAttributes", {}))

    assert asked() == set()
    assert asked("a.*") == {"a.b", "a.c"}
    assert asked("d", "missing") == {"d"}
    assert asked(".*") == {"a.b", "a.c", "d"}


def test_a_received_message_is_hidden_until_its_timeout(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="once")

    assert bodies(take(sqs, url)) == ["once"]
    assert take(sqs, url) == []
    clock.advance(30.1)
    (again,) = take(sqs, url)

    assert again["Attributes"]["ApproximateReceiveCount"] == "2"


def test_a_deleted_message_does_not_come_back(sqs: Any, url: str, clock: ManualClock) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)

    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])

    clock.advance(60)
    assert take(sqs, url) == []


def test_an_old_receipt_deletes_nothing(sqs: Any, url: str, clock: ManualClock) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (first,) = take(sqs, url)
    clock.advance(31)
    (second,) = take(sqs, url)

    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])

    assert first["ReceiptHandle"] != second["ReceiptHandle"]
    clock.advance(31)
    assert bodies(take(sqs, url)) == ["x"]


def test_visibility_can_be_given_up_and_prolonged(
    sqs: Any, url: str, clock: ManualClock, refused: Callable[..., str]
) -> None:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    (message,) = take(sqs, url)
    asked = {"QueueUrl": url, "ReceiptHandle": message["ReceiptHandle"]}

    sqs.change_message_visibility(**asked, VisibilityTimeout=100)
    clock.advance(90)
    assert take(sqs, url) == []
    sqs.change_message_visibility(**asked, VisibilityTimeout=0)
    assert bodies(take(sqs, url, VisibilityTimeout=0)) == ["x"]
    refused(
        sqs.change_message_visibility,
        "InvalidParameterValue",
        **{**asked, "VisibilityTimeout": 43201},
    )
    (last,) = take(sqs, url, VisibilityTimeout=1)
    clock.advance(2)
    refused(
        sqs.change_message_visibility,
        "AWS.SimpleQueueService.MessageNotInflight",
        QueueUrl=url,
        ReceiptHandle=last["ReceiptHandle"],
        VisibilityTimeout=5,
    )


def test_a_handle_that_is_none_is_refused(sqs: Any, url: str, refused: Callable[..., str]) -> None:
    for handle in ("nonsense", "MQ==", "OTk5OTk5OTk5OTk5OTk5OTk5OTk5OTk5IGE="):
        refused(sqs.delete_message, "ReceiptHandleIsInvalid", QueueUrl=url, ReceiptHandle=handle)


def test_a_delayed_message_comes_when_its_time_has_come(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    slow = make(sqs, "slow", DelaySeconds="60")
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=10)
    sqs.send_message(QueueUrl=slow, MessageBody="much later")
    sqs.send_message(QueueUrl=slow, MessageBody="now", DelaySeconds=0)

    assert (take(sqs, url), bodies(take(sqs, slow))) == ([], ["now"])
    clock.advance(11)
    assert (bodies(take(sqs, url)), take(sqs, slow)) == (["later"], [])


def test_a_message_too_old_is_gone(sqs: Any, clock: ManualClock) -> None:
    url = make(sqs, "short", MessageRetentionPeriod="60")
    sqs.send_message(QueueUrl=url, MessageBody="x")

    clock.advance(61)

    assert take(sqs, url) == []


def test_what_is_received_too_often_goes_to_the_dead_letter_queue(
    sqs: Any, clock: ManualClock
) -> None:
    dead = make(sqs, "dead")
    url = make(sqs, "source", RedrivePolicy=redrive("dead", 2))
    sent = sqs.send_message(QueueUrl=url, MessageBody="poison")
    for _ in range(2):
        assert bodies(take(sqs, url)) == ["poison"]
        clock.advance(31)

    assert take(sqs, url) == []

    (message,) = take(sqs, dead)
    assert (message["Body"], message["MessageId"]) == ("poison", sent["MessageId"])
    assert message["Attributes"]["ApproximateReceiveCount"] == "3"
    assert message["Attributes"]["DeadLetterQueueSourceArn"].endswith(":source")


def test_while_there_is_no_dead_letter_queue_messages_stay(sqs: Any, clock: ManualClock) -> None:
    dead = make(sqs, "dead")
    url = make(sqs, "source", RedrivePolicy=redrive("dead", 1))
    sqs.send_message(QueueUrl=url, MessageBody="kept")
    sqs.delete_queue(QueueUrl=dead)

    for _ in range(3):
        assert bodies(take(sqs, url)) == ["kept"]
        clock.advance(31)


def test_a_batch_answers_for_each_entry(sqs: Any, url: str) -> None:
    sent = sqs.send_message_batch(
        QueueUrl=url,
        Entries=[
            {"Id": "good", "MessageBody": "one"},
            {"Id": "bad", "MessageBody": "\x00"},
            {"Id": "late", "MessageBody": "x", "DelaySeconds": 901},
            {"Id": "fine", "MessageBody": "two"},
            {
                "Id": "odd",
                "MessageBody": "x",
                "MessageAttributes": {"a": {"DataType": "String"}},
            },
        ],
    )

    assert [one["Id"] for one in sent["Successful"]] == ["good", "fine"]
    assert {one["Id"]: one["Code"] for one in sent["Failed"]} == {
        "bad": "InvalidMessageContents",
        "late": "InvalidParameterValue",
        "odd": "InvalidParameterValue",
    }
    taken = take(sqs, url)
    assert sorted(bodies(taken)) == ["one", "two"]
    entries = [{"Id": "a", "ReceiptHandle": taken[0]["ReceiptHandle"]}]
    entries.append({"Id": "b", "ReceiptHandle": "nonsense"})
    changed = sqs.change_message_visibility_batch(
        QueueUrl=url, Entries=[{**entry, "VisibilityTimeout": 0} for entry in entries]
    )
    assert [one["Id"] for one in changed["Successful"]] == ["a"]
    (again,) = take(sqs, url)
    gone = sqs.delete_message_batch(
        QueueUrl=url, Entries=[{"Id": "a", "ReceiptHandle": again["ReceiptHandle"]}, entries[1]]
    )
    assert [one["Id"] for one in gone["Successful"]] == ["a"]
    assert gone["Failed"][0]["Code"] == "ReceiptHandleIsInvalid"


@pytest.mark.parametrize(
    ("ids", "body", "code"),
    [
        ([], "x", "EmptyBatchRequest"),
        ([str(n) for n in range(11)], "x", "TooManyEntriesInBatchRequest"),
        (["a", "a"], "x", "BatchEntryIdsNotDistinct"),
        (["a b"], "x", "InvalidBatchEntryId"),
        (["a", "b"], "x" * (1 << 19) + "y", "BatchRequestTooLong"),
    ],
)
def test_a_batch_that_is_none_is_refused_whole(
    sqs: Any, url: str, refused: Callable[..., str], ids: list[str], body: str, code: str
) -> None:
    entries = [{"Id": one, "MessageBody": body} for one in ids]

    refused(
        sqs.send_message_batch,
        f"AWS.SimpleQueueService.{code}",
        QueueUrl=url,
        Entries=entries,
    )


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"MessageBody": ""}, "MissingParameter"),
        ({"MessageBody": "\ufffe"}, "InvalidMessageContents"),
        ({"MessageBody": "x" * 2000}, "InvalidParameterValue"),
        ({"MessageBody": "x", "DelaySeconds": -1}, "InvalidParameterValue"),
        ({"MessageBody": "x", "MessageDeduplicationId": "a"}, "InvalidParameterValue"),
        (
            {"MessageBody": "x", "MessageAttributes": {"a": {"DataType": "Text"}}},
            "InvalidParameterValue",
        ),
        (
            {
                "MessageBody": "x",
                "MessageAttributes": {"aws.a": {"DataType": "String", "StringValue": "x"}},
            },
            "InvalidParameterValue",
        ),
        (
            {
                "MessageBody": "x",
                "MessageAttributes": {"a": {"DataType": "Number", "StringValue": "x"}},
            },
            "InvalidParameterValue",
        ),
        (
            {
                "MessageBody": "x",
                "MessageAttributes": {
                    f"a{n}": {"DataType": "String", "StringValue": "x"} for n in range(11)
                },
            },
            "InvalidParameterValue",
        ),
    ],
)
def test_letters_that_sqs_does_not_take_are_refused(
    sqs: Any, refused: Callable[..., str], asked: dict[str, Any], code: str
) -> None:
    url = make(sqs, "small", MaximumMessageSize="1024")

    refused(sqs.send_message, code, QueueUrl=url, **asked)


def test_a_receiver_waits_until_a_message_comes(sqs: Any, url: str, server: ApiServer) -> None:
    waiting = server.client("sqs")
    received: list[str] = []

    def receive() -> None:
        received.extend(bodies(take(waiting, url, WaitTimeSeconds=20)))

    receiver = threading.Thread(target=receive)
    receiver.start()
    until(lambda: asleep(server))
    began = time.monotonic()
    sqs.send_message(QueueUrl=url, MessageBody="awaited")
    receiver.join(15)

    assert received == ["awaited"]
    assert time.monotonic() - began < 10


def test_a_wait_without_messages_ends_with_none(sqs: Any) -> None:
    url = make(sqs, "patient", ReceiveMessageWaitTimeSeconds="1")
    began = time.monotonic()

    assert take(sqs, url) == []

    assert time.monotonic() - began >= 0.9


def asleep(server: ApiServer) -> int:
    """How many receivers wait."""
    return sum(map(len, server.messaging.waiting._asleep.values()))
