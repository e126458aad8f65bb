"""SQS's tasks that move messages back out of dead-letter queues, on a whole platform."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from argosy.testing import Platform
from tests.support.endpoints import until


@pytest.fixture
def sqs(platform: Platform) -> Any:
    return platform.client("sqs")


def arn(name: str) -> str:
    return f"arn:aws:sqs:us-east-1:000000000000:{name}"


def buried(sqs: Any, name: str, messages: int) -> tuple[str, str]:
    """URLs of a queue and of its dead-letter queue, which has that many messages of it."""
    dead = sqs.create_queue(QueueName=f"{name}-dead")["QueueUrl"]
    redrive = json.dumps({"deadLetterTargetArn": arn(f"{name}-dead"), "maxReceiveCount": 1})
    url = sqs.create_queue(
        QueueName=name, Attributes={"RedrivePolicy": redrive, "VisibilityTimeout": "0"}
    )["QueueUrl"]
    for number in range(messages):
        sqs.send_message(QueueUrl=url, MessageBody=str(number))
    until(lambda: not take(sqs, url))
    return url, dead


def take(sqs: Any, url: str) -> list[str]:
    found = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [message["Body"] for message in found]


def count(sqs: Any, url: str) -> int:
    name = "ApproximateNumberOfMessages"
    return int(sqs.get_queue_attributes(QueueUrl=url, AttributeNames=[name])["Attributes"][name])


def task(sqs: Any, name: str) -> dict[str, Any]:
    return dict(sqs.list_message_move_tasks(SourceArn=arn(name))["Results"][0])


def test_buried_messages_go_back_to_where_they_came_from(sqs: Any) -> None:
    url, dead = buried(sqs, "moved", 3)
    assert count(sqs, dead) == 3

    sqs.start_message_move_task(SourceArn=arn("moved-dead"))

    done = until(lambda: (found := task(sqs, "moved-dead"))["Status"] == "COMPLETED" and found)
    assert (count(sqs, url), count(sqs, dead)) == (3, 0)
    assert done["ApproximateNumberOfMessagesMoved"] == 3
    assert done["ApproximateNumberOfMessagesToMove"] == 3
    assert "TaskHandle" not in done


def test_a_slow_task_can_be_stopped_half_way(sqs: Any, refused: Callable[..., str]) -> None:
    _, dead = buried(sqs, "slowly", 12)
    other = sqs.create_queue(QueueName="elsewhere")["QueueUrl"]

    started = sqs.start_message_move_task(
        SourceArn=arn("slowly-dead"),
        DestinationArn=arn("elsewhere"),
        MaxNumberOfMessagesPerSecond=1,
    )
    refused(
        sqs.start_message_move_task,
        "AWS.SimpleQueueService.UnsupportedOperation",
        SourceArn=arn("slowly-dead"),
    )
    until(lambda: count(sqs, other))
    stopped = sqs.cancel_message_move_task(TaskHandle=started["TaskHandle"])

    assert task(sqs, "slowly-dead")["Status"] == "CANCELLED"
    assert stopped["ApproximateNumberOfMessagesMoved"] == count(sqs, other)
    assert count(sqs, other) + count(sqs, dead) == 12


def test_a_queue_that_is_nobodys_dead_letter_queue_is_refused(
    sqs: Any, refused: Callable[..., str]
) -> None:
    sqs.create_queue(QueueName="alive")

    refused(sqs.start_message_move_task, "InvalidParameterValue", SourceArn=arn("alive"))
    refused(sqs.start_message_move_task, "ResourceNotFoundException", SourceArn=arn("none"))
    refused(sqs.cancel_message_move_task, "ResourceNotFoundException", TaskHandle="nonsense")
