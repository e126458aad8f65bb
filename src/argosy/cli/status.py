"""`argosy status`: every endpoint with its variants and instances, jobs, machines, functions and
schedules, at a glance."""

import json
import sys
import time
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.session import Session, plainly, session
from argosy.cli.status_unattended import KINDS, unattended
from argosy.ground.errors import ArgosyError

_PERIOD_S = 2.0
_WIDTH_OF_A_PIPE = 160
_COLOURS = {"InService": "green", "Failed": "red"}
_OTHERS = ("transforms", "trainings", "processings", "machines", *KINDS)


@click.command(epilog=options.example("argosy status\nargosy status iris --watch"))
@click.argument("name", required=False)
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@options.data_dir
@options.as_json
def status(name: str | None, watch: bool, data_dir: str, as_json: bool) -> None:
    """Show endpoints with weights, instances, zones, health, requests per second and latencies;
    jobs and pipelines that are under way; notebook and EC2 instances; functions and schedules.

    With NAME, only what is called so. Figures are those of the last 15 seconds, times are this
    machine's.
    """
    found = session(data_dir)
    if as_json:
        click.echo(json.dumps(_report(found, name), indent=2))
    elif watch:
        _watch(found, name)
    else:
        console_of().print(render(_report(found, name), found.url))


def _report(found: Session, name: str | None) -> dict[str, Any]:
    with plainly():
        report: dict[str, Any] = found.get("/_argosy/status")
    if name is not None:
        shown = ("endpoints", *_OTHERS)
        report |= {kind: [e for e in report[kind] if e["name"] == name] for kind in shown}
        if not any(report[kind] for kind in shown):
            raise ArgosyError(
                f"There is no endpoint {name}, and no job that is under way, machine, function or "
                "schedule of that name."
            )
    return report


def _watch(found: Session, name: str | None) -> None:
    from rich.live import Live

    try:
        with Live(console=console_of(), auto_refresh=False) as live:
            while True:
                live.update(render(_report(found, name), found.url), refresh=True)
                time.sleep(_PERIOD_S)
    except KeyboardInterrupt:
        pass


def console_of() -> Any:
    from rich.console import Console

    # A pipe has no edge: nothing that a script might look for is cut short there.
    return Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)


def render(report: dict[str, Any], url: str) -> Any:
    """The report as rich tables: endpoints, below them variants, below those instances; then jobs
    and machines, then what acts by itself."""
    from rich.console import Group
    from rich.table import Table

    table = Table(title=f"{url} · {report['instances']} instances", title_justify="left", box=None)
    table.add_column("endpoint", no_wrap=True)
    table.add_column("health", no_wrap=True)
    for heading in ("weight", "instances", "req/s", "p50 ms", "p99 ms"):
        table.add_column(heading, justify="right", no_wrap=True)
    for endpoint in report["endpoints"]:
        _add_endpoint(table, endpoint)
    for job in report.get("transforms", []):
        _add_transform(table, job)
    for job in report.get("trainings", []):
        _add_training(table, job)
    for job in report.get("processings", []):
        _add_processing(table, job)
    for machine in report.get("machines", []):
        colour = _COLOURS.get(machine["status"], "green" if machine["agent_pid"] else "dim")
        kind = machine["kind"].partition("-")[0]
        table.add_row(f"[bold]{machine['name']}[/]", f"[{colour}]{machine['status']}[/]", kind)
    if not any(report.get(name) for name in ("endpoints", *_OTHERS)):
        table.add_row("none yet: argosy deploy MODEL --name NAME")
    second = unattended(report)
    return Group(table, second) if second else table


def _add_endpoint(table: Any, endpoint: dict[str, Any]) -> None:
    colour = _COLOURS.get(endpoint["status"], "yellow")
    table.add_row(f"[bold]{endpoint['name']}[/]", f"[{colour}]{endpoint['status']}[/]")
    _add_reason(table, endpoint["failure_reason"])
    if deployment := endpoint.get("deployment"):
        where = f"  {100 * deployment['share']:g} % → {escape(deployment['to'])}"
        table.add_row(where, f"[yellow]{deployment['phase']}[/]")
    for variant in endpoint["variants"]:
        shadow = " [dim](shadow)[/]" if variant.get("shadow") else ""
        table.add_row(f"  {variant['name']}{shadow}", *_variant_cells(variant))
        _add_reason(table, variant.get("failure_reason"))
        for instance in variant["fleet"]:
            cells = f"    {instance['id']}", instance["phase"], "", instance["zone"]
            table.add_row(*(f"[dim]{cell}[/]" for cell in cells))


def _add_transform(table: Any, job: dict[str, Any]) -> None:
    """A transform job that is under way; its rows stand where requests do."""
    table.add_row(f"[bold]{job['name']}[/]", "[yellow]transform[/]")
    percent = "listing" if job["percent"] is None else f"{job['percent']:.0f}%"
    state = percent if job["status"] == "InProgress" else job["status"]
    table.add_row(f"  {job['rows']:,} rows", state, "", "", _figure(job["rows_per_s"], 1))
    if job["objects_failed"]:
        _add_reason(table, f"{job['objects_failed']} objects failed")


def _add_training(table: Any, job: dict[str, Any]) -> None:
    """A training job that is under way, with the last values of its metrics."""
    table.add_row(f"[bold]{job['name']}[/]", "[yellow]training[/]")
    stage = job["secondary_status"]
    table.add_row(f"  {job['seconds']:,.0f} s", stage, "", str(job["instances"]))
    if stage == "Pending":
        table.add_row(f"  [dim]{escape(job['message'])}[/]")
    for name, value in job["metrics"].items():
        table.add_row(f"  [dim]{escape(name)} {value:g}[/]")


def _add_processing(table: Any, job: dict[str, Any]) -> None:
    """A processing job that is under way; 0 s while it waits."""
    table.add_row(f"[bold]{job['name']}[/]", "[yellow]processing[/]")
    table.add_row(f"  {job['seconds']:,.0f} s", job["status"], "", str(job["instances"]))


def _add_reason(table: Any, reason: str | None) -> None:
    """The first line of why an endpoint, or an inference component, is not what was asked for."""
    if reason:
        table.add_row(f"  [red]{escape(reason.splitlines()[0])}[/]")


def _variant_cells(variant: dict[str, Any]) -> list[str]:
    serving, wanted = variant["instances"], variant["desired_instances"]
    return [
        "healthy" if serving >= wanted else f"[red]{wanted - serving} missing[/]",
        f"{variant['weight']:g}",
        f"{serving}/{wanted}",
        _figure(variant["requests_per_s"], 1),
        _figure(variant["p50_ms"], 2),
        _figure(variant["p99_ms"], 2),
    ]


def _figure(value: float | None, decimals: int) -> str:
    if value is None:
        return "-"
    return f"{value:.{decimals if value < 100 else 0}f}"
