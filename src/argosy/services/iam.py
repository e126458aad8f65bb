"""IAM: roles, as far as clients need them to set up. Nothing is authorised by them yet.

There is one identity, the root key, and it may do everything; a role is a name that other
calls refer to. Users, groups and customer-managed policies are not offered.
"""

from typing import Any

from argosy.access.roles import ROLE
from argosy.ground.errors import (
    DeleteConflict,
    EntityAlreadyExists,
    NoSuchEntity,
    ServiceValidationError,
)
from argosy.services.iam_documents import check_trust_policy
from argosy.services.iam_paging import page
from argosy.services.iam_roles import find_role, new_role, role_view
from argosy.services.registry import Call, operation

_MOST_TAGS = 50
_ONLY_WHEN_ASKED_ALONE = ("Tags", "RoleLastUsed")


@operation("iam", "CreateRole")
def create_role(call: Call) -> dict[str, Any]:
    """Names are unique whatever their case, as in IAM."""
    name = call.input["RoleName"]
    check_trust_policy(call.input["AssumeRolePolicyDocument"])
    _check_extras(call.input)
    with call.records.transaction():
        if call.records.get_any_case(ROLE, call.caller.account, "", name) is not None:
            raise EntityAlreadyExists(f"Role with name {name} already exists.")
        now = call.clock.now()
        record = call.records.create(ROLE, call.caller.account, "", name, new_role(call), now=now)
    return {"Role": role_view(record)}


@operation("iam", "GetRole")
def get_role(call: Call) -> dict[str, Any]:
    return {"Role": {**role_view(find_role(call)), "RoleLastUsed": {}}}


@operation("iam", "ListRoles")
def list_roles(call: Call) -> dict[str, Any]:
    prefix = call.input.get("PathPrefix") or "/"
    records = [
        record
        for record in call.records.find(ROLE, call.caller.account, "")
        if record.document["Path"].startswith(prefix)
    ]
    shown, paging = page(call.input, records, key=lambda record: record.name)
    return {"Roles": [_in_a_list(role_view(record)) for record in shown], **paging}


@operation("iam", "DeleteRole")
def delete_role(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        record = find_role(call)
        if record.document["attached"]:
            raise DeleteConflict("Cannot delete entity, must detach all policies first.")
        if record.document["inline"]:
            raise DeleteConflict("Cannot delete entity, must delete policies first.")
        call.records.delete(ROLE, call.caller.account, "", record.name)
    return {}


@operation("iam", "SimulatePrincipalPolicy")
def simulate_principal_policy(call: Call) -> dict[str, Any]:
    """What would happen: everything is allowed, since nothing is checked but the signature."""
    _check_source(call)
    resources = call.input.get("ResourceArns") or ["*"]
    results = [
        (f"{place:06}", action, resource)
        for place, (action, resource) in enumerate(
            (action, resource) for action in call.input["ActionNames"] for resource in resources
        )
    ]
    shown, paging = page(call.input, results, key=lambda result: result[0])
    return {"EvaluationResults": [_allowed(*result[1:]) for result in shown], **paging}


def _check_extras(asked: dict[str, Any]) -> None:
    if asked.get("PermissionsBoundary"):
        raise ServiceValidationError("Argosy does not offer permissions boundaries.")
    keys = [tag["Key"].lower() for tag in asked.get("Tags") or []]
    if len(keys) > _MOST_TAGS or len(set(keys)) < len(keys):
        raise ServiceValidationError(f"Tags must have different keys and be at most {_MOST_TAGS}.")


def _in_a_list(role: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in role.items() if name not in _ONLY_WHEN_ASKED_ALONE}


def _check_source(call: Call) -> None:
    """The principal must be the root identity or a role that is there."""
    arn = call.input["PolicySourceArn"]
    if arn == call.caller.arn:
        return
    roles = call.records.find(ROLE, call.caller.account, "")
    if not any(record.document["Arn"] == arn for record in roles):
        raise NoSuchEntity(f"The entity {arn} cannot be found.")


def _allowed(action: str, resource: str) -> dict[str, Any]:
    return {
        "EvalActionName": action,
        "EvalResourceName": resource,
        "EvalDecision": "allowed",
        "MatchedStatements": [],
        "MissingContextValues": [],
    }
