"""Resource policies of queues and topics: whether a service of the platform may send there. Pure.

AWS's services (S3, EventBridge) reach a queue or a topic only if its policy says so; users of the
account always may, which is not looked at here. What is not understood in a condition refuses.
Source: IAM User Guide, "Policy evaluation logic" and the condition operators.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground.globs import fits


@dataclass(frozen=True)
class Sender:
    """A service that acts for a resource of an account."""

    service: str
    """ "s3.amazonaws.com", "events.amazonaws.com", …"""
    arn: str
    account: str


def lets_in(policy: str, sender: Sender, action: str, resource: str) -> bool:
    """Whether a policy document allows the action ("sqs:SendMessage"), and nothing in it denies it.

    policy: JSON, "" for none.
    """
    effects = {
        statement.get("Effect")
        for statement in _statements(policy)
        if _applies(statement, sender, action, resource)
    }
    return "Allow" in effects and "Deny" not in effects


def is_policy(text: str) -> bool:
    """Whether it is a policy document: a JSON object whose statements, if it has any, are objects
    that allow or deny, with conditions by operator."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return False
    if not isinstance(document, dict):
        return False
    found = document.get("Statement", [])
    return all(_is_statement(one) for one in (found if isinstance(found, list) else [found]))


def _is_statement(one: Any) -> bool:
    return (
        isinstance(one, dict)
        and one.get("Effect") in ("Allow", "Deny")
        and isinstance(one.get("Condition", {}), dict)
    )


def _statements(policy: str) -> list[dict[str, Any]]:
    try:
        document = json.loads(policy) if policy else {}
    except (ValueError, RecursionError):
        return []
    found = document.get("Statement") if isinstance(document, dict) else None
    found = [found] if isinstance(found, dict) else found
    return [one for one in found or [] if _is_statement(one)]


def _applies(statement: Mapping[str, Any], sender: Sender, action: str, resource: str) -> bool:
    actions = [one.lower() for one in _texts(statement.get("Action"))]
    return (
        _is_meant(statement.get("Principal"), sender)
        and any(fits(one, action.lower()) for one in actions)
        and any(fits(one, resource) for one in _texts(statement.get("Resource")) or ["*"])
        and _holds(statement.get("Condition"), sender)
    )


def _is_meant(principal: Any, sender: Sender) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, dict):
        return False
    named = _texts(principal.get("Service"))
    return sender.service in named or "*" in [*named, *_texts(principal.get("AWS"))]


def _holds(conditions: Any, sender: Sender) -> bool:
    context = {
        "aws:sourcearn": sender.arn,
        "aws:sourceaccount": sender.account,
        "aws:principalservicename": sender.service,
        "aws:principalisawsservice": "true",
    }
    for operator, asked in (conditions or {}).items():
        test = _OPERATORS.get(operator.lower().removesuffix("ifexists"))
        if test is None or not isinstance(asked, dict):
            return False
        optional = operator.lower().endswith("ifexists")
        for key, wanted in asked.items():
            given = context.get(key.lower())
            if given is None and optional:
                continue
            if given is None or not any(test(one, given) for one in _texts(wanted)):
                return False
    return True


def _same(wanted: str, given: str) -> bool:
    return wanted == given


def _same_case(wanted: str, given: str) -> bool:
    return wanted.casefold() == given.casefold()


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [str(one) for one in values if isinstance(one, str | bool | int)]


_OPERATORS: dict[str, Callable[[str, str], bool]] = {
    "arnequals": fits,
    "arnlike": fits,
    "bool": _same_case,
    "stringequals": _same,
    "stringequalsignorecase": _same_case,
    "stringlike": fits,
}
