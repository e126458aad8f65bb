"""What a schedule may say: when, and to which target. Raises ValidationException."""

import json
import re
from collections.abc import Mapping
from typing import Any

from argosy.ground import event_detail
from argosy.ground.cron import BadSchedule
from argosy.ground.errors import ValidationException
from argosy.ground.schedules import parse, zone_of
from argosy.ground.sdk_targets import sdk_target
from argosy.services import registry
from argosy.services.eventbridge.target_rules import reason

_CRON_FIELDS = 6
_TARGETS = re.compile(
    r"arn:aws[a-z-]*:(lambda:[^:]+:[0-9]+:function:.+|sqs:[^:]+:[0-9]+:[A-Za-z0-9_.-]+|"
    r"sns:[^:]+:[0-9]+:[A-Za-z0-9_-]+|events:[^:]+:[0-9]+:event-bus/.+|"
    r"sagemaker:[^:]+:[0-9]+:pipeline/.+)"
)
_FOREIGN = (
    "EcsParameters",
    "KinesisParameters",
    "EventBridgePutEventsV2Parameters",
    "EventBridgePutRawEventsParameters",
)
_READS = re.compile(
    "(batch)?(get|describe|read)|list|poll|receive|search|scan|query|select|lookup|discover|"
    "validate|retrieve",
    re.IGNORECASE,
)
"""How the names of operations begin that only read: User Guide, "Using universal targets"."""
_OLDEST_START_S = 300


def check(asked: Mapping[str, Any], now: float) -> None:
    """Everything of CreateSchedule and UpdateSchedule that the model does not check."""
    if asked.get("KmsKeyArn"):
        raise ValidationException(
            "Schedules are not encrypted with keys here: leave KmsKeyArn out."
        )
    _check_time(asked["ScheduleExpression"], asked.get("ScheduleExpressionTimezone") or "UTC")
    start, end = asked.get("StartDate"), asked.get("EndDate")
    recurs = not asked["ScheduleExpression"].startswith("at(")
    if recurs and start and start.timestamp() < now - _OLDEST_START_S:
        raise ValidationException("The StartDate you specify cannot be earlier than 5 minutes ago.")
    if start and end and start >= end:
        raise ValidationException("The StartDate you specify must come before the EndDate.")
    window = asked["FlexibleTimeWindow"]
    if (window["Mode"] == "FLEXIBLE") != (window.get("MaximumWindowInMinutes") is not None):
        raise ValidationException(
            "MaximumWindowInMinutes is needed if, and only if, the time window's Mode is FLEXIBLE."
        )
    _check_target(asked["Target"])


def _check_time(expression: str, zone: str) -> None:
    try:
        zone_of(zone)
    except BadSchedule:
        raise ValidationException(
            "The provided ScheduleExpressionTimezone is not a valid time zone."
        ) from None
    try:
        if expression.startswith("cron(") and len(expression.split()) != _CRON_FIELDS:
            raise BadSchedule("cron(…) has six fields, the first of which are minutes")
        parse(expression)
    except BadSchedule as error:
        raise ValidationException(f"Invalid Schedule Expression {expression}. {error}") from None


def _check_target(target: Mapping[str, Any]) -> None:
    arn = target["Arn"]
    named = sdk_target(arn)
    if named is None:
        if not _TARGETS.fullmatch(arn):
            raise ValidationException(f"Provided Arn {arn[:256]} is not supported: {reason(arn)}.")
    elif registry.find(*named) is None or _READS.match(named[1]):
        raise ValidationException(f"{named[0]}:{named[1]} is no operation that can be a target.")
    foreign = next((name for name in _FOREIGN if target.get(name)), "")
    if foreign:
        raise ValidationException(f"{foreign} is not supported here.")
    kind = arn.split(":")[2]
    if kind == "sqs" and arn.endswith(".fifo") != bool(target.get("SqsParameters")):
        raise ValidationException("SqsParameters are needed for FIFO queues, and only for these.")
    _check_input(target, kind)


def _check_input(target: Mapping[str, Any], kind: str) -> None:
    bus = target.get("EventBridgeParameters")
    if (kind == "events") != bool(bus):
        raise ValidationException(
            "EventBridgeParameters are needed for event buses, only for these."
        )
    if bus and bus["Source"].startswith("aws."):
        raise ValidationException("The Source of an event cannot begin with aws.")
    needs_json = kind in ("lambda", "events") or sdk_target(target["Arn"]) is not None
    if needs_json and target.get("Input") is not None:
        try:
            json.loads(target["Input"])
        except (ValueError, RecursionError):
            raise ValidationException("The target's Input is not valid JSON.") from None
    if bus and target.get("Input") is not None and event_detail.read(target["Input"]) is None:
        raise ValidationException("The Input of an event is its detail: give a JSON object.")
