"""Asynchronous requests while processes are killed with -9: what was accepted is answered."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.async_endpoints import (
    content,
    deploy_async,
    keys_below,
    queue,
    scale,
    until_there,
)
from tests.support.endpoints import ROWS, answers, classifier, in_service, model_archive, until

from argosy.testing import Platform

REQUESTS = 250
PATIENCE_S = 180.0
"""On a machine with much else to do, what was killed takes its time to come back."""
MODEL = classifier()
EXPECTED = MODEL.predict(ROWS).tolist()


@pytest.fixture(scope="module")
def served() -> Iterator[Platform]:
    with Platform() as platform:
        deploy_async(platform, "lossless", model_archive(MODEL), instances=2, concurrency=4)
        yield platform


def kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def porters(platform: Platform) -> list[int]:
    """The porters of this platform's instances, found by their command lines."""
    ids = {instance["id"] for instance in in_service(platform, "lossless")}
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except (OSError, UnicodeDecodeError):
            continue
        if "argosy.agent.porter" in words and ids & set(words):
            found.append(int(entry.name))
    return found


def submit(runtime: Any, number: int) -> str:
    answer = runtime.invoke_endpoint_async(
        EndpointName="lossless",
        Body=json.dumps(ROWS[number % len(ROWS) : number % len(ROWS) + 1].tolist()),
        ContentType="application/json",
    )
    return str(answer["OutputLocation"])


@pytest.mark.timeout(900)
def test_queued_requests_are_drained_whatever_is_killed(served: Platform) -> None:
    scale(served, "lossless", 0)
    runtime = served.client("sagemaker-runtime")
    before = keys_below(served, "lossless/")
    places = [submit(runtime, number) for number in range(REQUESTS)]
    scale(served, "lossless", 2)

    def answered() -> int:
        try:
            return len(keys_below(served, "lossless/") - before)
        except ClientError:
            return 0  # the store is being started again

    kill(until(lambda: porters(served))[0])
    until(lambda: answered() > 40, PATIENCE_S)
    kill(in_service(served, "lossless")[0]["worker_pid"])
    until(lambda: answered() > 80, PATIENCE_S)
    kill(served.pids()["control"])
    until(lambda: answered() > 120, PATIENCE_S)
    kill(served.pids()["store"])
    until(lambda: answered() > 130, PATIENCE_S)
    until(lambda: answers(served), PATIENCE_S)
    kill(until(lambda: in_service(served, "lossless"))[0]["agent_pid"])
    until_there(served, places, "lossless/out", 240)
    until(lambda: queue(served, "lossless")["ApproximateBacklogSize"] == 0)

    got = [json.loads(content(served, place)) for place in places]
    assert got == [[EXPECTED[number % len(ROWS)]] for number in range(REQUESTS)]
    assert answered() == REQUESTS  # nothing twice, nothing failed


def test_requests_that_were_accepted_while_control_was_killed_are_answered(
    served: Platform,
) -> None:
    runtime = served.client("sagemaker-runtime", retries={"total_max_attempts": 1})
    accepted, refused = [], set()
    for number in range(60):
        if number % 20 == 10:
            kill(served.pids()["control"])
        try:
            accepted.append((number, submit(runtime, number)))
        except ClientError as error:
            refused.add(error.response["Error"]["Code"])
    assert len(accepted) > 30
    assert refused <= {"ServiceUnavailable"}
    for number, place in accepted:
        assert json.loads(content(served, place)) == [EXPECTED[number]]


def test_what_was_accepted_survives_the_death_of_everything(tmp_path: Path) -> None:
    with Platform(tmp_path / "data") as first:
        deploy_async(first, "lossless", model_archive(MODEL))
        scale(first, "lossless", 0)
        runtime = first.client("sagemaker-runtime")
        places = [submit(runtime, number) for number in range(5)]
        processes = first.pids()
        for pid in (processes["supervisor"], processes["control"], *processes["edges"]):
            kill(pid)
        first.wait_ended()
    with Platform(tmp_path / "data") as second:
        scale(second, "lossless", 1)
        got = [json.loads(content(second, place)) for place in places]
    assert got == [[expected] for expected in EXPECTED[:5]]
