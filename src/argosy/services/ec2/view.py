"""An instance as EC2 describes it."""

from typing import Any

from argosy.services.ec2.images import IMAGE_ID, ROOT_DEVICE, architecture
from argosy.state.ec2_instances import CODES, PENDING, RUNNING, STOPPING
from argosy.state.record import Record

HERE = "127.0.0.1"
"""Every instance has this machine's network."""
_NONE = ("BlockDeviceMappings", "NetworkInterfaces", "ProductCodes", "SecurityGroups")
"""Lists that callers look through, and that have nothing in them here."""
_LIVE = (PENDING, RUNNING, STOPPING)


def state(name: str) -> dict[str, Any]:
    return {"Code": CODES[name], "Name": name}


def zone(record: Record) -> str:
    return f"{record.region}a"


def described(record: Record) -> dict[str, Any]:
    """A member of a reservation."""
    document = record.document
    asked, (code, why) = document["asked"], document["reason"]
    live = record.status in _LIVE
    return {
        "InstanceId": record.name,
        "ImageId": IMAGE_ID,
        "InstanceType": asked["InstanceType"],
        "State": state(record.status),
        "StateTransitionReason": document["transition"],
        "StateReason": {"Code": code, "Message": why} if code else None,
        "LaunchTime": document["launched"],
        "AmiLaunchIndex": document["index"],
        "ClientToken": document["token"],
        "Architecture": architecture(),
        "Placement": {"AvailabilityZone": zone(record), "Tenancy": "default"},
        "Monitoring": {"State": asked.get("Monitoring", "disabled")},
        "PrivateIpAddress": HERE if live else None,
        "PrivateDnsName": "localhost" if live else "",
        "PublicDnsName": "",
        "RootDeviceType": "ebs",
        "RootDeviceName": ROOT_DEVICE,
        "VirtualizationType": "hvm",
        "Hypervisor": "xen",
        "EbsOptimized": False,
        "IamInstanceProfile": profile(record) or None,
        "Tags": document["tags"],
        **{name: [] for name in _NONE},
    }


def reservation(account: str, records: list[Record]) -> dict[str, Any]:
    return {
        "ReservationId": records[0].document["reservation"],
        "OwnerId": account,
        "Groups": [],
        "Instances": [described(record) for record in records],
    }


def reservations(account: str, records: list[Record]) -> list[dict[str, Any]]:
    """In the order of their first instances."""
    groups: dict[str, list[Record]] = {}
    for record in records:
        groups.setdefault(record.document["reservation"], []).append(record)
    return [reservation(account, members) for members in groups.values()]


def health(record: Record) -> str:
    """What its status checks say."""
    return "ok" if record.status == RUNNING else "not-applicable"


def profile(record: Record) -> dict[str, str]:
    """Its instance profile, which is named like its role; {} for none."""
    role = record.document["role"]
    if not role:
        return {}
    name = role.rpartition("/")[2]
    arn = f"arn:aws:iam::{record.account}:instance-profile/{name}"
    return {"Arn": arn, "Id": f"AIPA{name.upper()[:16]}"}
