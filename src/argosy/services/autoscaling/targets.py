"""Scalable targets: between which counts a variant or a component may be scaled."""

import uuid
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.names import iam_arn
from argosy.services.autoscaling.finding import described, page, registered, target_of
from argosy.services.autoscaling.resources import (
    NAMESPACE,
    Resource,
    check_scalable,
    resource_of,
)
from argosy.services.autoscaling.tags import check_tags, set_tags, target_arn
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.endpoint_configs import MOST_INSTANCES
from argosy.state.records import Record
from argosy.state.scaling import TARGET, remove_target

_SUSPENDED = (
    "DynamicScalingInSuspended",
    "DynamicScalingOutSuspended",
    "ScheduledScalingSuspended",
)


@operation("application-autoscaling", "RegisterScalableTarget")
def register_scalable_target(call: Call) -> dict[str, Any]:
    """A new target, or what is named of one that is there; control looks at its capacity then."""
    resource = resource_of(call.input)
    check_tags(call.input.get("Tags") or {})
    with call.records.transaction():
        check_scalable(call, resource)
        record = registered(call)
        if record is None:
            record = _create(call, resource)
            set_tags(call, record, call.input.get("Tags") or {})
        else:
            _refuse_tags(call)
            now, changed = call.clock.now(), _changed(call, record.document)
            record = call.records.update(record, now=now, document=changed)
    return {"ScalableTargetARN": target_arn(record)}


@operation("application-autoscaling", "DeregisterScalableTarget")
def deregister_scalable_target(call: Call) -> dict[str, Any]:
    """Its policies, their alarms, its scheduled actions and its tags go with it."""
    with call.records.transaction():
        record = target_of(call)
        set_tags(call, record, {})
        remove_target(call.records, record)
    return {}


@operation("application-autoscaling", "DescribeScalableTargets")
def describe_scalable_targets(call: Call) -> dict[str, Any]:
    wanted = call.input.get("ResourceIds")
    found = [r for r in described(call, TARGET) if not wanted or r.name in wanted]
    return page(call, "ScalableTargets", found, lambda record: record.name, _shown)


def _create(call: Call, resource: Resource) -> Record:
    asked = call.input
    if asked.get("MinCapacity") is None or asked.get("MaxCapacity") is None:
        raise ValidationException(
            "MinCapacity and MaxCapacity are required when a scalable target is registered for "
            "the first time."
        )
    blank = {
        "id": str(uuid.uuid4()),
        "resource_id": resource.id,
        "dimension": resource.dimension,
        "least": 0,
        "most": 0,
        "suspended": dict.fromkeys(_SUSPENDED, False),
        "correct": "",
    }
    caller = call.caller
    document, now = _changed(call, blank), call.clock.now()
    return call.records.create(
        TARGET, caller.account, caller.region, resource.id, document, now=now
    )


def _changed(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """The document with what the call names; raises ValidationException for a range of nothing."""
    asked = call.input
    least = _otherwise(asked.get("MinCapacity"), document["least"])
    most = _otherwise(asked.get("MaxCapacity"), document["most"])
    check_range(least, most)
    suspended = {**document["suspended"], **(asked.get("SuspendedState") or {})}
    return {**document, "least": least, "most": most, "suspended": suspended, "correct": "set"}


def check_range(least: int, most: int) -> None:
    """Raise ValidationException unless 0 ≤ least ≤ most, and most is no slip of the pen."""
    if least < 0 or most < 0:
        raise ValidationException("MinCapacity and MaxCapacity must be at least 0.")
    if least > most:
        raise ValidationException(
            f"Maximum capacity cannot be less than minimum capacity: MinCapacity is {least}, "
            f"MaxCapacity is {most}."
        )
    if most > MOST_INSTANCES:
        raise ValidationException(
            f"MaxCapacity is {most}; a variant has at most {MOST_INSTANCES} instances here."
        )


def _otherwise(given: int | None, before: int) -> int:
    return before if given is None else given


def _refuse_tags(call: Call) -> None:
    if call.input.get("Tags"):
        raise ValidationException(
            "Tags are given when a scalable target is registered for the first time; use "
            "TagResource for one that is there."
        )


def _shown(record: Record) -> dict[str, Any]:
    document = record.document
    service = f"{NAMESPACE}.application-autoscaling.amazonaws.com"
    name = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    return {
        "ServiceNamespace": NAMESPACE,
        "ResourceId": record.name,
        "ScalableDimension": document["dimension"],
        "MinCapacity": document["least"],
        "MaxCapacity": document["most"],
        "RoleARN": iam_arn(record.account, f"role/aws-service-role/{service}/{name}"),
        "CreationTime": record.created,
        "SuspendedState": document["suspended"],
        "ScalableTargetARN": target_arn(record),
    }
