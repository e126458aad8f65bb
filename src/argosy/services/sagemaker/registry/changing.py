"""UpdateModelPackage: approval, metadata and what a package says of how it is served."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.registry.finding import found_package, user_context
from argosy.services.sagemaker.registry.package_rules import check_specifications
from argosy.state.state_changes import announce

_REPLACED = (
    "InferenceSpecification",
    "SourceUri",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
)
_MOST_METADATA = 50


@operation("sagemaker", "UpdateModelPackage")
def update_model_package(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = found_package(call, call.input["ModelPackageArn"])
        document = {**record.document, "changed_by": user_context(call)}
        document["asked"] = _changed(record.document["asked"], call.input)
        _approve(document, call.input)
        now = call.clock.now()
        changed = call.records.update(record, now=now, document=document)
        announce(call.records, changed, now, record)
    return {"ModelPackageArn": record.document["arn"]}


def _approve(document: dict[str, Any], given: dict[str, Any]) -> None:
    status = given.get("ModelApprovalStatus")
    if status and not document["group"]:
        raise ValidationException("ModelApprovalStatus is for versions of a model package group.")
    if status:
        document["approval"] = status
    if given.get("ApprovalDescription") is not None:
        document["approval_description"] = given["ApprovalDescription"]


def _changed(asked: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """The package's members with what is given; raises ValidationException."""
    changed = {**asked, **{name: given[name] for name in _REPLACED if given.get(name)}}
    metadata = {
        **(asked.get("CustomerMetadataProperties") or {}),
        **(given.get("CustomerMetadataProperties") or {}),
    }
    for name in given.get("CustomerMetadataPropertiesToRemove") or ():
        metadata.pop(name, None)
    if len(metadata) > _MOST_METADATA:
        raise ValidationException(
            f"CustomerMetadataProperties would be {len(metadata)}; at most {_MOST_METADATA} are "
            "allowed."
        )
    changed["CustomerMetadataProperties"] = metadata or None
    added = given.get("AdditionalInferenceSpecificationsToAdd")
    if added:
        before = asked.get("AdditionalInferenceSpecifications") or []
        changed["AdditionalInferenceSpecifications"] = [*before, *added]
    check_specifications(changed)
    return {name: value for name, value in changed.items() if value is not None}
