"""Whether the trust policy of a role lets a caller assume it. Pure.

    trusts(policy_text, asking)         True or False

An explicit Deny wins, something must allow. A condition that is not understood holds where it
denies, and does not where it allows. What else the caller may do (its own policies) is not looked
at here. Source: IAM User Guide, "Policy evaluation logic", "AWS JSON policy elements: Principal".
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from argosy.ground.globs import fits


@dataclass(frozen=True)
class Asking:
    """Who wants to do what, and what else conditions may ask about."""

    arn: str
    """arn:aws:iam::A:root, …:user/U, or arn:aws:sts::A:assumed-role/ROLE/SESSION."""
    account: str
    action: str = "sts:AssumeRole"
    service: str = ""
    """Set when it is a service that asks: "lambda.amazonaws.com"."""
    values: Mapping[str, str] = field(default_factory=dict)
    """Condition keys in lower case → values: "sts:externalid", …"""


def trusts(policy: str, asking: Asking) -> bool:
    """`policy` is JSON that `services/iam_documents.py` found well-formed."""
    statements = json.loads(policy)["Statement"]
    statements = [statements] if isinstance(statements, dict) else statements
    effects = {s["Effect"] for s in statements if _applies(s, asking)}
    return effects == {"Allow"}


def _applies(statement: Mapping[str, Any], asking: Asking) -> bool:
    return (
        _acts(statement, asking.action)
        and _names(statement, asking)
        and _holds(statement.get("Condition", {}), asking, unknown=statement["Effect"] == "Deny")
    )


def _acts(statement: Mapping[str, Any], action: str) -> bool:
    def among(patterns: Any) -> bool:
        return any(_like(action.lower(), pattern.lower()) for pattern in _list(patterns))

    if "Action" in statement:
        return among(statement["Action"])
    return not among(statement.get("NotAction"))


def _names(statement: Mapping[str, Any], asking: Asking) -> bool:
    if "NotPrincipal" in statement:
        return not _is_among(statement["NotPrincipal"], asking)
    return _is_among(statement.get("Principal"), asking)


def _is_among(principals: Any, asking: Asking) -> bool:
    if principals == "*":
        return True
    if not isinstance(principals, dict):
        return False
    if asking.service:
        return asking.service in _list(principals.get("Service"))
    return any(_is(named, asking) for named in _list(principals.get("AWS")))


def _is(named: str, asking: Asking) -> bool:
    """An account names everybody in it, a role all its sessions."""
    account = f"arn:aws:iam::{asking.account}:root"
    if named in ("*", asking.account, account, asking.arn):
        return True
    kind, _, rest = asking.arn.partition(":assumed-role/")
    if not rest or not kind.startswith("arn:aws:sts::"):
        return False
    prefix = f"arn:aws:iam::{asking.account}:role/"
    return named.startswith(prefix) and named.rpartition("/")[2] == rest.partition("/")[0]


def _holds(condition: Mapping[str, Any], asking: Asking, *, unknown: bool) -> bool:
    values = {
        "aws:principalarn": asking.arn,
        "aws:principalaccount": asking.account,
        **asking.values,
    }
    return all(
        _test(operator, values.get(key.lower()), _list(wanted), unknown)
        for operator, keys in condition.items()
        for key, wanted in (keys.items() if isinstance(keys, dict) else ())
    )


def _test(operator: str, value: str | None, wanted: list[str], unknown: bool) -> bool:
    name = operator.lower()
    if name == "null":
        return (value is None) == (str(wanted[0]).lower() == "true" if wanted else False)
    if_exists = name.endswith("ifexists")
    compare = _OPERATORS.get(name.removesuffix("ifexists"))
    if compare is None:
        return unknown
    same, negated = compare
    if value is None:
        return if_exists or negated
    return any(same(value, str(one)) for one in wanted) != negated


def _like(value: str, pattern: str) -> bool:
    return fits(pattern, value)


def _equal(value: str, wanted: str) -> bool:
    return value == wanted


def _alike(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


_OPERATORS: dict[str, tuple[Callable[[str, str], bool], bool]] = {
    "stringequals": (_equal, False),
    "stringnotequals": (_equal, True),
    "stringequalsignorecase": (_alike, False),
    "stringnotequalsignorecase": (_alike, True),
    "stringlike": (_like, False),
    "stringnotlike": (_like, True),
    "arnequals": (_like, False),
    "arnlike": (_like, False),
    "arnnotequals": (_like, True),
    "arnnotlike": (_like, True),
}


def _list(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]
