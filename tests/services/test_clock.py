"""The clock that tests may move."""

import time

import pytest

from argosy.testing import Platform
from argosy.testing.platform import PlatformFailed


def test_the_clock_moves_forward_for_what_waits_for_a_time(movable: Platform) -> None:
    sqs = movable.client("sqs")
    url = sqs.create_queue(QueueName="of-another-day")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=900)
    before = time.time()
    assert movable.advance(900) >= before + 900
    assert sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"] == "later"


def test_the_clock_does_not_go_back(movable: Platform) -> None:
    with pytest.raises(PlatformFailed, match="advance must be a number"):
        movable.advance(-1)
