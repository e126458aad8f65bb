"""STS: who is calling, and temporary credentials (reference/security.md §3).

Whether a role may be assumed is for its trust policy to say. What a session may do is not
restricted: its role's policies are not evaluated, so a session policy, which could only take away,
is refused rather than ignored. AssumeRoleWithWebIdentity, which is not signed, does not pass the
edge: there are no identity providers.
"""

from typing import Any

from argosy.access.roles import RoleSessions
from argosy.access.sessions import Said, Session
from argosy.access.trust import Asking, trusts
from argosy.ground.errors import AccessDenied, ServiceValidationError
from argosy.services.registry import Call, operation
from argosy.state.records import Record

_CHAINED_S = 3600
_ROOT_S = 3600
_DAY_AND_A_HALF_S = 129_600
_TWELVE_HOURS_S = 43_200


@operation("sts", "GetCallerIdentity")
def get_caller_identity(call: Call) -> dict[str, Any]:
    """Needs no permission: whoever can sign may know who they are."""
    caller = call.caller
    return {"UserId": caller.user_id, "Account": caller.account, "Arn": caller.arn}


@operation("sts", "AssumeRole")
def assume_role(call: Call) -> dict[str, Any]:
    """Credentials of a role of this account that trusts the caller."""
    _refuse_policies(call)
    asked = call.input
    role = _trusting_role(call)
    seconds = _lifetime(call, role)
    said = _sessions(call).said_of(call.caller.account, asked["RoleArn"], asked["RoleSessionName"])
    tags = tuple((tag["Key"], tag["Value"]) for tag in asked.get("Tags") or ())
    session = _sessions(call).issue(said, seconds, tags)
    return {
        "Credentials": _shown(session),
        "AssumedRoleUser": {"AssumedRoleId": said.user_id, "Arn": said.arn},
        "SourceIdentity": asked.get("SourceIdentity"),
    }


@operation("sts", "GetSessionToken")
def get_session_token(call: Call) -> dict[str, Any]:
    """Temporary credentials for the caller itself."""
    caller = call.caller
    if _is_session(caller.arn):
        raise AccessDenied("Cannot call GetSessionToken with session credentials")
    if call.input.get("SerialNumber") or call.input.get("TokenCode"):
        raise AccessDenied("MultiFactorAuthentication failed: there are no devices here.")
    longest = _ROOT_S if caller.arn.endswith(":root") else _DAY_AND_A_HALF_S
    seconds = min(call.input.get("DurationSeconds") or _TWELVE_HOURS_S, longest)
    said = Said(account=caller.account, arn=caller.arn, user_id=caller.user_id)
    return {"Credentials": _shown(_sessions(call).issue(said, seconds))}


@operation("sts", "GetAccessKeyInfo")
def get_access_key_info(call: Call) -> dict[str, Any]:
    """The account of a key; of keys that are not from here nothing is known."""
    key_id = call.input["AccessKeyId"]
    if not _sessions(call).knows(key_id):
        raise ServiceValidationError(f"The access key {key_id} is not one of this platform.")
    return {"Account": call.settings.account_id}


def _trusting_role(call: Call) -> Record:
    """The role, if it is there and trusts the caller. Raises AccessDenied: which of the two it is,
    is nobody's business."""
    asked, caller = call.input, call.caller
    role = _sessions(call).role(caller.account, asked["RoleArn"])
    values = {"sts:rolesessionname": asked["RoleSessionName"]}
    if asked.get("ExternalId"):
        values["sts:externalid"] = asked["ExternalId"]
    if asked.get("SourceIdentity"):
        values["sts:sourceidentity"] = asked["SourceIdentity"]
    asking = Asking(arn=caller.arn, account=caller.account, values=values)
    if role is None or not trusts(role.document["AssumeRolePolicyDocument"], asking):
        raise AccessDenied(
            f"User: {caller.arn} is not authorized to perform: sts:AssumeRole on resource: "
            f"{asked['RoleArn']}"
        )
    return role


def _lifetime(call: Call, role: Record) -> int:
    longest = role.document["MaxSessionDuration"]
    seconds: int = call.input.get("DurationSeconds") or min(3600, longest)
    if seconds > longest:
        raise ServiceValidationError(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role."
        )
    if _is_session(call.caller.arn) and seconds > _CHAINED_S:
        raise ServiceValidationError(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
            "role chaining"
        )
    return seconds


def _refuse_policies(call: Call) -> None:
    given = [name for name in ("Policy", "PolicyArns") if call.input.get(name)]
    if given:
        raise ServiceValidationError(
            f"{' and '.join(given)}: Argosy does not evaluate session policies, and would give out "
            "more than was asked for. Leave them out."
        )
    if call.input.get("SerialNumber") or call.input.get("TokenCode"):
        raise AccessDenied("MultiFactorAuthentication failed: there are no devices here.")


def _sessions(call: Call) -> RoleSessions:
    assert call.sessions is not None
    return call.sessions


def _is_session(arn: str) -> bool:
    return arn.startswith("arn:aws:sts::")


def _shown(session: Session) -> dict[str, Any]:
    return {
        "AccessKeyId": session.access_key_id,
        "SecretAccessKey": session.secret_access_key,
        "SessionToken": session.session_token,
        "Expiration": session.expiration,
    }
