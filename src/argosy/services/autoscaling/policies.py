"""Scaling policies: put, deleted and described; those of target tracking with their alarms."""

import uuid
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.autoscaling.errors import LimitExceededException, ObjectNotFoundException
from argosy.services.autoscaling.finding import described, hanging, page, place, registered
from argosy.services.autoscaling.policy_rules import CONFIGURATIONS, check_policy, same_metric
from argosy.services.autoscaling.resources import NAMESPACE
from argosy.services.registry import Call, operation
from argosy.state.alarms import ACTIONS, ALARM, alarm_arn, delete_alarm, put_alarm
from argosy.state.managed_alarms import managed_alarms
from argosy.state.records import Record
from argosy.state.scaling import (
    POLICY,
    STEP,
    TRACKING,
    PolicyDocument,
    policies_of,
    remove_policy,
    under,
)

MOST_POLICIES = 50
"""Of one scalable target."""


@operation("application-autoscaling", "PutScalingPolicy")
def put_scaling_policy(call: Call) -> dict[str, Any]:
    """A new policy, or the one of that name with what is given; its alarms are made anew."""
    with call.records.transaction():
        target, before = registered(call), hanging(call, POLICY, call.input["PolicyName"])
        if target is None:
            raise ObjectNotFoundException(f"No scalable target registered for {place(call)}")
        kind = _type(call, before)
        configuration = _configuration(call, kind, before)
        check_policy(kind, configuration, target.document["dimension"])
        others = [p for p in policies_of(call.records, target) if before is None or p != before]
        _refuse_rival(kind, configuration, others)
        _refuse_too_many(others)
        document = _document(call, target, before, kind, configuration)
        _put_alarms(call, document, before)
        record = _keep(call, before, document)
    return {"PolicyARN": document["arn"], "Alarms": _alarms(record)}


@operation("application-autoscaling", "DeleteScalingPolicy")
def delete_scaling_policy(call: Call) -> dict[str, Any]:
    """The alarms that were made for it go too; those of users stay."""
    name = call.input["PolicyName"]
    with call.records.transaction():
        record = hanging(call, POLICY, name)
        if record is None:
            raise ObjectNotFoundException(
                f"No scaling policy found for {place(call)}, policy name: {name}"
            )
        remove_policy(call.records, record)
    return {}


@operation("application-autoscaling", "DescribeScalingPolicies")
def describe_scaling_policies(call: Call) -> dict[str, Any]:
    found = described(call, POLICY, call.input.get("PolicyNames"))
    users = _users_alarms(call) if any(p.document["type"] == STEP for p in found) else {}
    return page(
        call, "ScalingPolicies", found, lambda record: record.name, lambda p: _shown(p, users)
    )


def _type(call: Call, before: Record | None) -> str:
    """The policy's type, which stays what it was."""
    given = call.input.get("PolicyType")
    if given is None:
        given = before.document["type"] if before else _told_by_configuration(call)
    if given == "PredictiveScaling" or call.input.get(CONFIGURATIONS["PredictiveScaling"]):
        raise ValidationException(
            "PolicyType PredictiveScaling: this version does not support predictive scaling."
        )
    if before is not None and before.document["type"] != given:
        raise ValidationException(
            f"The type of the policy {before.document['name']} is {before.document['type']} and "
            "cannot be changed: delete it first, or take another name."
        )
    return str(given)


def _told_by_configuration(call: Call) -> str:
    for kind, member in CONFIGURATIONS.items():
        if call.input.get(member) is not None:
            return kind
    raise ValidationException("PolicyType is required for a new scaling policy.")


def _configuration(call: Call, kind: str, before: Record | None) -> dict[str, Any]:
    given = call.input.get(CONFIGURATIONS[kind])
    for other, member in CONFIGURATIONS.items():
        if other != kind and call.input.get(member) is not None:
            raise ValidationException(f"{member} is not for a policy of type {kind}.")
    if given is None and before is None:
        raise ValidationException(f"A policy of type {kind} needs {CONFIGURATIONS[kind]}.")
    return dict(before.document["configuration"] if given is None and before else given or {})


def _refuse_rival(kind: str, configuration: dict[str, Any], others: list[Record]) -> None:
    """Two targets for one metric would pull at the capacity from both sides."""
    for other in others:
        tracking = kind == TRACKING == other.document["type"]
        if tracking and same_metric(configuration, other.document["configuration"]):
            raise ValidationException(
                "Only one TargetTrackingScaling policy for a given metric specification is "
                f"allowed: {other.document['name']} has the same one."
            )


def _refuse_too_many(others: list[Record]) -> None:
    if len(others) >= MOST_POLICIES:
        raise LimitExceededException(f"A scalable target has at most {MOST_POLICIES} policies.")


def _document(
    call: Call, target: Record, before: Record | None, kind: str, configuration: dict[str, Any]
) -> PolicyDocument:
    name, resource_id = call.input["PolicyName"], target.name
    identity = before.document["id"] if before else str(uuid.uuid4())
    arn = (
        f"arn:aws:autoscaling:{target.region}:{target.account}:scalingPolicy:{identity}:"
        f"resource/{NAMESPACE}/{resource_id}:policyName/{name}"
    )
    kept = before.document["alarms"] if before else {}
    return {
        "id": identity,
        "arn": arn,
        "name": name,
        "resource_id": resource_id,
        "dimension": target.document["dimension"],
        "type": kind,
        "configuration": configuration,
        "alarms": kept or _new_names(kind, resource_id),
    }


def _new_names(kind: str, resource_id: str) -> dict[str, str]:
    if kind == STEP:
        return {}
    return {
        side: f"TargetTracking-{resource_id}-Alarm{side.capitalize()}-{uuid.uuid4()}"
        for side in ("high", "low")
    }


def _put_alarms(call: Call, document: PolicyDocument, before: Record | None) -> None:
    """Make the policy's alarms; one that scale-in does not need any more goes."""
    if document["type"] != TRACKING:
        return
    made = managed_alarms(document, call.settings.scaling_period)
    caller, now = call.caller, call.clock.now()
    for side, name in document["alarms"].items():
        if side not in made:
            delete_alarm(call.records, caller.account, caller.region, name)
            continue
        put_alarm(call.records, caller.account, caller.region, made[side], now, managed=True)


def _keep(call: Call, before: Record | None, document: PolicyDocument) -> Record:
    now = call.clock.now()
    if before is not None:
        return call.records.update(before, now=now, document=dict(document))
    name = under(document["resource_id"], document["name"])
    caller = call.caller
    return call.records.create(POLICY, caller.account, caller.region, name, dict(document), now=now)


def _alarms(policy: Record) -> list[dict[str, str]]:
    """Its own alarms that are there."""
    disabled = policy.document["configuration"].get("DisableScaleIn")
    return [
        _alarm(policy, name)
        for side, name in policy.document["alarms"].items()
        if not (side == "low" and disabled)
    ]


def _alarm(policy: Record, name: str) -> dict[str, str]:
    return {"AlarmName": name, "AlarmARN": alarm_arn(policy.account, policy.region, name)}


def _users_alarms(call: Call) -> dict[str, list[str]]:
    """ARN of an action → names of the alarms that have it; those of step scaling are users'."""
    found: dict[str, list[str]] = {}
    for alarm in call.records.find(ALARM, call.caller.account, call.caller.region):
        for member in ACTIONS.values():
            for arn in alarm.document["members"].get(member) or ():
                found.setdefault(arn, []).append(alarm.name)
    return found


def _shown(policy: Record, users: dict[str, list[str]]) -> dict[str, Any]:
    """A policy; `users`: ARN of a step scaling policy → alarms that act on it."""
    document = policy.document
    theirs = [_alarm(policy, name) for name in sorted(set(users.get(document["arn"], ())))]
    return {
        "PolicyARN": document["arn"],
        "PolicyName": document["name"],
        "ServiceNamespace": NAMESPACE,
        "ResourceId": document["resource_id"],
        "ScalableDimension": document["dimension"],
        "PolicyType": document["type"],
        CONFIGURATIONS[document["type"]]: document["configuration"],
        "Alarms": theirs if document["type"] == STEP else _alarms(policy),
        "CreationTime": policy.created,
    }
