"""Finds targets, policies and scheduled actions, and says in the service's words what is not there.

Also the pages of its Describe calls: a token holds the key of the last thing given.
"""

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from argosy.ground.errors import ValidationException
from argosy.services.autoscaling.errors import InvalidNextTokenException, ObjectNotFoundException
from argosy.services.autoscaling.resources import check_dimension, check_namespace, resource_of
from argosy.services.registry import Call
from argosy.state.records import Record
from argosy.state.scaling import TARGET, under

Item = TypeVar("Item")


def target_of(call: Call) -> Record:
    """The registered target that the call names; raises ObjectNotFoundException."""
    record = registered(call)
    if record is None:
        raise ObjectNotFoundException(f"No scalable target found for {place(call)}")
    return record


def registered(call: Call) -> Record | None:
    """The same, or None."""
    resource = resource_of(call.input)
    return call.records.get(TARGET, call.caller.account, call.caller.region, resource.id)


def hanging(call: Call, kind: str, name: str) -> Record | None:
    """A policy's or a scheduled action's record under the resource that the call names."""
    resource = resource_of(call.input)
    caller = call.caller
    return call.records.get(kind, caller.account, caller.region, under(resource.id, name))


def place(call: Call) -> str:
    asked = call.input
    return (
        f"service namespace: {asked['ServiceNamespace']}, resource ID: {asked['ResourceId']}, "
        f"scalable dimension: {asked['ScalableDimension']}"
    )


def described(call: Call, kind: str, names: Sequence[str] | None = None) -> list[Record]:
    """All of a kind that a Describe call asks for by ResourceId and ScalableDimension; names: those
    it wants, of whatever resource."""
    asked = call.input
    check_namespace(asked)
    dimension, resource_id = asked.get("ScalableDimension"), asked.get("ResourceId")
    check_dimension(dimension)
    if dimension and not resource_id and not asked.get("ResourceIds") and kind != TARGET:
        raise ValidationException("ScalableDimension is given, so ResourceId must be too.")
    prefix = under(resource_id, "") if resource_id else ""
    found = call.records.find(kind, call.caller.account, call.caller.region, prefix=prefix)
    return [
        record
        for record in found
        if dimension in (None, record.document["dimension"])
        and (not names or record.document["name"] in names)
    ]


def page(
    call: Call,
    member: str,
    records: Sequence[Item],
    key: Callable[[Item], str],
    show: Callable[[Item], dict[str, Any]],
    *,
    most: int = 50,
    descending: bool = False,
) -> dict[str, Any]:
    """One page in the order of the keys; raises InvalidNextTokenException."""
    limit = call.input.get("MaxResults") or most
    if not 1 <= limit <= most:
        raise ValidationException(f"MaxResults must be between 1 and {most}.")
    after = _key(call.input.get("NextToken"), member)
    ordered = sorted(records, key=key, reverse=descending)
    if after is not None:
        ordered = [one for one in ordered if (key(one) < after) is descending and key(one) != after]
    shown = ordered[:limit]
    body: dict[str, Any] = {member: [show(one) for one in shown]}
    if len(ordered) > limit:
        body["NextToken"] = _token(member, key(shown[-1]))
    return body


def _token(member: str, key: str) -> str:
    return base64.urlsafe_b64encode(json.dumps([member, key]).encode()).decode()


def _key(token: str | None, member: str) -> str | None:
    if not token:
        return None
    try:
        kind, key = json.loads(base64.b64decode(token, altchars=b"-_", validate=True))
        if kind == member and isinstance(key, str):
            return key
    except (ValueError, TypeError):
        pass
    raise InvalidNextTokenException("The NextToken was not given by this call.")
