"""Finds groups and packages by name or ARN, and says in SageMaker's words when there is none."""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.finding import arn_of
from argosy.state.model_packages import (
    MODEL_PACKAGE,
    MODEL_PACKAGE_GROUP,
    group_name,
    package_name,
)
from argosy.state.records import Record


def found_group(call: Call, name_or_arn: str) -> Record:
    """Raises ValidationException."""
    record = _found(call, MODEL_PACKAGE_GROUP, name_or_arn, group_name(name_or_arn))
    if record is None:
        arn = _arn(call, MODEL_PACKAGE_GROUP, name_or_arn)
        raise ValidationException(f"ModelPackageGroup {arn} does not exist.")
    return record


def found_package(call: Call, name_or_arn: str) -> Record:
    """Raises ValidationException."""
    record = _found(call, MODEL_PACKAGE, name_or_arn, package_name(name_or_arn))
    if record is None:
        arn = _arn(call, MODEL_PACKAGE, name_or_arn)
        raise ValidationException(f"ModelPackage {arn} does not exist.")
    return record


def user_context(call: Call) -> dict[str, Any]:
    """SageMaker's UserContext of the caller."""
    return {"IamIdentity": {"Arn": call.caller.arn, "PrincipalId": call.caller.user_id}}


def _found(call: Call, kind: str, given: str, name: str) -> Record | None:
    """By its name as written; by an ARN, whose names are in lower case, whatever its case."""
    account, region = call.caller.account, call.caller.region
    if not given.startswith("arn:"):
        return call.records.get(kind, account, region, name)
    record = call.records.get_any_case(kind, account, region, name)
    mine = record is not None and record.document["arn"] == given.lower()
    return record if mine else None


def _arn(call: Call, kind: str, given: str) -> str:
    return given if given.startswith("arn:") else arn_of(call, kind, given)
