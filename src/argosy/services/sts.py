"""STS: who is calling. Temporary credentials are not given out."""

from typing import Any

from argosy.services.registry import Call, operation


@operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """Needs no permission: whoever can sign may know who they are."""
    caller = call.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}
