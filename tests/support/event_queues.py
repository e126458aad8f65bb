"""Queues and topics that AWS's services may send to, and what came into a queue."""

import json
from typing import Any

from tests.support.endpoints import until

ACCOUNT = "000000000000"


def open_policy(service: str, action: str, arn: str) -> str:
    """A policy that lets a service in."""
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": service},
        "Action": action,
        "Resource": arn,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


class EventQueue:
    """A queue that a service may send to."""

    def __init__(self, platform: Any, name: str, service: str = "events", **attributes: str):
        self._sqs = platform.client("sqs")
        self.url = self._sqs.create_queue(QueueName=name, Attributes=attributes)["QueueUrl"]
        asked = self._sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=["QueueArn"])
        self.arn = asked["Attributes"]["QueueArn"]
        policy = open_policy(f"{service}.amazonaws.com", "sqs:SendMessage", self.arn)
        self._sqs.set_queue_attributes(QueueUrl=self.url, Attributes={"Policy": policy})

    def take(self, count: int = 1, timeout_s: float = 60.0) -> list[dict[str, Any]]:
        """That many messages, removed from the queue; raises TimeoutError."""
        found: list[dict[str, Any]] = []

        def enough() -> bool:
            found.extend(self._receive(1))
            return len(found) >= count

        until(enough, timeout_s)
        return found

    def bodies(self, count: int = 1) -> list[Any]:
        """The JSON of that many messages."""
        return [json.loads(message["Body"]) for message in self.take(count)]

    def empty(self) -> bool:
        """Whether nothing is there just now."""
        return not self._receive(0)

    def _receive(self, wait_s: int) -> list[dict[str, Any]]:
        answer = self._sqs.receive_message(
            QueueUrl=self.url,
            MaxNumberOfMessages=10,
            WaitTimeSeconds=wait_s,
            MessageAttributeNames=["All"],
            AttributeNames=["All"],
        )
        found: list[dict[str, Any]] = answer.get("Messages", [])
        for message in found:
            self._sqs.delete_message(QueueUrl=self.url, ReceiptHandle=message["ReceiptHandle"])
        return found
