"""`python -m bench [WHAT]`: measures, shows, writes results."""

import json
import sys
from collections.abc import Callable

import click
from rich.console import Console

from bench import (
    asynchronous,
    batch,
    functions,
    gateway,
    invoke,
    large,
    lifecycle,
    multimodel,
    scaling,
    traffic,
)
from bench.output import draw, write
from bench.peers import NGINX, PEERS, chosen
from bench.processes import Unavailable
from bench.report import Report, as_json, show

_WIDTH = 110


@click.command(epilog="Example: script/bench invoke --peers mosec,nginx --seconds 3")
@click.argument(
    "what",
    type=click.Choice(
        [
            "invoke",
            "lifecycle",
            "large",
            "multimodel",
            "batch",
            "async",
            "traffic",
            "scaling",
            "lambda",
            "gateway",
            "all",
        ]
    ),
    default="invoke",
)
@click.option(
    "--peers",
    default="",
    help=f"Only these, with commas between: {', '.join([*(p.name for p in PEERS), NGINX])}.",
)
@click.option(
    "--seconds",
    type=click.FloatRange(1, 60),
    default=5.0,
    show_default=True,
    help="Length of one load.",
)
@click.option(
    "--repeat",
    type=click.IntRange(1, 20),
    default=5,
    show_default=True,
    help="Repetitions of each step of lifecycle.",
)
@click.option(
    "--rows",
    type=click.IntRange(1000),
    default=2_000_000,
    show_default=True,
    help="Rows of batch's table.",
)
@click.option(
    "--gigabytes",
    type=click.FloatRange(0.1, 20),
    default=2.0,
    show_default=True,
    help="Size of batch's long input.",
)
@click.option(
    "--queued",
    type=click.IntRange(100, 100_000),
    default=10_000,
    show_default=True,
    help="Requests that async drains while workers are killed.",
)
@click.option("--quick", is_flag=True, help="Fewer repetitions of scaling.")
@click.option("--json", "as_data", is_flag=True, help="Print JSON instead of tables.")
def main(
    what: str,
    peers: str,
    seconds: float,
    repeat: int,
    rows: int,
    gigabytes: float,
    queued: int,
    quick: bool,
    as_data: bool,
) -> None:
    """Measure Argosy beside other serving stacks, in one run on this machine."""
    try:
        stacks, with_nginx = chosen(peers)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--peers") from None
    measures: dict[str, Callable[[], list[Report]]] = {
        "invoke": lambda: [invoke.measure(stacks, with_nginx, seconds)],
        "lifecycle": lambda: [lifecycle.measure(repeat)],
        "large": lambda: [large.measure(seconds)],
        "multimodel": lambda: [multimodel.measure(seconds)],
        "batch": lambda: batch.measure(rows, gigabytes),
        "async": lambda: [asynchronous.measure(seconds, queued)],
        "traffic": lambda: [traffic.measure(seconds)],
        "scaling": lambda: scaling.measure(quick),
        "lambda": lambda: [functions.measure(seconds)],
        "gateway": lambda: [gateway.measure(seconds)],
    }
    reports = []
    for name in measures if what == "all" else [what]:
        for report in measures[name]():
            reports.append(report)
            _hand_out(report, quiet=as_data)
    if as_data:
        print(json.dumps([as_json(report) for report in reports], indent=1))


def _hand_out(report: Report, *, quiet: bool) -> None:
    console = Console(stderr=quiet, quiet=quiet)
    if console.width < _WIDTH:
        console = Console(stderr=quiet, quiet=quiet, width=_WIDTH)
    show(report, console)
    written = write(report)
    if report.name == "invoke":
        try:
            written.append(draw(report))
        except Unavailable as error:
            Console(stderr=True).print(f"No plot: {error}")
    console.print("Written: " + ", ".join(str(path) for path in written), soft_wrap=True)


if __name__ == "__main__":
    sys.exit(main())
