"""What is to be done about a machine: a table of cases."""

from dataclasses import replace

import pytest

from argosy.control.machines.deciding import MOST_DEATHS, Plan, decide
from argosy.ground.instances import (
    WAS_STOPPED,
    ContainerSpec,
    Instance,
    InstanceSpec,
    InstanceState,
    Phase,
    StoreAccess,
)
from argosy.ground.machines import MachineSpec
from argosy.state.machines import Machine, State, new_machine

NOW = 10_000.0
MACHINE: Machine = {**new_machine(NOW), "boot": "b-now"}
SPEC = InstanceSpec(
    instance_id="i-1",
    account="0",
    region="r",
    zone="a",
    owner="notebook-instance/x",
    deployment="b-now",
    variant="",
    containers=(ContainerSpec(name="x", image="", runtime="machine"),),
    log_group="g",
    log_stream="s",
    store=StoreAccess(url="", region="", access_key_id="", secret_access_key=""),
    created=NOW,
    machine=MachineSpec(kind="notebook-instance", host_name="x", volume="/v", volume_at="/"),
)


def instance(phase: Phase, boot: str = "b-now", name: str = "i-1", **state: object) -> Instance:
    spec = replace(SPEC, instance_id=name, deployment=boot)
    said = InstanceState(phase=phase)
    return Instance(spec=spec, state=replace(said, **state))  # type: ignore[arg-type]


def decided(state: State, *instances: Instance, after_s: float = 0.0, **machine: object) -> Plan:
    given: Machine = {**MACHINE, **machine}  # type: ignore[typeddict-item]
    return decide(state, given, instances, 10.0, NOW + after_s)


@pytest.mark.parametrize("state", [State.STARTING, State.ON])
def test_a_machine_without_an_instance_is_launched(state: State) -> None:
    assert decided(state).launch


def test_it_waits_for_the_instance_of_an_earlier_start() -> None:
    plan = decided(State.STARTING, instance(Phase.IN_SERVICE, "b-before"))
    assert (plan.launch, plan.stop) == (False, ("i-1",))


def test_it_is_on_when_its_instance_serves() -> None:
    assert decided(State.STARTING, instance(Phase.IN_SERVICE)).state is State.ON
    assert decided(State.STARTING, instance(Phase.STARTING)).state is State.STARTING


def test_a_start_that_takes_too_long_is_cut_off() -> None:
    assert decided(State.STARTING, instance(Phase.STARTING), after_s=1e4).kill == ("i-1",)


def test_it_fails_with_its_instances_reason() -> None:
    plan = decided(State.STARTING, instance(Phase.FAILED, reason="why"))
    assert (plan.state, plan.reason, plan.forget) == (State.FAILED, "why", ("i-1",))


def test_one_that_a_program_switched_off_is_off() -> None:
    assert decided(State.ON, instance(Phase.DONE)).state is State.OFF


def test_one_that_died_is_started_again_and_fails_when_that_does_not_help() -> None:
    dead = instance(Phase.GONE, in_service_since=NOW)
    plan = decided(State.ON, dead)
    assert (plan.state, plan.forget, plan.machine["deaths"]) == (State.STARTING, ("i-1",), 1)
    assert decided(State.ON, dead, deaths=MOST_DEATHS - 1).state is State.FAILED


@pytest.mark.parametrize(
    "dead",
    [
        instance(Phase.GONE, in_service_since=NOW - 1000),
        instance(Phase.GONE, in_service_since=NOW, reason=WAS_STOPPED),
    ],
)
def test_one_that_was_long_up_or_was_stopped_is_not_to_blame(dead: Instance) -> None:
    plan = decided(State.ON, dead, deaths=MOST_DEATHS - 1)
    assert (plan.state, plan.machine["deaths"]) == (State.STARTING, 0)


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.STOPPING, State.OFF),
        (State.CHANGING, State.OFF),
        (State.REMOVING, State.REMOVED),
    ],
)
def test_it_ends_once_nothing_lives(state: State, after: State) -> None:
    assert decided(state, instance(Phase.IN_SERVICE)).stop == ("i-1",)
    assert decided(state, instance(Phase.STOPPING)) == Plan(state, MACHINE)
    gone = decided(state, instance(Phase.GONE))
    assert (gone.state, gone.forget) == (after, ("i-1",))


def test_one_that_does_not_end_is_killed() -> None:
    stuck = instance(Phase.STOPPING)
    assert decided(State.STOPPING, stuck, after_s=60).kill == ("i-1",)
    assert decided(State.STOPPING, instance(Phase.IN_SERVICE), force=True).kill == ("i-1",)


def test_jupyterlab_is_asked_for_until_it_answers() -> None:
    plan = decided(State.ON, instance(Phase.IN_SERVICE), wish="w")
    assert plan.ask
    answered = decided(
        State.ON, instance(Phase.IN_SERVICE, addresses=("unix:/here", "w")), wish="w"
    )
    assert not answered.ask
    assert answered.machine["address"] == "unix:/here"
