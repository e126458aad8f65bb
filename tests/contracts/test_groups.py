"""Instances of several containers: agents that belong together come, serve and go together."""

import os
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from argosy.ground.instances import Instance, Phase
from argosy.ground.processes import ProcessId
from tests.support.instances import (
    GOOD,
    World,
    agent_in,
    connect,
    is_running,
    processes_naming,
    until,
    world,
)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path / "data", sandbox="auto") as made:
        yield made


def launched(here: World, *archives: bytes | None) -> str:
    """An instance with a container for each archive, named a, b, …"""
    specs = [here.spec(archive) for archive in archives]
    named = [replace(spec.container, name=n) for spec, n in zip(specs, "abc", strict=False)]
    here.run(here.backend.launch(replace(specs[0], containers=tuple(named))))
    return specs[0].instance_id


def served(here: World) -> Instance:
    return here.reach(launched(here, GOOD, GOOD), Phase.IN_SERVICE, 60)


def agents(here: World, instance: Instance) -> list[ProcessId]:
    """Of the group first, then of its containers."""
    name = instance.spec.instance_id
    return [agent_in(here.data_dir.instance(one)) for one in (name, f"{name}.1", f"{name}.2")]


def test_each_container_has_an_address_and_only_the_instance_is_listed(here: World) -> None:
    instance = served(here)

    assert len(set(instance.state.addresses)) == 2
    assert [one.spec.instance_id for one in here.run(here.backend.list())] == [
        instance.spec.instance_id
    ]


@pytest.mark.parametrize("victim", [0, 1, 2], ids=["group", "first", "second"])
def test_killing_any_agent_ends_the_instance_and_every_process_of_it(
    here: World, victim: int
) -> None:
    instance = served(here)
    known = agents(here, instance)
    os.kill(known[victim].pid, signal.SIGKILL)

    until(lambda: (found := here.find(instance.spec.instance_id)) and not found.alive)
    until(lambda: not any(agent.alive for agent in known))
    until(lambda: not processes_naming(str(here.data_dir.root)))
    until(lambda: not is_running(instance.state.worker_pid))


def test_one_container_that_cannot_come_up_fails_the_instance_with_its_words(here: World) -> None:
    name = launched(here, GOOD, b"no archive")

    failed = here.reach(name, Phase.FAILED, 60)

    assert "i-2" in failed.state.reason
    until(lambda: not processes_naming(str(here.data_dir.root)))


def test_a_stopped_instance_waits_for_who_is_connected_and_leaves_nothing(here: World) -> None:
    instance = served(here)
    name = instance.spec.instance_id
    with connect(instance):
        here.run(here.backend.stop(name))
        assert here.find(name).state.phase is Phase.STOPPING
    here.reach(name, Phase.GONE)
    here.run(here.backend.forget(name))

    assert not [one for one in here.data_dir.instances.iterdir() if one.name.startswith("i-")]
    assert not list((here.data_dir.run / "a").glob("i-*"))
