"""kill -9 of control under calls that must not be done twice: edges keep connections to it, and
send again only what it cannot have done.
"""

import os
import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import urllib3
from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until
from tests.support.lambda_functions import create as create_function

from argosy.testing import Platform

WAIT_S = 120.0
THREADS = 4
KILLS = 2
ONCE: dict[str, Any] = {"retries": {"max_attempts": 0}}
HANDLER = """
import time, uuid
import boto3

def handler(event, context):
    key = f"{event['rawPath'].strip('/')}/{uuid.uuid4()}"
    boto3.client("s3").put_object(Bucket="runs", Key=key)
    if not event.get("quick"):
        time.sleep(600)
"""


class Callers:
    """Threads that make one new thing after another, each once, and note what they are told."""

    def __init__(self, makers: list[Callable[[str], Any]]) -> None:
        """`makers`: for each thread, what makes a thing of this name, without repeating itself."""
        self.made: list[str] = []
        self.tried: list[str] = []
        self.refusals: Counter[str] = Counter()
        self._ended = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, args=(make, str(number)))
            for number, make in enumerate(makers)
        ]
        for thread in self._threads:
            thread.start()

    def _run(self, make: Callable[[str], Any], prefix: str) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            name = f"made-{prefix}-{number}"
            self.tried.append(name)
            try:
                make(name)
                self.made.append(name)
            except ClientError as error:
                self.refusals[error.response["Error"]["Code"]] += 1
            except BotoCoreError as error:
                self.refusals[type(error).__name__] += 1

    def more(self, things: int) -> None:
        goal = len(self.made) + things
        until(lambda: len(self.made) >= goal)

    def end(self) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()


@pytest.fixture(scope="module")
def platform() -> Iterator[Platform]:
    with Platform() as own:
        yield own


def kill_control(platform: Platform) -> None:
    """Return when another one answers."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control) and _answers(platform), WAIT_S)


def _answers(platform: Platform) -> bool:
    try:
        return bool(platform.client("sts", **ONCE).get_caller_identity())
    except ClientError:
        return False


def test_a_run_of_a_function_that_was_killed_with_control_is_not_begun_again(
    platform: Platform,
) -> None:
    """Neither one that was asked for by POST nor one by GET: both may have done something."""
    s3, client = platform.client("s3"), platform.client("lambda", read_timeout=WAIT_S, **ONCE)
    s3.create_bucket(Bucket="runs")
    create_function(client, "run", HANDLER, Timeout=900)
    url = client.create_function_url_config(FunctionName="run", AuthType="NONE")["FunctionUrl"]
    client.add_permission(
        FunctionName="run",
        StatementId="everybody",
        Action="lambda:InvokeFunctionUrl",
        Principal="*",
        FunctionUrlAuthType="NONE",
    )
    answers: list[int] = []

    def invoke() -> None:
        try:
            client.invoke(FunctionName="run", Payload=b'{"rawPath": "/invoked"}')
            answers.append(200)
        except ClientError as error:
            answers.append(error.response["ResponseMetadata"]["HTTPStatusCode"])

    def get() -> None:
        answer = urllib3.request("GET", f"{url}got", retries=False, timeout=WAIT_S)
        answers.append(answer.status)

    def begun() -> list[str]:
        found = s3.list_objects_v2(Bucket="runs").get("Contents", [])
        return sorted(one["Key"].partition("/")[0] for one in found)

    callers = [threading.Thread(target=call, daemon=True) for call in (invoke, get)]
    for caller in callers:
        caller.start()
    until(lambda: begun() == ["got", "invoked"], WAIT_S)
    kill_control(platform)
    for caller in callers:
        caller.join(WAIT_S)

    assert answers == [503, 503]
    client.invoke(FunctionName="run", Payload=b'{"rawPath": "/again", "quick": true}')
    assert begun() == ["again", "got", "invoked"]


def test_nothing_is_done_twice_or_lost_when_control_is_killed_under_load(
    platform: Platform,
) -> None:
    sqs = platform.client("sqs", **ONCE)
    url = sqs.create_queue(QueueName="made")["QueueUrl"]

    def send(name: str) -> None:
        sqs.send_message(QueueUrl=url, MessageBody=name)

    logs = platform.client("logs", **ONCE)

    def create(name: str) -> None:
        logs.create_log_group(logGroupName=name)

    callers = Callers([send, create] * (THREADS // 2))
    try:
        for _ in range(KILLS):
            callers.more(100)
            kill_control(platform)
        callers.more(100)
    finally:
        callers.end()

    # A call that had been sent twice would have found its own log group there.
    assert set(callers.refusals) <= {"ServiceUnavailable"}
    there = Counter(_drained(sqs, url) + _groups(logs))
    assert set(there.values()) == {1}
    assert set(callers.made) <= set(there) <= set(callers.tried)


def _drained(sqs: Any, url: str) -> list[str]:
    """The bodies of all messages, which are deleted."""
    bodies: list[str] = []
    while found := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        bodies += [message["Body"] for message in found]
        entries = [
            {"Id": str(place), "ReceiptHandle": message["ReceiptHandle"]}
            for place, message in enumerate(found)
        ]
        sqs.delete_message_batch(QueueUrl=url, Entries=entries)
    return bodies


def _groups(logs: Any) -> list[str]:
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="made-")
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]
