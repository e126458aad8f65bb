"""kill -9 of control while alarms change: states survive, and each change is told once."""

import json
import os
import signal
from collections import Counter

from tests.support.endpoints import until
from tests.support.silent_alarms import put_silent_alarm

from argosy.testing import Platform

ALARMS = 12


def kill_control(platform: Platform) -> None:
    """Return when another one runs."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control))


def test_every_change_of_an_alarm_is_told_once_though_control_is_killed() -> None:
    with Platform() as platform:
        cloudwatch, sqs = platform.client("cloudwatch"), platform.client("sqs")
        topic = platform.client("sns").create_topic(Name="told")["TopicArn"]
        url = sqs.create_queue(QueueName="told")["QueueUrl"]
        platform.client("sns").subscribe(
            TopicArn=topic,
            Protocol="sqs",
            Endpoint=topic.replace(":sns:", ":sqs:"),
            Attributes={"RawMessageDelivery": "true"},
        )
        names = [f"a{number}" for number in range(ALARMS)]
        for name in names:
            put_silent_alarm(cloudwatch, name, topic)

        for name in names:
            cloudwatch.set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="drill")
        kill_control(platform)

        seen: Counter[str] = Counter()

        def all_told() -> bool:
            answer = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=2, VisibilityTimeout=300
            )
            seen.update(
                json.loads(message["Body"])["AlarmName"] for message in answer.get("Messages", [])
            )
            return len(seen) == ALARMS and not answer.get("Messages")

        until(all_told)
        assert seen == Counter(names)
        described = cloudwatch.describe_alarms(AlarmNames=names)["MetricAlarms"]
        assert {alarm["StateValue"] for alarm in described} == {"ALARM"}
