"""Whether a policy is JSON of the policy grammar. What it allows is not looked at here.

Texts are IAM's own as far as they are known (reference/security.md, section 2).
"""

import json
from typing import Any

from argosy.ground.errors import MalformedPolicyDocument

_TOP = {"Version", "Id", "Statement"}
_VERSIONS = ("2012-10-17", "2008-10-17")
_STATEMENT = {
    "Sid",
    "Effect",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Principal",
    "NotPrincipal",
    "Condition",
}


def check_trust_policy(text: str) -> None:
    """Raises MalformedPolicyDocument unless the text says who may assume a role."""
    for statement in _statements(text):
        if "Resource" in statement or "NotResource" in statement:
            raise MalformedPolicyDocument("Has prohibited field Resource")
        if not (statement.get("Principal") or statement.get("NotPrincipal")):
            raise MalformedPolicyDocument("AssumeRole policy must contain principals.")
        if not all(action.lower().startswith("sts:") for action in _texts(statement.get("Action"))):
            raise MalformedPolicyDocument(
                "AssumeRole policy may only specify STS AssumeRole actions."
            )


def check_identity_policy(text: str) -> None:
    """Raises MalformedPolicyDocument unless the text says what its bearer may do."""
    for statement in _statements(text):
        if "Principal" in statement or "NotPrincipal" in statement:
            raise MalformedPolicyDocument("Policy document should not specify a principal.")
        if not (statement.get("Resource") or statement.get("NotResource")):
            raise MalformedPolicyDocument("Policy statement must contain resources.")


def _statements(text: str) -> list[dict[str, Any]]:
    """The statements, each with the parts that both kinds of policy share checked."""
    policy = _load(text)
    if set(policy) - _TOP or policy.get("Version", _VERSIONS[0]) not in _VERSIONS:
        raise _syntax()
    statements = policy.get("Statement")
    statements = [statements] if isinstance(statements, dict) else statements
    if not isinstance(statements, list) or not statements:
        raise _syntax()
    for statement in statements:
        _check_statement(statement)
    return statements


def _load(text: str) -> dict[str, Any]:
    try:
        policy = json.loads(text)
    except (ValueError, RecursionError):
        raise MalformedPolicyDocument("This policy contains invalid Json") from None
    if not isinstance(policy, dict):
        raise _syntax()
    return policy


def _check_statement(statement: Any) -> None:
    if not isinstance(statement, dict) or set(statement) - _STATEMENT:
        raise _syntax()
    if statement.get("Effect") not in ("Allow", "Deny"):
        raise _syntax()
    for one, other in (
        ("Action", "NotAction"),
        ("Resource", "NotResource"),
        ("Principal", "NotPrincipal"),
    ):
        if one in statement and other in statement:
            raise _syntax()
    if not (_texts(statement.get("Action")) or _texts(statement.get("NotAction"))):
        raise MalformedPolicyDocument("Policy statement must contain actions.")
    if not isinstance(statement.get("Condition", {}), dict):
        raise _syntax()


def _texts(value: Any) -> list[str]:
    """One string or a list of them, as a list."""
    texts = [] if value is None else value if isinstance(value, list) else [value]
    if not all(isinstance(text, str) for text in texts):
        raise _syntax()
    return texts


def _syntax() -> MalformedPolicyDocument:
    return MalformedPolicyDocument("Syntax errors in policy.")
