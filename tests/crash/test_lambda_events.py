"""kill -9 of control with events for functions under way: what was accepted is carried out."""

import os
import signal
from contextlib import suppress
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import until
from tests.support.lambda_functions import create

from argosy.testing import Platform

EVENTS = 30
HANDLER = """
import os, time, boto3

sqs = boto3.client("sqs")

def handler(event, context):
    bodies = [one["body"] for one in event["Records"]] if "Records" in event else [event["n"]]
    time.sleep(0.05)
    for body in bodies:
        sqs.send_message(QueueUrl=os.environ["DONE"], MessageBody=str(body))
"""


def queue(platform: Platform, name: str) -> tuple[str, str]:
    """URL and ARN; messages are hidden for a moment only."""
    sqs = platform.client("sqs")
    url = sqs.create_queue(QueueName=name, Attributes={"VisibilityTimeout": "12"})["QueueUrl"]
    got = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, got["Attributes"]["QueueArn"]


def kill_control(platform: Platform) -> None:
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control), 120)


def accepted(client: Any, call: Any) -> None:
    """Ask until it is acknowledged."""

    def ask() -> bool:
        with suppress(ClientError, BotoCoreError):
            call(client)
            return True
        return False

    until(ask, 120)


def test_events_and_messages_that_were_accepted_reach_their_function() -> None:
    with Platform() as platform:
        done_url, _ = queue(platform, "done")
        fed_url, fed = queue(platform, "fed")
        client, sqs = (platform.client(name, read_timeout=60) for name in ("lambda", "sqs"))
        create(client, "f", HANDLER, Environment={"Variables": {"DONE": done_url}}, Timeout=12)
        client.create_event_source_mapping(EventSourceArn=fed, FunctionName="f", BatchSize=3)

        for number in range(EVENTS):
            event = b'{"n": %d}' % number
            accepted(
                client,
                lambda one, event=event: one.invoke(
                    FunctionName="f", InvocationType="Event", Payload=event
                ),
            )
            letter = {"QueueUrl": fed_url, "MessageBody": f"m{number}"}
            accepted(sqs, lambda one, letter=letter: one.send_message(**letter))
            if number in (10, 20):
                kill_control(platform)

        seen: set[str] = set()
        wanted = {str(number) for number in range(EVENTS)} | {f"m{n}" for n in range(EVENTS)}

        def all_done() -> bool:
            with suppress(ClientError, BotoCoreError):
                found = sqs.receive_message(
                    QueueUrl=done_url, MaxNumberOfMessages=10, WaitTimeSeconds=5
                ).get("Messages", [])
                for one in found:
                    seen.add(one["Body"])
                    sqs.delete_message(QueueUrl=done_url, ReceiptHandle=one["ReceiptHandle"])
            return seen >= wanted

        until(all_done, 240)
        assert seen == wanted
