"""kill -9 of control while messages come and go: what was acknowledged is there, and delivered."""

import json
import os
import signal
import threading
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.endpoints import until
from tests.support.subscriber import Subscriber

from argosy.testing import Platform


@pytest.fixture(scope="module")
def own() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


def kill_control(platform: Platform) -> None:
    """Return when another one runs."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control))


def drain(sqs: Any, url: str) -> list[str]:
    """Bodies of all messages, deleted as they come."""
    bodies: list[str] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get(
        "Messages"
    ):
        bodies += [message["Body"] for message in found]
        entries = [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
            for place, message in enumerate(found)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return bodies


class Sender:
    """Calls `send(number)` again and again, and knows which calls were acknowledged."""

    def __init__(self, send: Any) -> None:
        self._send = send
        self._ended = threading.Event()
        self.acknowledged: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            try:
                self._send(str(number))
            except Exception:  # not acknowledged: nothing is promised
                continue
            self.acknowledged.append(str(number))

    def more(self, messages: int) -> None:
        goal = len(self.acknowledged) + messages
        until(lambda: len(self.acknowledged) >= goal)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def test_every_acknowledged_message_is_in_the_queue_after_control_was_killed(
    own: Platform,
) -> None:
    sqs = own.client("sqs")
    url = sqs.create_queue(QueueName="sent")["QueueUrl"]
    sender = Sender(lambda body: sqs.send_message(QueueUrl=url, MessageBody=body))
    sender.more(50)

    kill_control(own)
    sender.more(50)
    sender.end()

    assert set(sender.acknowledged) <= set(drain(sqs, url))


def test_a_message_in_flight_comes_back_after_control_was_killed(own: Platform) -> None:
    sqs = own.client("sqs")
    url = sqs.create_queue(QueueName="flying", Attributes={"VisibilityTimeout": "3"})["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="held")
    (first,) = sqs.receive_message(QueueUrl=url)["Messages"]

    kill_control(own)

    (again,) = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    assert again["MessageId"] == first["MessageId"]


def test_everything_published_reaches_queues_and_urls_though_control_is_killed(
    own: Platform,
) -> None:
    sns, sqs = own.client("sns"), own.client("sqs")
    topic = sns.create_topic(Name="published")["TopicArn"]
    url = sqs.create_queue(QueueName="published")["QueueUrl"]
    arn = "arn:aws:sqs:us-east-1:000000000000:published"
    raw = {"RawMessageDelivery": "true"}
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn, Attributes=raw)
    policy = {"healthyRetryPolicy": {"minDelayTarget": 1, "maxDelayTarget": 1, "numRetries": 50}}
    subscriber = Subscriber()
    try:
        sns.subscribe(
            TopicArn=topic,
            Protocol="http",
            Endpoint=subscriber.url,
            Attributes={"DeliveryPolicy": json.dumps(policy)},
        )
        asked = subscriber.wait("SubscriptionConfirmation")
        urllib.request.urlopen(asked["SubscribeURL"], timeout=30).close()
        subscriber.statuses = [500] * 20
        sender = Sender(lambda text: sns.publish(TopicArn=topic, Message=text))
        sender.more(30)

        kill_control(own)
        sender.more(30)
        sender.end()

        def heard() -> set[str]:
            return {one["Message"] for one in subscriber.said("Notification")}

        until(lambda: set(sender.acknowledged) <= heard())
    finally:
        subscriber.close()
    assert set(sender.acknowledged) <= set(drain(sqs, url))
