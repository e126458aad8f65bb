"""The one image that there is: this machine's own system, with Argosy's Python."""

import platform
from typing import Any

from argosy.services.ec2.errors import Ec2Error, end_of_dry_run, missing
from argosy.services.ec2.filters import chosen
from argosy.services.registry import Call, operation

IMAGE_ID = "ami-0a2605f7a4c0de001"
IMAGE_NAME = "argosy-local"
ROOT_DEVICE = "/dev/xvda"

_FIELDS = {
    "image-id": lambda one: [one["ImageId"]],
    "name": lambda one: [one["Name"]],
    "state": lambda one: [one["State"]],
    "architecture": lambda one: [one["Architecture"]],
    "owner-id": lambda one: [one["OwnerId"]],
    "root-device-type": lambda one: [one["RootDeviceType"]],
    "root-device-name": lambda one: [one["RootDeviceName"]],
    "virtualization-type": lambda one: [one["VirtualizationType"]],
    "hypervisor": lambda one: ["xen"],
    "description": lambda one: [one["Description"]],
    "image-type": lambda one: [one["ImageType"]],
    "is-public": lambda one: ["false"],
    **dict.fromkeys(("owner-alias", "platform", "product-code"), lambda one: []),
}


def architecture() -> str:
    """As EC2 calls it."""
    return {"aarch64": "arm64"}.get(platform.machine(), platform.machine())


@operation("ec2", "DescribeImages")
def describe_images(call: Call) -> dict[str, Any]:
    """The one image that instances are made of."""
    asked, account = call.input, call.caller.account
    for one in asked.get("ImageIds") or ():
        check_image(one)
    owners = asked.get("Owners") or [account]
    image = {
        "ImageId": IMAGE_ID,
        "Name": IMAGE_NAME,
        "Description": "This machine's system and Argosy's Python environment.",
        "State": "available",
        "Architecture": architecture(),
        "OwnerId": account,
        "Public": False,
        "ImageType": "machine",
        "RootDeviceType": "ebs",
        "RootDeviceName": ROOT_DEVICE,
        "VirtualizationType": "hvm",
    }
    mine = [image] if account in owners or "self" in owners else []
    images = chosen(call, mine, _FIELDS, lambda _: [])
    end_of_dry_run(call)
    return {"Images": images}


def check_image(image_id: str | None) -> None:
    """Raise Ec2Error unless it is ours."""
    if not image_id:
        raise missing("ImageId")
    if image_id != IMAGE_ID:
        raise Ec2Error(
            "InvalidAMIID.NotFound",
            f"The image id '[{image_id}]' does not exist: the one image of this platform is "
            f"{IMAGE_ID} ({IMAGE_NAME})",
        )
