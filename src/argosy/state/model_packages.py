"""Model packages and their groups: the models of the registry, as records.

A package of a group is recorded as "GROUP/VERSION", another one by its own name. The versions of a
group are never given out twice, not even when the newest was deleted. A package's status stands in
the record's own column; its approval in the document.
"""

from typing import Any, TypedDict

MODEL_PACKAGE = "model-package"
MODEL_PACKAGE_GROUP = "model-package-group"
"""Kinds of record, and types in an ARN."""

COMPLETED = "Completed"
"""Status of groups and packages: both are whole from the beginning."""

PENDING_APPROVAL = "PendingManualApproval"
APPROVED = "Approved"
REJECTED = "Rejected"


class GroupDocument(TypedDict):
    """A group."""

    name: str
    arn: str
    asked: dict[str, Any]
    """The CreateModelPackageGroup members; no Tags."""
    last: int
    """The newest version that was given out; 0 before the first."""
    policy: str
    """Who else may use it, as JSON; "" when nothing was said."""
    by: dict[str, Any]
    """SageMaker's UserContext of who made it."""


class PackageDocument(TypedDict):
    """A package."""

    name: str
    """As the record's."""
    arn: str
    group: str
    """"" for a package without versions."""
    version: int
    """0 for a package without versions."""
    asked: dict[str, Any]
    """The CreateModelPackage members as they are by now; no Tags, no ClientToken."""
    token: str
    """The ClientToken that it was made with."""
    approval: str
    """"" for a package without versions."""
    approval_description: str
    by: dict[str, Any]
    changed_by: dict[str, Any] | None


def approval_of(document: dict[str, Any]) -> str:
    return str(document.get("approval") or "")


def package_name(name_or_arn: str) -> str:
    """The record's name, as far as it can be told: an ARN has it in lower case."""
    return name_or_arn.rpartition(":model-package/")[2]


def group_name(name_or_arn: str) -> str:
    return name_or_arn.rpartition(":model-package-group/")[2]
