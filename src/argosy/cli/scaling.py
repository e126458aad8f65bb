"""`argosy scaling`: what scales an endpoint, how its metrics stand to their targets, and what was
done lately."""

import json
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.scaling_report import report_of
from argosy.cli.session import plainly, session
from argosy.cli.status import console_of

_COLOURS = {"ALARM": "yellow", "OK": "green", "Failed": "red", "Successful": "green"}


@click.command(epilog=options.example("argosy scaling iris\nargosy scaling iris --json"))
@click.argument("name")
@click.option("--last", default=10, show_default=True, help="How many activities to show.")
@options.data_dir
@options.as_json
def scaling(name: str, last: int, data_dir: str, as_json: bool) -> None:
    """Show what scales the endpoint NAME: ranges, policies, metrics, and the last activities."""
    with plainly():
        report = report_of(session(data_dir).client, name, last)
    if as_json:
        click.echo(json.dumps(report, indent=2, default=str))
        return
    console = console_of()
    for target in report["targets"]:
        console.print(_overview(target))
        console.print(_policies(target))
        console.print(_activities(target))


def _overview(target: dict[str, Any]) -> str:
    text = (
        f"[bold]{target['resource']}[/]  {target['status']}  "
        f"{target['current']} of {target['desired']} wanted, "
        f"between {target['least']} and {target['most']}"
    )
    for name in target["suspended"]:
        text += f"  [yellow]{name}[/]"
    for action in target["scheduled"]:
        text += f"\n  {escape(action['name'])}: {escape(action['schedule'])} ({action['zone']})"
    return text


def _policies(target: dict[str, Any]) -> Any:
    table = _table("policy", "kind", "metric", "target", "alarms")
    for policy in target["policies"]:
        states = (f"{side} {_coloured(state)}" for side, state in policy["alarms"].items())
        table.add_row(
            escape(policy["name"]),
            policy["kind"],
            _figure(policy["metric"]),
            _figure(policy["target"]),
            ", ".join(states),
        )
    if not target["policies"]:
        table.add_row("none")
    return table


def _activities(target: dict[str, Any]) -> Any:
    table = _table("when", "activity", "status", "cause")
    for activity in target["activities"]:
        table.add_row(
            f"{activity['start']:%Y-%m-%d %H:%M:%S}",
            escape(activity["description"]),
            _coloured(activity["status"]) + _reasons(activity),
            escape(activity["cause"]),
        )
    return table


def _table(*headings: str) -> Any:
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    for heading in headings:
        table.add_column(heading, overflow="fold")
    return table


def _reasons(activity: dict[str, Any]) -> str:
    return "".join(f" ({reason})" for reason in activity["not_scaled"])


def _coloured(state: str) -> str:
    colour = _COLOURS.get(state)
    return f"[{colour}]{state}[/]" if colour else state


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
