"""How a model package is shown: described, in a list, in a batch."""

from typing import Any

from argosy.state.model_packages import approval_of
from argosy.state.records import Record

_HEAVY = ("ModelCard",)
_SUMMARIZED = ("ModelPackageDescription", "ModelLifeCycle", "ModelPackageRegistrationType")


def identity(record: Record) -> dict[str, Any]:
    """Name or group and version, ARN, status and approval."""
    document = record.document
    versioned = {
        "ModelPackageGroupName": document["group"],
        "ModelPackageVersion": document["version"],
        "ModelApprovalStatus": approval_of(document),
    }
    return {
        **(versioned if document["group"] else {"ModelPackageName": record.name}),
        "ModelPackageArn": document["arn"],
        "CreationTime": record.created,
        "ModelPackageStatus": record.status,
    }


def description(record: Record, light: bool = False) -> dict[str, Any]:
    """The DescribeModelPackage members; `light` is without the large ones."""
    document = record.document
    changed = document["changed_by"]
    more = {
        "ApprovalDescription": document["approval_description"],
        "LastModifiedTime": record.modified if changed else None,
        "LastModifiedBy": changed,
    }
    asked = {k: v for k, v in document["asked"].items() if not (light and k in _HEAVY)}
    return {
        "CertifyForMarketplace": False,
        "SkipModelValidation": "None",
        **asked,
        # The model of the answer wants a name even where versions have none of their own; this one
        # can be asked for again, which SDK 3's resources do.
        "ModelPackageName": record.name,
        **identity(record),
        "ModelPackageStatusDetails": {"ValidationStatuses": [], "ImageScanStatuses": []},
        "CreatedBy": document["by"],
        **{name: value for name, value in more.items() if value},
    }


def summary(record: Record) -> dict[str, Any]:
    asked = record.document["asked"]
    return {**identity(record), **{name: asked[name] for name in _SUMMARIZED if asked.get(name)}}


def batch_summary(record: Record) -> dict[str, Any]:
    """The members of BatchDescribeModelPackage."""
    asked = record.document["asked"]
    specification = asked.get("InferenceSpecification") or {"Containers": []}
    return {**summary(record), "InferenceSpecification": specification}
