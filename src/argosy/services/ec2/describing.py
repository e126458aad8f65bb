"""DescribeInstances and DescribeInstanceStatus."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from argosy.services.ec2.errors import end_of_dry_run
from argosy.services.ec2.filters import Fields, chosen, page
from argosy.services.ec2.finding import instances_of, named, place_of
from argosy.services.ec2.images import IMAGE_ID, ROOT_DEVICE, architecture
from argosy.services.ec2.view import HERE, health, profile, reservations, state, zone
from argosy.services.registry import Call, operation
from argosy.state.ec2_instances import CODES, RUNNING
from argosy.state.record import Record

_STATE: Fields[Record] = {
    "instance-state-name": lambda one: [one.status],
    "instance-state-code": lambda one: [str(CODES[one.status])],
    "availability-zone": lambda one: [zone(one)],
}
_ABSENT = (
    "dns-name",
    "instance-lifecycle",
    "instance.group-id",
    "instance.group-name",
    "ip-address",
    "kernel-id",
    "key-name",
    "network-interface.network-interface-id",
    "placement-group-name",
    "platform",
    "product-code",
    "ramdisk-id",
    "spot-instance-request-id",
    "subnet-id",
    "vpc-id",
)
"""What no instance of this platform has: such a filter finds none."""
_FIELDS: Fields[Record] = {
    **_STATE,
    **dict.fromkeys(_ABSENT, lambda one: []),
    "instance-id": lambda one: [one.name],
    "instance-type": lambda one: [one.document["asked"]["InstanceType"]],
    "image-id": lambda one: [IMAGE_ID],
    "reservation-id": lambda one: [one.document["reservation"]],
    "client-token": lambda one: [one.document["token"]],
    "launch-index": lambda one: [str(one.document["index"])],
    "owner-id": lambda one: [one.account],
    "architecture": lambda one: [architecture()],
    "hypervisor": lambda one: ["xen"],
    "iam-instance-profile.arn": lambda one: [profile(one).get("Arn", "")],
    "iam-instance-profile.id": lambda one: [profile(one).get("Id", "")],
    "monitoring-state": lambda one: [one.document["asked"].get("Monitoring", "disabled")],
    "private-dns-name": lambda one: ["localhost"],
    "private-ip-address": lambda one: [HERE],
    "reason": lambda one: [one.document["transition"]],
    "root-device-name": lambda one: [ROOT_DEVICE],
    "root-device-type": lambda one: ["ebs"],
    "state-reason-code": lambda one: [one.document["reason"][0]],
    "state-reason-message": lambda one: [one.document["reason"][1]],
    "tenancy": lambda one: ["default"],
    "virtualization-type": lambda one: ["hvm"],
    "launch-time": lambda one: [_moment(one.document["launched"])],
}
_STATUS_FIELDS: Fields[Record] = {
    **_STATE,
    **dict.fromkeys(("instance-status.status", "system-status.status"), lambda one: [health(one)]),
    **dict.fromkeys(
        ("instance-status.reachability", "system-status.reachability"),
        lambda one: ["passed"] if one.status == RUNNING else [],
    ),
    **dict.fromkeys(("event.code", "event.description"), lambda one: []),
}


@operation("ec2", "DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    found = chosen(call, _wanted(call), _FIELDS, lambda one: one.document["tags"])
    end_of_dry_run(call)
    records, token = page(call, found, place_of)
    return {"Reservations": reservations(call.caller.account, records), "NextToken": token}


@operation("ec2", "DescribeInstanceStatus")
def describe_instance_status(call: Call) -> dict[str, Any]:
    """Those that run, or all with IncludeAllInstances."""
    shown = [
        one
        for one in chosen(call, _wanted(call), _STATUS_FIELDS, None)
        if one.status == RUNNING or call.input.get("IncludeAllInstances")
    ]
    end_of_dry_run(call)
    records, token = page(call, shown, place_of)
    return {"InstanceStatuses": [_status(record) for record in records], "NextToken": token}


def _wanted(call: Call) -> list[Record]:
    ids: Sequence[str] = call.input.get("InstanceIds") or []
    return named(call, ids) if ids else instances_of(call)


def _status(record: Record) -> dict[str, Any]:
    passed = {"Name": "reachability", "Status": "passed"}
    summary = {"Status": health(record), "Details": [passed] if record.status == RUNNING else []}
    return {
        "InstanceId": record.name,
        "AvailabilityZone": zone(record),
        "InstanceState": state(record.status),
        "InstanceStatus": summary,
        "SystemStatus": summary,
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
