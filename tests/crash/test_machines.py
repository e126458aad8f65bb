"""kill -9 around machines: of control at any moment; and the whole platform stopped and back."""

import os
import signal
from collections.abc import Iterator

import pytest
from tests.support.endpoints import until
from tests.support.machines import SLOW_S, create, logged, named, settled, shown

from argosy.testing import Platform


@pytest.fixture(scope="module")
def own() -> Iterator[Platform]:
    with Platform() as platform:
        yield platform


def kill_control(platform: Platform) -> None:
    """And wait until there is another one."""
    os.kill(platform.pids()["control"], signal.SIGKILL)
    until(lambda: answers(platform), SLOW_S)


def answers(platform: Platform) -> bool:
    try:
        return bool(platform.status())
    except Exception:
        return False


def test_a_machine_outlives_control_and_none_is_left_half_started_or_half_stopped(
    own: Platform,
) -> None:
    sagemaker = own.client("sagemaker")
    create(own, "half", OnStart="#!/bin/sh\nsleep 1\necho ready\nnohup sleep 86391 &\n")
    before = shown(own, "half")

    kill_control(own)

    assert shown(own, "half") == before
    for status, call in (("Stopped", "stop"), ("InService", "start")):
        getattr(sagemaker, f"{call}_notebook_instance")(NotebookInstanceName="half")
        kill_control(own)
        assert settled(own, "half")["NotebookInstanceStatus"] == status
        assert len(named("sleep\x0086391")) == (status == "InService")
    assert logged(own, "half", "LifecycleConfigOnStart") == ["ready", "ready"]


def test_machines_come_back_with_the_platform(own: Platform) -> None:
    create(own, "back", OnStart="#!/bin/sh\necho up\nnohup sleep 86390 &\n")
    os.kill(own.pids()["supervisor"], signal.SIGTERM)
    own.wait_ended()
    assert named("sleep\x0086390") == []

    own.start()

    until(lambda: shown(own, "back")["worker_pid"], SLOW_S)
    until(lambda: logged(own, "back", "LifecycleConfigOnStart") == ["up", "up"], SLOW_S)
    assert len(named("sleep\x0086390")) == 1
