"""Machines whose scripts misbehave: they hang, do not let go, write without end, or die."""

from collections.abc import Iterator

import pytest

from argosy.testing import Platform
from support.endpoints import until
from support.machines import SLOW_S, create, logged, named, shown, switched


@pytest.fixture(scope="module")
def hurried() -> Iterator[Platform]:
    """A platform that gives scripts two seconds, and processes one to end."""
    with Platform(lifecycle_timeout_s=2, machine_grace_s=1) as platform:
        yield platform


def test_a_script_that_hangs_fails_the_instance_when_its_time_is_up(hurried: Platform) -> None:
    made = create(hurried, "hangs", OnStart="#!/bin/sh\necho waiting\nsleep 86394\n")

    assert made["NotebookInstanceStatus"] == "Failed"
    assert "took longer than 2 seconds" in made["FailureReason"]
    assert logged(hurried, "hangs", "LifecycleConfigOnStart") == ["waiting"]
    assert named("sleep\x0086394") == []


def test_processes_that_ignore_sigterm_are_killed_at_the_stop(hurried: Platform) -> None:
    stubborn = (
        "import os, signal, time\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "if os.fork(): os._exit(0)\nos.setsid()\nif os.fork(): os._exit(0)\ntime.sleep(86393)"
    )
    made = create(hurried, "stays", OnStart=f"#!/bin/sh\npython -c '{stubborn}'\n")
    assert made["NotebookInstanceStatus"] == "InService"
    assert len(named("time.sleep(86393)")) == 1

    assert switched(hurried, "stays", "stop")["NotebookInstanceStatus"] == "Stopped"

    assert named("time.sleep(86393)") == []


def test_a_file_larger_than_the_volume_cannot_be_written(hurried: Platform) -> None:
    made = create(
        hurried,
        "large",
        OnStart="#!/bin/sh\ncd $HOME/SageMaker\ntruncate -s 4G small && truncate -s 6G large\n",
    )

    assert made["NotebookInstanceStatus"] == "Failed"
    assert "ended with status" in made["FailureReason"]


def test_a_flood_of_output_holds_nobody_back(hurried: Platform) -> None:
    made = create(hurried, "flood", OnStart="#!/bin/sh\nyes flood &\nsleep 0.5\n")
    assert made["NotebookInstanceStatus"] == "InService"

    assert switched(hurried, "flood", "stop")["NotebookInstanceStatus"] == "Stopped"

    assert logged(hurried, "flood", "LifecycleConfigOnStart")[0] == "flood"


def test_a_machine_that_kills_itself_in_a_script_fails(hurried: Platform) -> None:
    """Process 2 is what everything in the sandbox hangs on."""
    made = create(hurried, "suicide", OnStart="#!/bin/sh\nkill -9 2\n")

    assert made["NotebookInstanceStatus"] == "Failed"
    until(lambda: not shown(hurried, "suicide")["agent_pid"], SLOW_S)
