"""Model packages: registered, described, removed. What they say is kept as it was asked."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.images import check_images
from argosy.services.sagemaker.registry.finding import found_group, found_package, user_context
from argosy.services.sagemaker.registry.package_rules import check_package, kept
from argosy.services.sagemaker.registry.package_view import batch_summary, description
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import model_packages as registry
from argosy.state.model_packages import MODEL_PACKAGE, MODEL_PACKAGE_GROUP, PackageDocument
from argosy.state.records import Record
from argosy.state.state_changes import announce


@operation("sagemaker", "CreateModelPackage")
def create_model_package(call: Call) -> dict[str, Any]:
    """The same ClientToken once more gives the package that it made."""
    asked = dict(call.input)
    check_tags(asked.get("Tags"))
    check_package(asked)
    check_images(call, asked.get("InferenceSpecification") or {})
    with call.records.transaction():
        group = _group(call, asked)
        made = _made_before(call, asked.get("ClientToken"), group)
        if made is None:
            made = _made(call, asked, group)
            set_tags(call, made.document["arn"], asked.get("Tags"))
            announce(call.records, made, made.created)
    return {"ModelPackageArn": made.document["arn"]}


@operation("sagemaker", "DescribeModelPackage")
def describe_model_package(call: Call) -> dict[str, Any]:
    light = call.input.get("IncludedData") == "MetadataOnly"
    return description(found_package(call, call.input["ModelPackageName"]), light)


@operation("sagemaker", "BatchDescribeModelPackage")
def batch_describe_model_package(call: Call) -> dict[str, Any]:
    summaries, errors = {}, {}
    for arn in call.input["ModelPackageArnList"]:
        try:
            summaries[arn] = batch_summary(found_package(call, arn))
        except ValidationException as error:
            errors[arn] = {"ErrorCode": error.code, "ErrorResponse": error.message}
    return {"ModelPackageSummaries": summaries, "BatchDescribeModelPackageErrorMap": errors}


@operation("sagemaker", "DeleteModelPackage")
def delete_model_package(call: Call) -> dict[str, Any]:
    """Models that were made of it stay: they hold a copy."""
    with call.records.transaction():
        record = found_package(call, call.input["ModelPackageName"])
        call.records.delete(MODEL_PACKAGE, record.account, record.region, record.name)
        set_tags(call, record.document["arn"], None)
    return {}


def _group(call: Call, asked: dict[str, Any]) -> Record | None:
    name = asked.get("ModelPackageGroupName")
    return found_group(call, name) if name else None


def _made_before(call: Call, token: str | None, group: Record | None) -> Record | None:
    if not token:
        return None
    prefix = f"{group.name}/" if group else ""
    where = (MODEL_PACKAGE, call.caller.account, call.caller.region)
    found = call.records.find(*where, prefix=prefix)
    return next((one for one in found if one.document["token"] == token), None)


def _made(call: Call, asked: dict[str, Any], group: Record | None) -> Record:
    where, now = (MODEL_PACKAGE, call.caller.account, call.caller.region), call.clock.now()
    version = group.document["last"] + 1 if group else 0
    name = f"{group.name}/{version}" if group else asked["ModelPackageName"]
    arn = arn_of(call, MODEL_PACKAGE, name)
    if call.records.get_any_case(*where, name):
        raise ValidationException(f"Model Package already exists: {arn}")
    document: PackageDocument = {
        "name": name,
        "arn": arn,
        "group": group.name if group else "",
        "version": version,
        "asked": kept(asked),
        "token": asked.get("ClientToken") or "",
        "approval": _approval(asked) if group else "",
        "approval_description": "",
        "by": user_context(call),
        "changed_by": None,
    }
    if group is not None:
        _count(call, group, version)
    return call.records.create(*where, name, dict(document), now=now, status=registry.COMPLETED)


def _approval(asked: dict[str, Any]) -> str:
    return asked.get("ModelApprovalStatus") or registry.PENDING_APPROVAL


def _count(call: Call, group: Record, version: int) -> None:
    assert group.kind == MODEL_PACKAGE_GROUP
    document = {**group.document, "last": version}
    call.records.update(group, now=call.clock.now(), document=document, touch=False)
