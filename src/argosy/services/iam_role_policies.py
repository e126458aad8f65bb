"""IAM: policies attached to a role, and policies written into it.

AWS's managed policies (arn:aws:iam::aws:policy/…) can be attached by name; customer-managed
ones do not exist here, and attaching one says so.
"""

from typing import Any

from argosy.ground.errors import NoSuchEntity
from argosy.services.iam_documents import check_identity_policy
from argosy.services.iam_paging import page
from argosy.services.iam_roles import change_role, encoded, find_role
from argosy.services.registry import Call, operation

_MANAGED = "arn:aws:iam::aws:policy/"


@operation("iam", "AttachRolePolicy")
def attach_role_policy(call: Call) -> dict[str, Any]:
    """Attaching twice is no error, as in IAM."""
    arn = call.input["PolicyArn"]
    record = find_role(call)
    if not arn.startswith(_MANAGED) or arn.endswith("/"):
        raise NoSuchEntity(f"Policy {arn} does not exist or is not attachable.")
    attached = record.document["attached"]
    if arn not in attached:
        change_role(call, record, {"attached": [*attached, arn]})
    return {}


@operation("iam", "DetachRolePolicy")
def detach_role_policy(call: Call) -> dict[str, Any]:
    arn = call.input["PolicyArn"]
    record = find_role(call)
    attached = record.document["attached"]
    if arn not in attached:
        raise NoSuchEntity(f"Policy {arn} was not found.")
    change_role(call, record, {"attached": [other for other in attached if other != arn]})
    return {}


@operation("iam", "ListAttachedRolePolicies")
def list_attached_role_policies(call: Call) -> dict[str, Any]:
    prefix = call.input.get("PathPrefix") or "/"
    attached = find_role(call).document["attached"]
    matching = [arn for arn in attached if _path(arn).startswith(prefix)]
    shown, paging = page(call.input, matching, key=str)
    return {
        "AttachedPolicies": [
            {"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in shown
        ],
        **paging,
    }


@operation("iam", "PutRolePolicy")
def put_role_policy(call: Call) -> dict[str, Any]:
    """Adds or replaces."""
    policy = call.input["PolicyDocument"]
    check_identity_policy(policy)
    record = find_role(call)
    inline = {**record.document["inline"], call.input["PolicyName"]: policy}
    change_role(call, record, {"inline": inline})
    return {}


@operation("iam", "GetRolePolicy")
def get_role_policy(call: Call) -> dict[str, Any]:
    name = call.input["PolicyName"]
    inline = find_role(call).document["inline"]
    return {
        "RoleName": call.input["RoleName"],
        "PolicyName": name,
        "PolicyDocument": encoded(_policy(inline, name)),
    }


@operation("iam", "ListRolePolicies")
def list_role_policies(call: Call) -> dict[str, Any]:
    names = list(find_role(call).document["inline"])
    shown, paging = page(call.input, names, key=str)
    return {"PolicyNames": shown, **paging}


@operation("iam", "DeleteRolePolicy")
def delete_role_policy(call: Call) -> dict[str, Any]:
    name = call.input["PolicyName"]
    record = find_role(call)
    _policy(record.document["inline"], name)
    left = {other: text for other, text in record.document["inline"].items() if other != name}
    change_role(call, record, {"inline": left})
    return {}


def _policy(inline: dict[str, str], name: str) -> str:
    if name not in inline:
        raise NoSuchEntity(f"The role policy with name {name} cannot be found.")
    return inline[name]


def _path(arn: str) -> str:
    """A policy's path: "/" or "/service-role/" and the like."""
    path, _, _ = arn.partition(":policy")[2].rpartition("/")
    return path + "/"
