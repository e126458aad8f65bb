"""EC2 instances as machines: a root volume, user data at the first boot, and their words."""

from dataclasses import replace
from typing import Any

from argosy.control.machines.deciding import Plan
from argosy.control.machines.kinds import environment
from argosy.control.means import Means
from argosy.ground.machines import MachineSpec, Script
from argosy.state import ec2_instances as ec2
from argosy.state.machines import State
from argosy.state.record import Record

KEPT_S = 3600.0
"""A terminated instance can be seen for so long."""


class Ec2Instances:
    """`kinds.Kind` of EC2 instances."""

    kind = ec2.EC2_INSTANCE
    states = ec2.STATES

    def status(self, state: State) -> str:
        """One that fails is stopped; its reason says why."""
        names = {meant: name for name, meant in ec2.STATES.items()}
        return ec2.STOPPED if state is State.FAILED else names.get(state, ec2.STOPPED)

    def machine(self, means: Means, record: Record) -> MachineSpec:
        document = record.document
        text = document["user_data"]
        script = Script(
            name=ec2.USER_DATA,
            text=text,
            stream=f"{record.name}/user-data.log",
            once=True,
            required=False,
        )
        return MachineSpec(
            kind=self.kind,
            host_name=record.name,
            volume=str(means.data_dir.volumes / document["machine"]["id"]),
            volume_at="/",
            scripts=(script,) if text else (),
            environment=environment(means, record.region),
            file_gb=document["asked"]["VolumeSize"],
            grace_s=means.settings.machine_grace_s,
        )

    def log_group(self, record: Record) -> str:
        return ec2.LOG_GROUP

    def role(self, record: Record) -> str:
        return str(record.document["role"])

    def adjusted(self, record: Record, plan: Plan) -> Plan:
        """One that was switched off from within is terminated, where it was to be."""
        behaviour = record.document["asked"].get("InstanceInitiatedShutdownBehavior")
        if plan.switched_off and behaviour == "terminate":
            return replace(plan, state=State.REMOVING)
        return plan

    def document(self, record: Record, plan: Plan, now: float) -> dict[str, Any]:
        document = {**record.document, "machine": plan.machine}
        if plan.switched_off:
            document["reason"] = ec2.SWITCHED_OFF
        elif plan.state is State.FAILED:
            document["reason"] = ("Server.InternalError", f"Server.InternalError: {plan.reason}")
        return document

    def changed(self, means: Means, before: Record, after: Record, now: float) -> None:
        ec2.announce(means.records, before, after, now)

    def removed(self, means: Means, record: Record, now: float) -> None:
        """Its record is shown for a while still."""

    def forgotten(self, means: Means, now: float) -> None:
        """Terminated long ago."""
        for record in means.records.find(self.kind, statuses=(ec2.TERMINATED,)):
            if now > record.modified + KEPT_S:
                means.records.delete(record.kind, record.account, record.region, record.name)
