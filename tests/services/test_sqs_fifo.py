"""SQS's FIFO queues over the wire: order within groups, and nothing twice."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.ground.clock import ManualClock
from tests.support.api_client import ApiServer


@pytest.fixture(scope="module")
def one_sqs(one_server: ApiServer) -> Any:
    return one_server.client("sqs")


@pytest.fixture
def sqs(server: ApiServer, one_sqs: Any) -> Any:
    return one_sqs


@pytest.fixture
def url(sqs: Any) -> str:
    return make(sqs, "orders.fifo", ContentBasedDeduplication="true")


def make(sqs: Any, name: str, **attributes: str) -> str:
    attributes = {"FifoQueue": "true", **attributes}
    return str(sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"])


def send(sqs: Any, url: str, body: str, group: str = "g", **more: Any) -> dict[str, Any]:
    return dict(sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId=group, **more))


def take(sqs: Any, url: str, most: int = 10, **options: Any) -> list[dict[str, Any]]:
    asked = {"MaxNumberOfMessages": most, "MessageSystemAttributeNames": ["All"], **options}
    return list(sqs.receive_message(QueueUrl=url, **asked).get("Messages", []))


def bodies(messages: list[dict[str, Any]]) -> list[str]:
    return [message["Body"] for message in messages]


def test_messages_come_in_the_order_in_which_they_were_sent(sqs: Any, url: str) -> None:
    sent = [send(sqs, url, f"{number:02}") for number in range(15)]

    first = take(sqs, url)
    for message in first:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    rest = take(sqs, url)

    assert bodies(first + rest) == [f"{number:02}" for number in range(15)]
    numbers = [one["SequenceNumber"] for one in sent]
    assert numbers == sorted(set(numbers))
    assert [one["Attributes"]["SequenceNumber"] for one in first + rest] == numbers
    assert {one["Attributes"]["MessageGroupId"] for one in first} == {"g"}


def test_a_group_with_a_message_in_flight_waits_and_others_go_on(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    for body, group in (("a1", "a"), ("a2", "a"), ("b1", "b"), ("a3", "a"), ("b2", "b")):
        send(sqs, url, body, group)

    (held,) = take(sqs, url, most=1)
    others = take(sqs, url)

    assert (held["Body"], bodies(others)) == ("a1", ["b1", "b2"])
    sqs.delete_message(QueueUrl=url, ReceiptHandle=held["ReceiptHandle"])
    assert bodies(take(sqs, url, most=1)) == ["a2"]
    assert take(sqs, url) == []
    clock.advance(31)
    assert bodies(take(sqs, url)) == ["a2", "b1", "a3", "b2"]


def test_a_message_given_back_waits_for_those_behind_it_that_are_in_flight(
    sqs: Any, url: str
) -> None:
    send(sqs, url, "1")
    send(sqs, url, "2")
    first, second = take(sqs, url)
    back = {"QueueUrl": url, "VisibilityTimeout": 0}

    sqs.change_message_visibility(**back, ReceiptHandle=first["ReceiptHandle"])
    assert take(sqs, url) == []
    sqs.change_message_visibility(**back, ReceiptHandle=second["ReceiptHandle"])

    assert bodies(take(sqs, url)) == ["1", "2"]


def test_a_message_whose_time_is_over_comes_again_before_those_behind_it(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    send(sqs, url, "1")
    send(sqs, url, "2")
    take(sqs, url, most=1)

    clock.advance(31)

    assert bodies(take(sqs, url)) == ["1", "2"]


def test_what_was_sent_lately_is_not_sent_twice(sqs: Any, url: str, clock: ManualClock) -> None:
    first = send(sqs, url, "same")
    again = send(sqs, url, "same")
    other = send(sqs, url, "same", MessageDeduplicationId="another")

    assert (again["MessageId"], again["SequenceNumber"]) == (
        first["MessageId"],
        first["SequenceNumber"],
    )
    assert other["MessageId"] != first["MessageId"]
    for message in take(sqs, url):
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    send(sqs, url, "same")
    assert take(sqs, url) == []
    clock.advance(301)
    assert send(sqs, url, "same")["MessageId"] != first["MessageId"]
    assert bodies(take(sqs, url)) == ["same"]


def test_doubles_can_be_told_within_a_group_only(sqs: Any) -> None:
    url = make(sqs, "wide.fifo", DeduplicationScope="messageGroup")

    for group in ("a", "b", "a"):
        send(sqs, url, group, group, MessageDeduplicationId="one")

    assert bodies(take(sqs, url)) == ["a", "b"]


def test_an_attempt_of_the_same_name_gets_the_same_messages(
    sqs: Any, url: str, clock: ManualClock
) -> None:
    send(sqs, url, "1")
    send(sqs, url, "2")
    first = take(sqs, url, ReceiveRequestAttemptId="try")
    clock.advance(20)

    again = take(sqs, url, ReceiveRequestAttemptId="try")

    assert again == first
    clock.advance(20)
    assert take(sqs, url) == []
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first[0]["ReceiptHandle"])


def test_an_expired_receipt_is_refused(
    sqs: Any, url: str, clock: ManualClock, refused: Callable[..., str]
) -> None:
    send(sqs, url, "x")
    (message,) = take(sqs, url)
    clock.advance(31)

    said = refused(
        sqs.delete_message,
        "InvalidParameterValue",
        QueueUrl=url,
        ReceiptHandle=message["ReceiptHandle"],
    )

    assert "expired" in said


def test_the_dead_letter_queue_of_a_fifo_queue_is_one_too(
    sqs: Any, clock: ManualClock, refused: Callable[..., str]
) -> None:
    sqs.create_queue(QueueName="standard")
    dead = make(sqs, "dead.fifo")

    def policy(name: str) -> str:
        target = f"arn:aws:sqs:us-east-1:000000000000:{name}"
        return json.dumps({"deadLetterTargetArn": target, "maxReceiveCount": 1})

    refused(
        sqs.create_queue,
        "InvalidAttributeValue",
        QueueName="source.fifo",
        Attributes={"FifoQueue": "true", "RedrivePolicy": policy("standard")},
    )
    url = make(sqs, "source.fifo", RedrivePolicy=policy("dead.fifo"))
    send(sqs, url, "poison", MessageDeduplicationId="p")
    send(sqs, url, "next", MessageDeduplicationId="n")
    take(sqs, url, most=1)
    clock.advance(31)
    assert bodies(take(sqs, url, most=1)) == ["next"]
    (buried,) = take(sqs, dead)
    assert (buried["Body"], buried["Attributes"]["MessageGroupId"]) == ("poison", "g")


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "MissingParameter"),
        ({"MessageGroupId": "g"}, "InvalidParameterValue"),
        ({"MessageGroupId": "g" * 129}, "InvalidParameterValue"),
        ({"MessageGroupId": "ä"}, "InvalidParameterValue"),
        (
            {"MessageGroupId": "g", "MessageDeduplicationId": "d", "DelaySeconds": 1},
            "InvalidParameterValue",
        ),
    ],
)
def test_letters_that_a_fifo_queue_does_not_take_are_refused(
    sqs: Any, refused: Callable[..., str], asked: dict[str, Any], code: str
) -> None:
    url = make(sqs, "strict.fifo")

    refused(sqs.send_message, code, QueueUrl=url, MessageBody="x", **asked)
