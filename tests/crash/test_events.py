"""Events and kill -9: what was acknowledged is delivered, whatever happens to control."""

import json
import os
import signal
import threading
from typing import Any

from tests.support.endpoints import until
from tests.support.event_queues import EventQueue

from argosy.testing import Platform


def kill_control(platform: Platform) -> None:
    pid = platform.pids()["control"]
    os.kill(pid, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, pid))


def test_objects_and_events_that_were_acknowledged_are_told_after_control_was_killed() -> None:
    with Platform() as platform:
        queue = EventQueue(platform, "survivors")
        objects = EventQueue(platform, "objects", "s3")
        s3, events = platform.client("s3"), platform.client("events")
        s3.create_bucket(Bucket="crash-events")
        entry = {"QueueArn": objects.arn, "Events": ["s3:ObjectCreated:*"]}
        s3.put_bucket_notification_configuration(
            Bucket="crash-events", NotificationConfiguration={"QueueConfigurations": [entry]}
        )
        events.put_rule(Name="all", EventPattern='{"source": ["crash"]}')
        events.put_targets(Rule="all", Targets=[{"Id": "1", "Arn": queue.arn}])
        written: list[str] = []
        put: list[int] = []
        writers = [
            threading.Thread(target=_write, args=(s3, written)),
            threading.Thread(target=_put, args=(events, put)),
        ]
        for writer in writers:
            writer.start()
        for goal in (5, 15):
            until(lambda goal=goal: len(written) >= goal and len(put) >= goal)
            kill_control(platform)
        for writer in writers:
            writer.join(120)
        assert len(written) == len(put) == 30
        keys: set[str] = set()
        while not set(written) <= keys:
            bodies = objects.bodies()
            keys |= {
                one["s3"]["object"]["key"] for body in bodies for one in body.get("Records", [])
            }
        numbers: set[int] = set()
        while not set(put) <= numbers:
            numbers |= {body["detail"]["n"] for body in queue.bodies()}


def _write(s3: Any, written: list[str]) -> None:
    """Thirty objects; the client repeats what was not acknowledged."""
    for number in range(30):
        key = f"k{number}"
        until(lambda key=key: _tried(s3.put_object, Bucket="crash-events", Key=key, Body=b"x"))
        written.append(key)


def _put(events: Any, put: list[int]) -> None:
    for number in range(30):
        entry = {"Source": "crash", "DetailType": "n", "Detail": json.dumps({"n": number})}
        until(lambda entry=entry: _tried(events.put_events, Entries=[entry]))
        put.append(number)


def _tried(call: Any, **asked: Any) -> bool:
    try:
        call(**asked)
    except Exception:
        return False
    return True
