"""Machines whose scripts misbehave: they hang, do not let go, write without end, or die."""

from collections.abc import Iterator

import pytest

from argosy.testing import Platform
from tests.support.endpoints import until
from tests.support.machines import SLOW_S, create, logged, named, shown, switched


@pytest.fixture(scope="module")
def hurried() -> Iterator[Platform]:
    """A platform that gives scripts two seconds, and processes one to end."""
    with Platform(lifecycle_timeout_s=2, machine_grace_s=1, allow_reset=True) as platform:
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


def test_a_machine_sees_nothing_of_the_platform_nor_of_the_host(hurried: Platform) -> None:
    looking = (
        f"#!/bin/sh\nls {hurried.data_dir}\ncat {hurried.data_dir}/credentials.json\n"
        "touch /usr/mine\nls /proc | grep -c '^[0-9]*$'\nkill -9 1 2>&1\nexit 0\n"
    )
    create(hurried, "looks", OnStart=looking)

    said = "\n".join(logged(hurried, "looks", "LifecycleConfigOnStart"))

    assert hurried.credentials.secret_access_key not in said
    assert said.count("No such file or directory") == 2
    assert "Read-only file system" in said
    assert any(line.isdecimal() and int(line) < 10 for line in said.splitlines())
    switched(hurried, "looks", "stop")


def test_a_reset_ends_machines_and_removes_their_volumes(hurried: Platform) -> None:
    create(hurried, "reset", OnStart="#!/bin/sh\nnohup sleep 86389 &\n")
    assert len(named("sleep\x0086389")) == 1

    hurried.reset()

    assert named("sleep\x0086389") == []
    assert list((hurried.data_dir / "volumes").iterdir()) == []
    assert hurried.status()["machines"] == []
