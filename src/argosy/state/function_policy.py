"""Resource policies of functions: who may invoke them, besides the account itself.

A statement is JSON of the policy grammar, as AddPermission writes it and GetPolicy shows it. Only
what AddPermission can write is understood; anything else in a condition refuses.
"""

from collections.abc import Mapping
from typing import Any

from argosy.ground.globs import fits
from argosy.state.functions import POLICY, known, parse_name, part_name
from argosy.state.records import Records

INVOKE = "lambda:InvokeFunction"
INVOKE_URL = "lambda:InvokeFunctionUrl"


def statements_of(
    records: Records, account: str, region: str, function: str, qualifier: str = ""
) -> list[dict[str, Any]]:
    """The policy of a function, or of its version or alias; [] when it has none."""
    record = known(records, POLICY, account, region, part_name(function, qualifier))
    return list(record.document["statements"]) if record else []


def allows(
    records: Records,
    arn: str,
    principal: str,
    source_arn: str = "",
    source_account: str = "",
    *,
    action: str = INVOKE,
    url_auth: str = "",
) -> bool:
    """Whether the policy lets somebody do something with a function.

    arn: the function's, with the version or alias that is invoked, if one was named: each has a
    policy of its own. principal: a service ("s3.amazonaws.com"), an account or an ARN.
    url_auth: the AuthType of the function URL through which the call comes.
    """
    named = parse_name(arn)
    if named is None:
        return False
    context = {
        "aws:sourcearn": source_arn,
        "aws:sourceaccount": source_account,
        "lambda:functionurlauthtype": url_auth,
    }
    found = statements_of(records, named.account, named.region, named.name, named.qualifier)
    return any(_grants(one, principal, action, context) for one in found)


def _grants(
    statement: Mapping[str, Any], principal: str, action: str, context: Mapping[str, str]
) -> bool:
    return (
        statement.get("Effect") == "Allow"
        and fits(str(statement.get("Action", "")), action)
        and _is_principal(statement.get("Principal"), principal)
        and _holds(statement.get("Condition", {}), context)
    )


def _is_principal(stated: Any, principal: str) -> bool:
    if stated == "*":
        return True
    if not isinstance(stated, dict):
        return False
    account = principal.split(":")[4] if principal.startswith("arn:") else principal
    wanted = {principal, account, f"arn:aws:iam::{account}:root", "*"}
    return any(value in wanted for value in stated.values())


def _holds(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, str]) -> bool:
    for operator, pairs in conditions.items():
        matches = _OPERATORS.get(operator)
        if matches is None:
            return False
        for key, wanted in pairs.items():
            if not matches(str(wanted), context.get(key.lower(), "")):
                return False
    return True


def arn_like(pattern: str, arn: str) -> bool:
    """Part by part, with * and ? in each (IAM's ArnLike)."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) and all(map(fits, wanted, given))


def _same(pattern: str, text: str) -> bool:
    return pattern == text


_OPERATORS = {
    "ArnLike": arn_like,
    "ArnEquals": arn_like,
    "StringEquals": _same,
    "StringLike": fits,
    "Bool": _same,
}
