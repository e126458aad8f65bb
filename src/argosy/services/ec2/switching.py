"""Start, stop, reboot and terminate: written down; control has it so."""

from typing import Any

from argosy.services.ec2.errors import Ec2Error, end_of_dry_run, missing, refuse_others
from argosy.services.ec2.finding import named
from argosy.services.ec2.view import state
from argosy.services.registry import Call, operation
from argosy.state import ec2_instances as ec2
from argosy.state.record import Record

_PARTICIPLES = {ec2.START: "started", ec2.STOP: "stopped", ec2.REBOOT: "rebooted"}


@operation("ec2", "StartInstances")
def start_instances(call: Call) -> dict[str, Any]:
    refuse_others(call.input, ("InstanceIds", "DryRun"))
    return {"StartingInstances": _switch(call, ec2.START)}


@operation("ec2", "StopInstances")
def stop_instances(call: Call) -> dict[str, Any]:
    """With Force or SkipOsShutdown its processes have no time to end by themselves."""
    if call.input.get("Hibernate"):
        raise Ec2Error(
            "UnsupportedHibernationConfiguration", "Instances of this platform do not hibernate."
        )
    return {"StoppingInstances": _switch(call, ec2.STOP, force=_is_hurried(call))}


@operation("ec2", "RebootInstances")
def reboot_instances(call: Call) -> dict[str, Any]:
    """What runs is ended and the instance started anew; its root volume stays."""
    _switch(call, ec2.REBOOT)
    return {}


@operation("ec2", "TerminateInstances")
def terminate_instances(call: Call) -> dict[str, Any]:
    """The root volume goes too; the instance can be seen for an hour."""
    return {"TerminatingInstances": _switch(call, ec2.TERMINATE, force=_is_hurried(call))}


def _is_hurried(call: Call) -> bool:
    return bool(call.input.get("Force") or call.input.get("SkipOsShutdown"))


def _switch(call: Call, what: str, *, force: bool = False) -> list[dict[str, Any]]:
    """All of them or, where one cannot, none."""
    ids = call.input.get("InstanceIds") or []
    if not ids:
        raise missing("InstanceIds")
    with call.records.transaction():
        records = named(call, ids)
        for record in records:
            _check(record, what)
        end_of_dry_run(call)
        for record in records:
            ec2.change(call.records, record, what, call.clock.now(), force=force)
    return [
        {
            "InstanceId": record.name,
            "PreviousState": state(record.status),
            "CurrentState": state(ec2.next_state(record, what) or record.status),
        }
        for record in records
    ]


def _check(record: Record, what: str) -> None:
    if ec2.next_state(record, what) is None:
        raise Ec2Error(
            "IncorrectInstanceState",
            f"The instance '{record.name}' is not in a state from which it can be "
            f"{_PARTICIPLES[what]}.",
        )
