"""The targets of rules: five at most, each with an id."""

from typing import Any

from argosy.ground.errors import LimitExceededException
from argosy.services.eventbridge.finding import change, rule_of
from argosy.services.eventbridge.paging import page
from argosy.services.eventbridge.target_rules import check, refusal
from argosy.services.registry import Call, operation

_MOST_TARGETS = 5


@operation("events", "PutTargets")
def put_targets(call: Call) -> dict[str, Any]:
    """Adds targets, or replaces those of the same ids. What no target can be here is told in
    FailedEntries, and the others are kept."""
    rule = rule_of(call)
    failed = []
    targets = rule.targets
    for target in call.input["Targets"]:
        why = refusal(target, call.caller.account)
        if why:
            failed.append(_failure(target["Id"], "ValidationException", why))
            continue
        check(target)
        targets[target["Id"]] = target
    if len(targets) > _MOST_TARGETS:
        raise LimitExceededException(
            f"The requested resource exceeds the maximum number allowed: {_MOST_TARGETS} targets."
        )
    change(call, rule, targets=targets)
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "RemoveTargets")
def remove_targets(call: Call) -> dict[str, Any]:
    rule = rule_of(call)
    targets, failed = rule.targets, []
    for name in call.input["Ids"]:
        if targets.pop(name, None) is None:
            text = f"Rule {rule.name} does not have target {name}."
            failed.append(_failure(name, "ResourceNotFoundException", text))
    change(call, rule, targets=targets)
    return {"FailedEntryCount": len(failed), "FailedEntries": failed}


@operation("events", "ListTargetsByRule")
def list_targets_by_rule(call: Call) -> dict[str, Any]:
    return page(call.input, "Targets", list(rule_of(call).targets.items()), lambda one: one)


def _failure(target: str, code: str, message: str) -> dict[str, str]:
    return {"TargetId": target, "ErrorCode": code, "ErrorMessage": message}
