"""What alarms do to EC2 instances: stop, terminate or reboot the one that they look at.

Source: CloudWatch's guide, "Create alarms to stop, terminate, reboot, or recover an EC2 instance":
arn:aws:automate:REGION:ec2:stop; the instance is the alarm's dimension InstanceId.
"""

from collections.abc import Iterator
from typing import Any

from argosy.control.alarms.acting import Fired
from argosy.control.means import Means
from argosy.state import ec2_instances as ec2
from argosy.state.record import Record

AUTOMATE = "arn:aws:automate:"
_ACTIONS = {"stop": ec2.STOP, "terminate": ec2.TERMINATE, "reboot": ec2.REBOOT}


def act_on_instance(means: Means, alarm: Record, fired: Fired) -> None:
    """Raises ValueError with why it cannot be done."""
    what = fired.action.rpartition(":")[2]
    if what not in _ACTIONS:
        raise ValueError(f"Argosy has nothing that carries out {fired.action}.")
    name = next(_instances(alarm.document["members"]), "")
    with means.records.transaction():
        record = means.records.get(ec2.EC2_INSTANCE, alarm.account, alarm.region, name)
        if record is None:
            raise ValueError(f"The instance ID '{name}' does not exist.")
        if ec2.next_state(record, _ACTIONS[what]) is None:
            raise ValueError(f"The instance {name} is {record.status}: it cannot {what}.")
        ec2.change(means.records, record, _ACTIONS[what], means.clock.now())


def _instances(members: dict[str, Any]) -> Iterator[str]:
    """The InstanceIds of an alarm's dimensions."""
    metrics = [one.get("MetricStat", {}).get("Metric", {}) for one in members.get("Metrics") or ()]
    for metric in (members, *metrics):
        for dimension in metric.get("Dimensions") or ():
            if dimension["Name"] == "InstanceId":
                yield dimension["Value"]
