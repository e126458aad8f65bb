"""kill -9 of control while metrics are put: what was acknowledged counts, and counts once."""

import os
import signal
import threading
import time
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from tests.support.endpoints import answers, until

from argosy.testing import Platform

SPACE = "Crash"


def kill_control(platform: Platform) -> None:
    """Return when another one runs."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control))


class Putter:
    """Puts two values at once, again and again, without retries; knows what was taken."""

    def __init__(self, client: Any, name: str) -> None:
        self._client, self._name = client, name
        self._ended = threading.Event()
        self.asked = self.acknowledged = 0
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._ended.is_set():
            self.asked += 1
            data = [{"MetricName": self._name, "Value": 1.0}] * 2
            try:
                self._client.put_metric_data(Namespace=SPACE, MetricData=data)
            except (BotoCoreError, ClientError):
                self._ended.wait(0.05)
            else:
                self.acknowledged += 1

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()


def all_rose(putters: list[Putter], before: list[int]) -> bool:
    return all(one.acknowledged > b + 5 for one, b in zip(putters, before, strict=True))


def test_what_was_acknowledged_is_there_after_control_was_killed() -> None:
    with Platform() as platform:
        client = platform.client("cloudwatch", retries={"max_attempts": 0, "mode": "standard"})
        putters = [Putter(client, f"n{number}") for number in range(3)]
        for _ in range(3):
            before = [one.acknowledged for one in putters]
            until(lambda before=before: all_rose(putters, before))
            kill_control(platform)
        for one in putters:
            one.stop()
        until(lambda: answers(platform))
        now = time.time()
        for number, one in enumerate(putters):
            points = client.get_metric_statistics(
                Namespace=SPACE,
                MetricName=f"n{number}",
                StartTime=now - 3600,
                EndTime=now + 60,
                Period=60,
                Statistics=["Sum"],
            )["Datapoints"]
            counted = sum(point["Sum"] for point in points)
            # A call that was cut off may have been carried out or not, but never by half.
            assert 2 * one.acknowledged <= counted <= 2 * one.asked
            assert counted % 2 == 0
