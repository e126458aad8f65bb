"""RunInstances: new instances, which control has run."""

import base64
import binascii
from typing import Any

from argosy.access.roles import ROLE
from argosy.services.ec2 import images
from argosy.services.ec2.errors import Ec2Error, end_of_dry_run, invalid, refuse_others
from argosy.services.ec2.finding import instances_of
from argosy.services.ec2.tags import check_tags
from argosy.services.ec2.view import reservation
from argosy.services.registry import Call, operation
from argosy.state import ec2_instances as ec2
from argosy.state.record import Record

MOST = 20
"""Instances of an account in a region that are not terminated."""
_LONGEST_USER_DATA = 16_384
_VOLUME_GB = 8
_VOLUMES_GB = range(1, 65_537)
_KNOWN = (
    "ImageId",
    "InstanceType",
    "MinCount",
    "MaxCount",
    "UserData",
    "IamInstanceProfile",
    "TagSpecifications",
    "ClientToken",
    "DryRun",
    "InstanceInitiatedShutdownBehavior",
    "BlockDeviceMappings",
    "Placement",
    "Monitoring",
)
_ABSENT = {
    "KeyName": ("InvalidKeyPair.NotFound", "The key pair '{}' does not exist"),
    "SecurityGroupIds": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "SecurityGroups": ("InvalidGroup.NotFound", "The security group '{}' does not exist"),
    "SubnetId": ("InvalidSubnetID.NotFound", "The subnet ID '{}' does not exist"),
}
"""What there is none of."""


@operation("ec2", "RunInstances")
def run_instances(call: Call) -> dict[str, Any]:
    """User data is run at the first boot; its role is that of the instance profile."""
    asked = call.input
    _refuse(asked)
    images.check_image(asked.get("ImageId"))
    least, most = asked.get("MinCount") or 1, asked.get("MaxCount") or 1
    if not 1 <= least <= most:
        raise invalid(
            "MinCount and MaxCount must be at least 1, and MinCount no more than MaxCount."
        )
    given = {
        "asked": _shown(asked),
        "user_data": _user_data(asked.get("UserData") or ""),
        "role": _role(call),
        "tags": _tags(asked),
        "token": asked.get("ClientToken") or "",
    }
    with call.records.transaction():
        known = instances_of(call)
        again = [one for one in known if given["token"] and _token(one) == given["token"]]
        if again:
            _check_same(again[0], given)
            return reservation(call.caller.account, again)
        room = MOST - sum(one.status != ec2.TERMINATED for one in known)
        if room < least:
            raise Ec2Error(
                "InstanceLimitExceeded",
                f"You have requested more instances ({least}) than your current instance limit of "
                f"{MOST} allows.",
            )
        end_of_dry_run(call)
        given["reservation"] = ec2.new_id("r")
        made = [_create(call, index, given) for index in range(min(most, room))]
    return reservation(call.caller.account, made)


def _create(call: Call, index: int, given: dict[str, Any]) -> Record:
    now, caller = call.clock.now(), call.caller
    document = ec2.new_document(now, index=index, **given)
    record = call.records.create(
        ec2.EC2_INSTANCE,
        caller.account,
        caller.region,
        ec2.new_id("i"),
        dict(document),
        now=now,
        status=ec2.PENDING,
    )
    ec2.announce(call.records, None, record, now)
    return record


def _token(record: Record) -> str:
    return str(record.document["token"])


def _check_same(record: Record, given: dict[str, Any]) -> None:
    """Raise Ec2Error where a ClientToken comes again with another request."""
    if any(record.document[name] != given[name] for name in ("asked", "user_data", "role")):
        raise Ec2Error(
            "IdempotentParameterMismatch",
            "The client token you have provided is associated with a resource of different "
            "parameters. Use another one.",
        )


def _refuse(asked: dict[str, Any]) -> None:
    for name, (code, text) in _ABSENT.items():
        value = asked.get(name)
        if value:
            raise Ec2Error(code, text.format(value[0] if isinstance(value, list) else value))
    refuse_others(asked, _KNOWN)
    refuse_others(asked.get("Placement") or {}, ("AvailabilityZone", "Tenancy"))


def _shown(asked: dict[str, Any]) -> dict[str, Any]:
    return {
        "InstanceType": asked.get("InstanceType") or "m1.small",
        "InstanceInitiatedShutdownBehavior": asked.get("InstanceInitiatedShutdownBehavior")
        or "stop",
        "VolumeSize": _volume(asked.get("BlockDeviceMappings") or []),
        "Monitoring": "enabled" if (asked.get("Monitoring") or {}).get("Enabled") else "disabled",
    }


def _volume(mappings: list[dict[str, Any]]) -> int:
    """Size of the root volume, GiB. Raises Ec2Error where others are asked for."""
    if not mappings:
        return _VOLUME_GB
    ebs = mappings[0].get("Ebs") or {}
    if len(mappings) > 1 or mappings[0].get("DeviceName") not in (images.ROOT_DEVICE, None):
        raise Ec2Error("UnsupportedOperation", f"The one volume is {images.ROOT_DEVICE}.")
    if ebs.get("DeleteOnTermination") is False:
        raise Ec2Error("UnsupportedOperation", "The root volume goes with its instance.")
    refuse_others(ebs, ("VolumeSize", "VolumeType", "DeleteOnTermination"))
    refuse_others(mappings[0], ("DeviceName", "Ebs"))
    size = ebs.get("VolumeSize")
    if size is not None and size not in _VOLUMES_GB:
        raise invalid(f"A volume has {_VOLUMES_GB[0]} to {_VOLUMES_GB[-1]} GiB, not {size}.")
    return int(size or _VOLUME_GB)


def _user_data(encoded: str) -> str:
    try:
        raw = base64.b64decode(encoded, validate=True)
        text = raw.decode()
    except (binascii.Error, ValueError):
        raise invalid("Invalid BASE64 encoding of user data, or no text.") from None
    if len(raw) > _LONGEST_USER_DATA:
        raise invalid(f"User data is limited to {_LONGEST_USER_DATA} bytes")
    if text and not text.startswith("#!"):
        raise Ec2Error(
            "UnsupportedOperation", "User data must be a script here: its first line begins with #!"
        )
    return text


def _role(call: Call) -> str:
    """The role's ARN: there are no instance profiles but those named like a role."""
    profile = call.input.get("IamInstanceProfile") or {}
    name = profile.get("Name") or (profile.get("Arn") or "").rpartition("/")[2]
    if not name:
        return ""
    record = call.records.get(ROLE, call.caller.account, "", name)
    if record is None:
        raise invalid(
            f"Value ({name}) for parameter iamInstanceProfile.name is invalid. Invalid IAM "
            "Instance Profile name: there is no role of that name"
        )
    return str(record.document["Arn"])


def _tags(asked: dict[str, Any]) -> list[dict[str, str]]:
    tags: list[dict[str, str]] = []
    for one in asked.get("TagSpecifications") or ():
        if one.get("ResourceType") != "instance":
            raise invalid(
                f"'{one.get('ResourceType')}' is not a valid taggable resource type here."
            )
        tags += one.get("Tags") or []
    return check_tags(tags)
