"""The record of an IAM role, shared by the operations on roles and on their policies."""

import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from argosy.access.roles import ROLE
from argosy.ground.errors import NoSuchEntity
from argosy.ground.names import iam_arn
from argosy.services.registry import Call
from argosy.state.records import Record

_BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"


def new_role(call: Call) -> dict[str, Any]:
    """The document of a role: CreateRole's members, ids, and its policies, none yet."""
    asked = call.input
    path = asked.get("Path") or "/"
    return {
        "RoleName": asked["RoleName"],
        "RoleId": "AROA" + "".join(secrets.choice(_BASE32) for _ in range(17)),
        "Arn": iam_arn(call.caller.account, f"role{path}{asked['RoleName']}"),
        "Path": path,
        "AssumeRolePolicyDocument": asked["AssumeRolePolicyDocument"],
        "Description": asked.get("Description"),
        "MaxSessionDuration": asked.get("MaxSessionDuration") or 3600,
        "Tags": asked.get("Tags") or [],
        "attached": [],
        "inline": {},
    }


def find_role(call: Call) -> Record:
    """The role that the call names; raises NoSuchEntity."""
    name = call.input["RoleName"]
    record = call.records.get(ROLE, call.caller.account, "", name)
    if record is None:
        raise NoSuchEntity(f"The role with name {name} cannot be found.")
    return record


def change_role(call: Call, record: Record, changes: Mapping[str, Any]) -> None:
    """Write a role with some members of its document replaced."""
    document = {**record.document, **changes}
    call.records.update(record, now=call.clock.now(), document=document)


def role_view(record: Record) -> dict[str, Any]:
    """The role as IAM shows it: times in whole seconds, the policy URL-encoded."""
    document = record.document
    return {
        **document,
        "AssumeRolePolicyDocument": encoded(document["AssumeRolePolicyDocument"]),
        "CreateDate": int(record.created),
        "Tags": document["Tags"] or None,
    }


def encoded(policy: str) -> str:
    """A policy's text as IAM answers it (RFC 3986)."""
    return quote(policy, safe="")
