"""kill -9 of control while events are put: what was acknowledged is there, whole and once, and a
metric filter counts each once."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support.endpoints import until

from argosy.testing import Platform

GROUP, STREAM = "/crash", "one"
BATCH = 20


@pytest.fixture(scope="module")
def own() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


class Putter:
    """Puts batch after batch, and knows which were acknowledged."""

    def __init__(self, platform: Platform) -> None:
        self._logs = platform.client("logs", retries={"total_max_attempts": 1})
        self._ended = threading.Event()
        self.acknowledged: list[int] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            now = int(time.time() * 1000)
            texts = [f"{number} of {place} " + "x" * 200 for place in range(BATCH)]
            events = [{"timestamp": now, "message": text} for text in texts]
            try:
                self._logs.put_log_events(
                    logGroupName=GROUP, logStreamName=STREAM, logEvents=events
                )
            except Exception:  # not acknowledged: nothing is promised
                continue
            self.acknowledged.append(number)

    def more(self, batches: int) -> None:
        goal = len(self.acknowledged) + batches
        until(lambda: len(self.acknowledged) >= goal)

    def end(self) -> None:
        self._ended.set()
        self._thread.join()


def kill_control(platform: Platform) -> None:
    """Return when another one runs."""
    control = platform.pids()["control"]
    os.kill(control, signal.SIGKILL)
    until(lambda: platform.pids()["control"] not in (0, control))


def measured(platform: Platform) -> float:
    """How many events the metric filter has counted."""
    now = time.time()
    found = platform.client("cloudwatch").get_metric_statistics(
        Namespace="Crash",
        MetricName="Events",
        StartTime=now - 3600,
        EndTime=now + 3600,
        Period=3600,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(point["Sum"] for point in found))


def messages(logs: Any) -> list[str]:
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName=GROUP)
    return [event["message"] for page in pages for event in page["events"]]


def test_every_acknowledged_event_is_there_and_measured_once_after_kills(own: Platform) -> None:
    logs = own.client("logs")
    logs.create_log_group(logGroupName=GROUP)
    logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
    told = {"metricName": "Events", "metricNamespace": "Crash", "metricValue": "1"}
    logs.put_metric_filter(
        logGroupName=GROUP, filterName="all", filterPattern="of", metricTransformations=[told]
    )
    putter = Putter(own)
    for _ in range(2):
        putter.more(30)
        kill_control(own)
    putter.more(10)
    putter.end()

    found = messages(logs)

    assert all(text.endswith("x" * 200) for text in found)
    assert len(found) == len(set(found))
    kept = {text.partition(" x")[0] for text in found}
    wanted = {f"{n} of {place}" for n in putter.acknowledged for place in range(BATCH)}
    assert wanted <= kept
    until(lambda: measured(own) >= len(found))
    assert measured(own) == len(found)
