"""`argosy alarms`: every alarm, its state, and why it is in it."""

import json
import time
from datetime import datetime
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.session import plainly, session
from argosy.cli.status import console_of
from argosy.ground.errors import ArgosyError

_COLOURS = {"ALARM": "red", "OK": "green", "INSUFFICIENT_DATA": "yellow"}
_STATES = list(_COLOURS)
_SIGNS = {
    "GreaterThanThreshold": ">",
    "GreaterThanOrEqualToThreshold": "≥",
    "LessThanThreshold": "<",
    "LessThanOrEqualToThreshold": "≤",
}
_TYPES = ["MetricAlarm", "CompositeAlarm"]


@click.command(epilog=options.example("argosy alarms --state ALARM\nargosy alarms slow"))
@click.argument("name", required=False)
@click.option("--state", type=click.Choice(_STATES, case_sensitive=False), help="Only these.")
@options.data_dir
@options.as_json
def alarms(name: str | None, state: str | None, data_dir: str, as_json: bool) -> None:
    """Show alarms with their rules, states and since when; of the alarm NAME its history too."""
    client = session(data_dir).client("cloudwatch")
    with plainly():
        found = _found(client, name, state)
        history = _history(client, name) if name else []
    if as_json:
        shown: Any = {"alarms": found, "history": history} if name else found
        click.echo(json.dumps(shown, indent=2, default=_text))
        return
    console = console_of()
    console.print(render(found, time.time()))
    for item in history:
        console.print(
            f"  [dim]{item['Timestamp']:%Y-%m-%d %H:%M:%S}[/] {escape(item['HistorySummary'])}"
        )


def _found(client: Any, name: str | None, state: str | None) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"AlarmTypes": _TYPES}
    if name:
        asked["AlarmNames"] = [name]
    if state:
        asked["StateValue"] = state.upper()
    pages = client.get_paginator("describe_alarms").paginate(**asked)
    found = [
        one for page in pages for kind in ("MetricAlarms", "CompositeAlarms") for one in page[kind]
    ]
    if name and not found:
        raise ArgosyError(f"There is no alarm {name}" + (f" in {state}." if state else "."))
    return found


def _history(client: Any, name: str) -> list[dict[str, Any]]:
    answer = client.describe_alarm_history(AlarmName=name, AlarmTypes=_TYPES, MaxRecords=20)
    return list(answer["AlarmHistoryItems"])


def render(found: list[dict[str, Any]], now: float) -> Any:
    """The alarms as a rich table; those that ring come first."""
    from rich.table import Table

    table = Table(box=None)
    for heading in ("alarm", "state", "since", "rule", "reason"):
        table.add_column(heading, no_wrap=heading != "reason")
    for one in sorted(
        found, key=lambda each: (_STATES.index(each["StateValue"]) != 0, each["AlarmName"])
    ):
        state = one["StateValue"]
        since = one.get("StateTransitionedTimestamp") or one["StateUpdatedTimestamp"]
        off = "" if one["ActionsEnabled"] else " [dim](actions off)[/]"
        table.add_row(
            f"[bold]{escape(one['AlarmName'])}[/]{off}",
            f"[{_COLOURS[state]}]{state}[/]",
            _ago(now - since.timestamp()),
            escape(rule_of(one)),
            escape(one["StateReason"]),
        )
    if not found:
        table.add_row("none: aws cloudwatch put-metric-alarm …")
    return table


def rule_of(alarm: dict[str, Any]) -> str:
    """What an alarm waits for, in few words: "p99 ModelLatency > 100000, 3 of 3 × 60 s"."""
    if "AlarmRule" in alarm:
        return str(alarm["AlarmRule"])
    points = alarm["EvaluationPeriods"]
    if alarm.get("Metrics"):
        shown = next(one for one in alarm["Metrics"] if one.get("ReturnData", True))
        stat = shown.get("MetricStat")
        what = f"{stat['Stat']} {stat['Metric']['MetricName']}" if stat else shown["Expression"]
        times = ""
    else:
        what = f"{alarm.get('Statistic') or alarm['ExtendedStatistic']} {alarm['MetricName']}"
        times = f" × {alarm['Period']} s"
    sign = _SIGNS[alarm["ComparisonOperator"]]
    enough = alarm.get("DatapointsToAlarm") or points
    return f"{what} {sign} {alarm['Threshold']:g}, {enough} of {points}{times}"


def _ago(seconds: float) -> str:
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size:.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else str(value)
