"""Event buses and rules as records, and how their ARNs are made of names.

A bus's document is {"description", "policy", "dead_letters", "tags"}; the default bus has a record
only where something was said of it. A rule's record is named "<bus>/<rule>", its status is its
State, its document {"bus", "name", "pattern", "schedule", "description", "role", "since", "tags",
"targets": {id: target as PutTargets has it}}; "" for what it does not have. This file checks
nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from argosy.ground.event_patterns import EventPattern, parse
from argosy.state.events import DEFAULT_BUS
from argosy.state.record import Record
from argosy.state.records import Records

BUS = "event-bus"
RULE = "rule"
NO_BUS: dict[str, Any] = {"description": "", "policy": "", "dead_letters": "", "tags": {}}
"""The document of a bus of which nothing was said."""
ENABLED, DISABLED = "ENABLED", "DISABLED"
SERVICE = "events.amazonaws.com"


@dataclass(frozen=True)
class Rule:
    """A rule, read from its record."""

    record: Record

    def __getitem__(self, member: str) -> Any:
        return self.record.document[member]

    @property
    def bus(self) -> str:
        return str(self["bus"])

    @property
    def name(self) -> str:
        return str(self["name"])

    @property
    def arn(self) -> str:
        return rule_arn(self.record.region, self.record.account, self.bus, self.name)

    @property
    def enabled(self) -> bool:
        return self.record.status != DISABLED

    @property
    def pattern(self) -> EventPattern | None:
        """None where it has none, but a schedule."""
        return parse(self["pattern"]) if self["pattern"] else None

    @property
    def targets(self) -> dict[str, dict[str, Any]]:
        """By id, in the order in which they were put."""
        return dict(self["targets"])


def record_name(bus: str, rule: str) -> str:
    """The name of a rule's record. No bus has a "/" in its name."""
    return f"{bus}/{rule}"


def rules_of(records: Records, account: str, region: str, bus: str, prefix: str = "") -> list[Rule]:
    """By name."""
    found = records.find(RULE, account, region, prefix=record_name(bus, prefix))
    return sorted((Rule(record) for record in found), key=lambda rule: rule.name)


def every_rule(records: Records, account: str, region: str) -> Iterator[Rule]:
    """Those of all buses."""
    return (Rule(record) for record in records.find(RULE, account, region))


def rule_arn(region: str, account: str, bus: str, name: str) -> str:
    there = "" if bus == DEFAULT_BUS else f"{bus}/"
    return f"arn:aws:events:{region}:{account}:rule/{there}{name}"


def bus_arn(region: str, account: str, bus: str) -> str:
    return f"arn:aws:events:{region}:{account}:event-bus/{bus}"
