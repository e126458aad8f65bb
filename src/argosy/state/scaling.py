"""What Application Auto Scaling keeps: scalable targets, their policies and scheduled actions.

A target's record is named by its ResourceId; a policy's and an action's by that, "|" and their own
name. `services` write them, `control.scaling` acts on them; removing a target takes along whatever
hangs on it, the alarms that were made for its policies included.
"""

from typing import Any, NotRequired, TypedDict

from argosy.state.alarms import delete_alarm
from argosy.state.records import Record, Records

TARGET = "scalable-target"
POLICY = "scaling-policy"
ACTION = "scheduled-action"

INSTANCES = "sagemaker:variant:DesiredInstanceCount"
COPIES = "sagemaker:inference-component:DesiredCopyCount"

STEP = "StepScaling"
TRACKING = "TargetTrackingScaling"


class Change(TypedDict):
    """A change of capacity that a policy brought about."""

    before: int
    after: int
    at: float
    """When it was done, or decided where it is not done yet."""
    cooldown_s: float
    done: bool


class TargetDocument(TypedDict):
    """A scalable target."""

    id: str
    resource_id: str
    dimension: str
    least: int
    most: int
    suspended: dict[str, bool]
    correct: str
    """Why capacity shall be looked at once, whether it lies in the range; "" when it was."""
    history: NotRequired[list[Change]]
    """The last changes that policies made, oldest first."""


class PolicyDocument(TypedDict):
    """A scaling policy."""

    id: str
    arn: str
    name: str
    resource_id: str
    dimension: str
    type: str
    configuration: dict[str, Any]
    """The StepScaling… or TargetTrackingScalingPolicyConfiguration."""
    alarms: dict[str, str]
    """Of target tracking: "high" and "low" → the name of the alarm made for it."""


class ActionDocument(TypedDict):
    """A scheduled action; times in epoch seconds."""

    id: str
    arn: str
    name: str
    resource_id: str
    dimension: str
    schedule: str
    zone: str
    start: float | None
    end: float | None
    least: int | None
    most: int | None
    since: float
    """Moments up to here are dealt with; a rate counts from `start`, or from the creation."""
    origin: float


def variant_resource(endpoint: str, variant: str) -> str:
    """The ResourceId of a production variant."""
    return f"endpoint/{endpoint}/variant/{variant}"


def component_resource(component: str) -> str:
    """The ResourceId of an inference component."""
    return f"inference-component/{component}"


def under(resource_id: str, name: str) -> str:
    """The name of a policy's or an action's record."""
    return f"{resource_id}|{name}"


def may_be_empty(records: Records) -> set[tuple[str, str, str]]:
    """(account, region, ResourceId) of all targets that may go down to nothing."""
    return {
        (target.account, target.region, target.name)
        for target in records.find(TARGET)
        if target.document["least"] == 0
    }


def policies_of(records: Records, target: Record) -> list[Record]:
    """The policies of a target, oldest first."""
    return _hanging(records, POLICY, target)


def actions_of(records: Records, target: Record) -> list[Record]:
    """The scheduled actions of a target, oldest first."""
    return _hanging(records, ACTION, target)


def remove_target(records: Records, target: Record) -> None:
    """Remove a target with its policies, their alarms, and its scheduled actions."""
    with records.transaction():
        for policy in policies_of(records, target):
            remove_policy(records, policy)
        for action in actions_of(records, target):
            _delete(records, action)
        _delete(records, target)


def remove_policy(records: Records, policy: Record) -> None:
    """Remove a policy with the alarms that were made for it."""
    with records.transaction():
        for name in policy.document["alarms"].values():
            delete_alarm(records, policy.account, policy.region, name)
        _delete(records, policy)


def targets_of_endpoint(records: Records, account: str, region: str, name: str) -> list[Record]:
    """The targets among an endpoint's variants."""
    return records.find(TARGET, account, region, prefix=f"endpoint/{name}/variant/")


def _hanging(records: Records, kind: str, target: Record) -> list[Record]:
    return records.find(kind, target.account, target.region, prefix=under(target.name, ""))


def _delete(records: Records, record: Record) -> None:
    records.delete(record.kind, record.account, record.region, record.name)
