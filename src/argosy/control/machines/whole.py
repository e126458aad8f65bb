"""Machines as a whole: what control starts, resets and shows."""

from typing import Any

from argosy.control.alarms.acting import Fired
from argosy.control.machines.alarm_actions import act_on_instance
from argosy.control.machines.ec2 import Ec2Instances
from argosy.control.machines.kinds import Kind, owner_of
from argosy.control.machines.notebooks import Notebooks
from argosy.control.machines.reconciler import MachineReconciler
from argosy.control.means import Means
from argosy.ground.instances import Instance
from argosy.ground.removal import remove_tree
from argosy.state.record import Record


class Machines:
    """The machines of one platform."""

    def __init__(self, means: Means) -> None:
        self._means = means
        self._kinds: tuple[Kind, ...] = (Notebooks(), Ec2Instances())
        self.reconciler = MachineReconciler(means, self._kinds)

    async def act(self, alarm: Record, fired: Fired) -> None:
        """Carry out an alarm's action on an EC2 instance. Raises ValueError."""
        act_on_instance(self._means, alarm, fired)

    def report(self, instances: list[Instance]) -> list[dict[str, Any]]:
        """What `argosy status` shows of them."""
        found = {one.spec.owner: one for one in instances if one.spec.machine and one.alive}
        return [
            {
                "kind": record.kind,
                "name": record.name,
                "status": record.status,
                "since": record.modified,
                "agent_pid": one.state.agent_pid if one else 0,
                "worker_pid": one.state.worker_pid if one else 0,
            }
            for kind in self._kinds
            for record in self._means.records.find(kind.kind)
            for one in [found.get(owner_of(record))]
        ]

    def reset(self) -> None:
        """After the records and the instances have gone: all volumes."""
        volumes = self._means.data_dir.volumes
        for path in volumes.iterdir():
            if path.is_dir():
                remove_tree(path)
            else:
                path.unlink(missing_ok=True)
