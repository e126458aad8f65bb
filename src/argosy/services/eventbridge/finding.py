"""The bus and the rule that a call names."""

import re
from typing import Any

from argosy.ground.errors import ResourceNotFoundException, ValidationException
from argosy.services.registry import Call
from argosy.state.events import DEFAULT_BUS
from argosy.state.record import Record
from argosy.state.rules import BUS, RULE, Rule, record_name

_ARN = re.compile(r"arn:[^:]+:events:([^:]*):([^:]*):event-bus/(.+)")


def bus_name(call: Call, member: str = "EventBusName") -> str:
    """The name of the bus that a member means, which must be there. Raises as `bus_named`."""
    return bus_named(call, call.input.get(member) or "")


def bus_named(call: Call, given: str) -> str:
    """The name of the bus that a name or an ARN means; "" is the default one.

    Raises ResourceNotFoundException, ValidationException for a bus of another account or region.
    """
    given = given or DEFAULT_BUS
    found = _ARN.fullmatch(given)
    if found is not None and found.group(1, 2) != (call.caller.region, call.caller.account):
        raise ValidationException(f"{given[:256]} is no event bus of this account and region.")
    name = found[3] if found else given
    if name != DEFAULT_BUS and find_bus(call, name) is None:
        raise ResourceNotFoundException(f"Event bus {name} does not exist.")
    return name


def find_bus(call: Call, name: str) -> Record | None:
    """Its record; the default bus may be there without one."""
    return call.records.get(BUS, call.caller.account, call.caller.region, name)


def rule_of(call: Call, member: str = "Rule") -> Rule:
    """Raises ResourceNotFoundException."""
    bus, name = bus_name(call), call.input[member]
    rule = find_rule(call, bus, name)
    if rule is None:
        raise ResourceNotFoundException(f"Rule {name} does not exist on EventBus {bus}.")
    return rule


def find_rule(call: Call, bus: str, name: str) -> Rule | None:
    place = call.caller.account, call.caller.region, record_name(bus, name)
    record = call.records.get(RULE, *place)
    return None if record is None else Rule(record)


def change(call: Call, rule: Rule, *, status: str | None = None, **members: Any) -> Rule:
    """Write other members of a rule, or another state."""
    document = {**rule.record.document, **members}
    now = call.clock.now()
    return Rule(call.records.update(rule.record, now=now, document=document, status=status))
