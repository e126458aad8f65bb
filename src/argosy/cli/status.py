"""`argosy status`: every endpoint, its variants and their instances, at a glance."""

import json
import time
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError

_PERIOD_S = 2.0
_COLOURS = {"InService": "green", "Failed": "red"}


@click.command(epilog=options.example("argosy status\nargosy status iris --watch"))
@click.argument("name", required=False)
@click.option("--watch", is_flag=True, help="Show it again every two seconds, until Ctrl-C.")
@options.data_dir
@options.as_json
def status(name: str | None, watch: bool, data_dir: str, as_json: bool) -> None:
    """Show endpoints with weights, instances, zones, health, requests per second and latencies.

    With NAME, only that endpoint. Figures are those of the last 15 seconds.
    """
    found = session(data_dir)
    if as_json:
        click.echo(json.dumps(_report(found, name), indent=2))
    elif watch:
        _watch(found, name)
    else:
        _console().print(render(_report(found, name), found.url))


def _report(found: Session, name: str | None) -> dict[str, Any]:
    with plainly():
        report: dict[str, Any] = found.get("/_argosy/status")
    if name is not None:
        report["endpoints"] = [e for e in report["endpoints"] if e["name"] == name]
        if not report["endpoints"]:
            raise ArgosyError(f"There is no endpoint {name}.")
    return report


def _watch(found: Session, name: str | None) -> None:
    from rich.live import Live

    try:
        with Live(console=_console(), auto_refresh=False) as live:
            while True:
                live.update(render(_report(found, name), found.url), refresh=True)
                time.sleep(_PERIOD_S)
    except KeyboardInterrupt:
        pass


def _console() -> Any:
    from rich.console import Console

    return Console()


def render(report: dict[str, Any], url: str) -> Any:
    """The report as a rich table: endpoints, below them variants, below those instances."""
    from rich.table import Table

    table = Table(title=f"{url} · {report['instances']} instances", title_justify="left", box=None)
    table.add_column("endpoint", no_wrap=True)
    table.add_column("health", no_wrap=True)
    for heading in ("weight", "instances", "req/s", "p50", "p99"):
        table.add_column(heading, justify="right", no_wrap=True)
    for endpoint in report["endpoints"]:
        _add_endpoint(table, endpoint)
    if not report["endpoints"]:
        table.add_row("none yet: argosy deploy MODEL --name NAME")
    return table


def _add_endpoint(table: Any, endpoint: dict[str, Any]) -> None:
    colour = _COLOURS.get(endpoint["status"], "yellow")
    table.add_row(f"[bold]{endpoint['name']}[/]", f"[{colour}]{endpoint['status']}[/]")
    if endpoint["failure_reason"]:
        table.add_row(f"  [red]{escape(endpoint['failure_reason'].splitlines()[0])}[/]")
    for variant in endpoint["variants"]:
        table.add_row(f"  {variant['name']}", *_variant_cells(variant))
        for instance in variant["fleet"]:
            where = f"    [dim]{instance['id']} {instance['zone']}[/]"
            table.add_row(where, f"[dim]{instance['phase']}[/]")


def _variant_cells(variant: dict[str, Any]) -> list[str]:
    serving, wanted = variant["instances"], variant["desired_instances"]
    return [
        "healthy" if serving >= wanted else f"[red]{wanted - serving} missing[/]",
        f"{variant['weight']:g}",
        f"{serving}/{wanted}",
        f"{variant['requests_per_s']:.1f}",
        _milliseconds(variant["p50_ms"]),
        _milliseconds(variant["p99_ms"]),
    ]


def _milliseconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f} ms"
