"""DescribeInstances and DescribeInstanceStatus."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from argosy.services.ec2.filters import Fields, chosen, page
from argosy.services.ec2.finding import instances_of, named
from argosy.services.ec2.images import IMAGE_ID, architecture
from argosy.services.ec2.view import HERE, reservations, state, zone
from argosy.services.registry import Call, operation
from argosy.state.ec2_instances import CODES, RUNNING
from argosy.state.record import Record

_FIELDS: Fields[Record] = {
    "instance-id": lambda one: [one.name],
    "instance-state-name": lambda one: [one.status],
    "instance-state-code": lambda one: [str(CODES[one.status])],
    "instance-type": lambda one: [one.document["asked"]["InstanceType"]],
    "image-id": lambda one: [IMAGE_ID],
    "reservation-id": lambda one: [one.document["reservation"]],
    "client-token": lambda one: [one.document["token"]],
    "owner-id": lambda one: [one.account],
    "availability-zone": lambda one: [zone(one)],
    "architecture": lambda one: [architecture()],
    "private-ip-address": lambda one: [HERE],
    "launch-time": lambda one: [_moment(one.document["launched"])],
}


@operation("ec2", "DescribeInstances")
def describe_instances(call: Call) -> dict[str, Any]:
    records, token = page(call, _wanted(call), lambda one: one.name)
    return {"Reservations": reservations(call.caller.account, records), "NextToken": token}


@operation("ec2", "DescribeInstanceStatus")
def describe_instance_status(call: Call) -> dict[str, Any]:
    """Those that run, or all with IncludeAllInstances."""
    shown = [
        one
        for one in _wanted(call)
        if one.status == RUNNING or call.input.get("IncludeAllInstances")
    ]
    records, token = page(call, shown, lambda one: one.name)
    return {"InstanceStatuses": [_status(record) for record in records], "NextToken": token}


def _wanted(call: Call) -> list[Record]:
    ids: Sequence[str] = call.input.get("InstanceIds") or []
    return chosen(
        call,
        named(call, ids) if ids else instances_of(call),
        _FIELDS,
        lambda one: one.document["tags"],
    )


def _status(record: Record) -> dict[str, Any]:
    health = "ok" if record.status == RUNNING else "not-applicable"
    passed = {"Name": "reachability", "Status": "passed"}
    summary = {"Status": health, "Details": [passed] if health == "ok" else []}
    return {
        "InstanceId": record.name,
        "AvailabilityZone": zone(record),
        "InstanceState": state(record.status),
        "InstanceStatus": summary,
        "SystemStatus": summary,
    }


def _moment(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
