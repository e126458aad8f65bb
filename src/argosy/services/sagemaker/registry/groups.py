"""Groups of model packages, and the policies that are kept with them."""

import json
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.registry.finding import found_group, user_context
from argosy.services.sagemaker.tags import check_tags, set_tags
from argosy.state import model_packages as registry
from argosy.state.model_packages import MODEL_PACKAGE, MODEL_PACKAGE_GROUP, GroupDocument
from argosy.state.records import Record


@operation("sagemaker", "CreateModelPackageGroup")
def create_model_package_group(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["ModelPackageGroupName"], asked.pop("Tags", None)
    check_tags(tags)
    if asked.get("ManagedConfiguration"):
        raise ValidationException("This version does not support ManagedConfiguration.")
    arn = arn_of(call, MODEL_PACKAGE_GROUP, name)
    document: GroupDocument = {
        "name": name,
        "arn": arn,
        "asked": asked,
        "last": 0,
        "policy": "",
        "by": user_context(call),
    }
    where = (MODEL_PACKAGE_GROUP, call.caller.account, call.caller.region)
    with call.records.transaction():
        if call.records.get_any_case(*where, name):
            raise ValidationException(f"Model Package Group already exists: {arn}")
        call.records.create(
            *where, name, dict(document), now=call.clock.now(), status=registry.COMPLETED
        )
        set_tags(call, arn, tags)
    return {"ModelPackageGroupArn": arn}


@operation("sagemaker", "DescribeModelPackageGroup")
def describe_model_package_group(call: Call) -> dict[str, Any]:
    record = found_group(call, call.input["ModelPackageGroupName"])
    return {**_summary(record), "CreatedBy": record.document["by"]}


@operation("sagemaker", "ListModelPackageGroups")
def list_model_package_groups(call: Call) -> dict[str, Any]:
    """Groups of other accounts are shared with nobody here: CrossAccount finds none."""
    if call.input.get("CrossAccountFilterOption") == "CrossAccount":
        return {"ModelPackageGroupSummaryList": []}
    page = page_of(call, MODEL_PACKAGE_GROUP)
    summaries = [_summary(record) for record in page.records]
    return answer("ModelPackageGroupSummaryList", summaries, page)


@operation("sagemaker", "DeleteModelPackageGroup")
def delete_model_package_group(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = found_group(call, call.input["ModelPackageGroupName"])
        where = (record.account, record.region)
        if call.records.find(MODEL_PACKAGE, *where, prefix=f"{record.name}/"):
            raise ValidationException(
                f"Model Package Group {record.document['arn']} cannot be deleted: it still has "
                "model packages. Delete them first."
            )
        call.records.delete(MODEL_PACKAGE_GROUP, *where, record.name)
        set_tags(call, record.document["arn"], None)
    return {}


@operation("sagemaker", "PutModelPackageGroupPolicy")
def put_model_package_group_policy(call: Call) -> dict[str, Any]:
    policy = call.input["ResourcePolicy"]
    _check_policy(policy)
    return {"ModelPackageGroupArn": _keep_policy(call, policy).document["arn"]}


@operation("sagemaker", "GetModelPackageGroupPolicy")
def get_model_package_group_policy(call: Call) -> dict[str, Any]:
    record = found_group(call, call.input["ModelPackageGroupName"])
    if not record.document["policy"]:
        arn = record.document["arn"]
        raise ValidationException(f"Cannot find resource policy for: {arn}")
    return {"ResourcePolicy": record.document["policy"]}


@operation("sagemaker", "DeleteModelPackageGroupPolicy")
def delete_model_package_group_policy(call: Call) -> dict[str, Any]:
    _keep_policy(call, "")
    return {}


def _keep_policy(call: Call, policy: str) -> Record:
    with call.records.transaction():
        record = found_group(call, call.input["ModelPackageGroupName"])
        document = {**record.document, "policy": policy}
        return call.records.update(record, now=call.clock.now(), document=document)


def _check_policy(policy: str) -> None:
    """Raises ValidationException for what is no policy document."""
    try:
        document = json.loads(policy)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or not document.get("Statement"):
        raise ValidationException(
            "ResourcePolicy must be a JSON policy document with a Version and a Statement."
        )


def _summary(record: Record) -> dict[str, Any]:
    asked = record.document["asked"]
    described = asked.get("ModelPackageGroupDescription")
    return {
        "ModelPackageGroupName": record.name,
        "ModelPackageGroupArn": record.document["arn"],
        **({"ModelPackageGroupDescription": described} if described else {}),
        "CreationTime": record.created,
        "ModelPackageGroupStatus": record.status,
    }
