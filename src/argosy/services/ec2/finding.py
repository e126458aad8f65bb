"""Finds instances by their ids, and in EC2's words says which are not there."""

import re
from collections.abc import Sequence

from argosy.services.ec2.errors import Ec2Error
from argosy.services.registry import Call
from argosy.state.ec2_instances import EC2_INSTANCE
from argosy.state.record import Record

_ID = re.compile(r"i-[0-9a-f]{8}([0-9a-f]{9})?")


def instances_of(call: Call) -> list[Record]:
    """All of the caller's, oldest first."""
    return call.records.find(EC2_INSTANCE, call.caller.account, call.caller.region)


def named(call: Call, ids: Sequence[str]) -> list[Record]:
    """Those of these ids, in their order. Raises Ec2Error."""
    for one in ids:
        if not _ID.fullmatch(one):
            raise Ec2Error("InvalidInstanceID.Malformed", f'Invalid id: "{one}"')
    found = {record.name: record for record in instances_of(call)}
    missing = [one for one in ids if one not in found]
    if missing:
        several = len(missing) > 1
        which = ", ".join(missing)
        raise Ec2Error(
            "InvalidInstanceID.NotFound",
            f"The instance ID{'s' if several else ''} '{which}' "
            f"do{'' if several else 'es'} not exist",
        )
    return [found[one] for one in dict.fromkeys(ids)]


def place_of(record: Record) -> tuple[float, str]:
    """Its place in every list: oldest first."""
    return record.created, record.name
