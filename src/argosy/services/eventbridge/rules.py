"""Rules: what they want, by a pattern or a schedule. Their targets are in `targets`."""

from typing import Any

from argosy.ground.cron import BadSchedule
from argosy.ground.errors import LimitExceededException, ValidationException
from argosy.ground.event_patterns import BadPattern, parse
from argosy.ground.schedules import Schedule
from argosy.ground.schedules import parse as parse_schedule
from argosy.services.eventbridge.errors import InvalidEventPatternException
from argosy.services.eventbridge.finding import bus_name, change, find_rule, rule_of
from argosy.services.eventbridge.paging import page
from argosy.services.registry import Call, operation
from argosy.state.event_timers import Timer, Timers
from argosy.state.events import DEFAULT_BUS
from argosy.state.rules import (
    DISABLED,
    ENABLED,
    RULE,
    Rule,
    every_rule,
    record_name,
    rules_of,
)

_MOST_RULES = 300
_CRON_FIELDS = 6
_BAD_SCHEDULE = "Parameter ScheduleExpression is not valid."


@operation("events", "PutRule")
def put_rule(call: Call) -> dict[str, Any]:
    """Makes a rule, or replaces all that can be said of it here; its targets and tags stay."""
    asked, bus = call.input, bus_name(call)
    pattern, schedule = asked.get("EventPattern") or "", asked.get("ScheduleExpression") or ""
    _check(pattern, schedule, bus)
    said = {
        "pattern": pattern,
        "schedule": schedule,
        "description": asked.get("Description") or "",
        "role": asked.get("RoleArn") or "",
        "since": call.clock.now(),
    }
    with call.records.transaction():
        rule = find_rule(call, bus, asked["Name"])
        status = asked.get("State") or ENABLED
        if rule is None:
            rule = _made(call, bus, {**said, "targets": {}, "tags": _tags(asked)}, status)
        else:
            rule = change(call, rule, status=status, **said)
        set_timer(call, rule)
    return {"RuleArn": rule.arn}


@operation("events", "DescribeRule")
def describe_rule(call: Call) -> dict[str, Any]:
    rule = rule_of(call, "Name")
    return {**_view(rule), "CreatedBy": rule.record.account}


@operation("events", "ListRules")
def list_rules(call: Call) -> dict[str, Any]:
    place = call.caller.account, call.caller.region, bus_name(call)
    found = rules_of(call.records, *place, call.input.get("NamePrefix") or "")
    return page(call.input, "Rules", [(rule.name, rule) for rule in found], _view)


@operation("events", "ListRuleNamesByTarget")
def list_rule_names_by_target(call: Call) -> dict[str, Any]:
    bus, arn = bus_name(call), call.input["TargetArn"]
    names = {
        rule.name
        for rule in every_rule(call.records, call.caller.account, call.caller.region)
        if rule.bus == bus and any(one["Arn"] == arn for one in rule.targets.values())
    }
    return page(call.input, "RuleNames", [(name, name) for name in names], str)


@operation("events", "EnableRule")
def enable_rule(call: Call) -> dict[str, Any]:
    return _switch(call, ENABLED)


@operation("events", "DisableRule")
def disable_rule(call: Call) -> dict[str, Any]:
    return _switch(call, DISABLED)


@operation("events", "DeleteRule")
def delete_rule(call: Call) -> dict[str, Any]:
    bus, name = bus_name(call), call.input["Name"]
    rule = find_rule(call, bus, name)
    if rule is None:
        return {}
    if rule.targets:
        raise ValidationException("Rule can't be deleted since it has targets.")
    with call.records.transaction():
        Timers(call.records.transactions).delete(rule.arn)
        call.records.delete(RULE, rule.record.account, rule.record.region, rule.record.name)
    return {}


def check_pattern(text: str) -> None:
    """Raises InvalidEventPatternException."""
    try:
        parse(text)
    except BadPattern as error:
        raise InvalidEventPatternException(f"Event pattern is not valid. Reason: {error}") from None


def set_timer(call: Call, rule: Rule) -> None:
    """Have its schedule happen, or no more, joining the open transaction."""
    timers, record = Timers(call.records.transactions), rule.record
    at = None
    if rule["schedule"] and rule.enabled:
        since = float(rule["since"])
        at = parse_schedule(rule["schedule"]).next_after(call.clock.now(), origin=since)
    if at is None:
        timers.delete(rule.arn)
    else:
        place = record.account, record.region, record.name
        timers.put(Timer(rule.arn, RULE, *place, scheduled=at, due=at))


def _check(pattern: str, schedule: str, bus: str) -> None:
    if not pattern and not schedule:
        raise ValidationException(
            "Parameter(s) EventPattern or ScheduleExpression must be specified."
        )
    if pattern:
        check_pattern(pattern)
    if schedule:
        if bus != DEFAULT_BUS:
            raise ValidationException(
                "ScheduleExpression is supported only on the default event bus."
            )
        _schedule(schedule)


def _schedule(text: str) -> Schedule:
    try:
        if text.startswith("at("):
            raise BadSchedule("a rule has rate(…) or cron(…); at(…) is for EventBridge Scheduler")
        if text.startswith("cron(") and len(text.split()) != _CRON_FIELDS:
            raise BadSchedule("cron(…) has six fields, the first of which are minutes")
        return parse_schedule(text)
    except BadSchedule as error:
        raise ValidationException(f"{_BAD_SCHEDULE} Reason: {error}") from None


def _made(call: Call, bus: str, document: dict[str, Any], status: str) -> Rule:
    place, name = (call.caller.account, call.caller.region), call.input["Name"]
    if len(rules_of(call.records, *place, bus)) >= _MOST_RULES:
        raise LimitExceededException(
            f"The requested resource exceeds the maximum number allowed: {_MOST_RULES} rules."
        )
    said = {"bus": bus, "name": name, **document}
    now = call.clock.now()
    made = call.records.create(RULE, *place, record_name(bus, name), said, now=now, status=status)
    return Rule(made)


def _switch(call: Call, status: str) -> dict[str, Any]:
    with call.records.transaction():
        rule = rule_of(call, "Name")
        set_timer(call, change(call, rule, status=status, since=call.clock.now()))
    return {}


def _tags(asked: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in asked.get("Tags") or []}


def _view(rule: Rule) -> dict[str, Any]:
    shown = {
        "Name": rule.name,
        "Arn": rule.arn,
        "EventPattern": rule["pattern"],
        "State": rule.record.status,
        "Description": rule["description"],
        "ScheduleExpression": rule["schedule"],
        "RoleArn": rule["role"],
        "EventBusName": rule.bus,
    }
    return {name: value for name, value in shown.items() if value}
