"""`argosy loadtest`: how much an endpoint stands, and from how many instances on it needs more."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from argosy.cli import options
from argosy.cli.loadtest_chart import save
from argosy.cli.loadtest_policy import apply, resource_of
from argosy.cli.loadtest_report import Report
from argosy.cli.loadtest_view import View
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError
from argosy.load.engine import Engine
from argosy.load.finding import find
from argosy.load.goal import Goal, parse
from argosy.load.measured import SHARES, Load
from argosy.load.target import Target

_KINDS = {".csv": "text/csv", ".npy": "application/x-npy", ".jsonl": "application/jsonlines"}
_INTERRUPTED = 130
_SECONDS, _SEARCH_SECONDS = 10.0, 120.0


def _rates(context: Any, option: Any, text: str | None) -> tuple[float, ...]:
    """Rates with commas between."""
    try:
        rates = tuple(float(part) for part in (text or "").split(",") if part.strip())
    except ValueError:
        raise click.BadParameter(f"{text!r} is not a list of numbers") from None
    if any(not 0 < rate <= 1e6 for rate in rates):
        raise click.BadParameter("a rate is above 0, and at most a million a second")
    return rates


def _goal(context: Any, option: Any, text: str) -> Goal:
    try:
        return parse(text)
    except ArgosyError as error:
        raise click.BadParameter(str(error)) from None


@click.command(
    epilog=options.example(
        "argosy loadtest iris --payload row.json --rps 50,100,200 --duration 10\n"
        "argosy loadtest iris --payload row.json --find-max --latency 'p99<50ms'\n"
        "argosy loadtest iris --payload row.json --find-max --apply --max-capacity 4"
    )
)
@click.argument("name")
@click.option(
    "--payload",
    "payloads",
    required=True,
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the body of a request; several are sent in turn.",
)
@click.option("--content-type", help="Told by the file's name when left out; else JSON.")
@click.option("--accept", default="", help="Content type wanted for the answers.")
@click.option("--target-variant", default="", help="Load this variant, whatever the weights.")
@click.option("--component", default="", help="Load this inference component.")
@click.option("--target-model", default="", help="The model of a multi-model endpoint to call.")
@click.option(
    "--rps", callback=_rates, metavar="RATE,…", help="Load at these rates, requests a second."
)
@click.option("--find-max", is_flag=True, help="Find the highest rate that keeps --latency.")
@click.option(
    "--latency",
    "goal",
    default="p99<100ms",
    callback=_goal,
    show_default=True,
    help="Latency goal of --find-max, like p99<100ms or p99.9<0.5s.",
)
@click.option(
    "--duration",
    type=click.FloatRange(1, 3600),
    help="Seconds of each rate, 10 when left out; with --find-max of the whole search, 120.",
)
@click.option(
    "--connections",
    type=click.IntRange(1, 10_000),
    default=256,
    show_default=True,
    help="Connections at most; more are opened only when they are needed.",
)
@click.option(
    "--safety-factor",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Share of the highest rate to scale out at.",
)
@click.option("--apply", "applies", is_flag=True, help="Register a scaling policy with the result.")
@click.option(
    "--min-capacity",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="Fewest instances of the policy.",
)
@click.option("--max-capacity", type=click.IntRange(1), help="Most instances; twice those now.")
@click.option(
    "--png", type=click.Path(dir_okay=False, path_type=Path), help="Draw latency against load here."
)
@options.data_dir
@options.as_json
def loadtest(
    name: str,
    payloads: tuple[Path, ...],
    content_type: str | None,
    accept: str,
    target_variant: str,
    component: str,
    target_model: str,
    rps: tuple[float, ...],
    find_max: bool,
    goal: Goal,
    duration: float | None,
    connections: int,
    safety_factor: float,
    applies: bool,
    min_capacity: int,
    max_capacity: int | None,
    png: Path | None,
    data_dir: str,
    as_json: bool,
) -> None:
    """Load the endpoint NAME with real requests, and say how it bears it.

    With --rps requests leave at a constant rate, answered or not, and latencies count from the
    moment each was due. With --find-max the highest such rate is searched for, and what follows
    from it for autoscaling: SageMakerVariantInvocationsPerInstance = MAX_RPS × SAFETY_FACTOR × 60.
    """
    if find_max == bool(rps):
        raise click.UsageError("Give --rps with one or more rates, or --find-max.")
    if applies and not find_max:
        raise click.UsageError("--apply needs --find-max: the policy follows from the result.")
    with plainly():
        here = session(data_dir)
        resource = resource_of(here, name, target_variant, component, alone=find_max)
        report = Report(resource, goal if find_max else None, safety_factor)
        target = _target(
            here,
            endpoint=name,
            payloads=tuple(path.read_bytes() for path in payloads),
            content_type=content_type or _content_type(payloads[0]),
            accept=accept,
            variant=target_variant,
            component=component,
            model=target_model,
        )
        loads = _loads(rps, duration or _SECONDS, connections, goal)
        view = View(report, quiet=as_json)
        seconds = duration or _SEARCH_SECONDS
        stopped = _run(target, view, goal if find_max else None, loads, seconds, connections)
        report.close(resource_of(here, name, target_variant, component, alone=False))
        if applies and not stopped:
            report.policy = apply(here, resource, report.target_value, min_capacity, max_capacity)
    _hand_out(report, view, png, as_json)
    if stopped:
        sys.exit(_INTERRUPTED)


def _run(
    target: Target,
    view: View,
    goal: Goal | None,
    loads: list[Load],
    limit_s: float,
    connections: int,
) -> bool:
    """Do the work; True when it was stopped by Ctrl-C, with what had been measured until then."""
    try:
        with Engine(target) as engine, view:
            if goal is not None:
                view.report.found = find(
                    engine,
                    goal,
                    limit_s=limit_s,
                    connections=connections,
                    on_trial=view.trial,
                    on_second=view.second,
                )
                return False
            for load in loads:
                view.load(engine.run(load, view.second))
    except KeyboardInterrupt:
        return True
    return False


def _target(here: Session, **asked: Any) -> Target:
    return Target(
        url=here.url,
        region=here.region,
        access_key_id=here.access_key_id,
        secret_access_key=here.secret_access_key,
        ca_bundle=here.ca_bundle,
        **asked,
    )


def _loads(rates: tuple[float, ...], seconds: float, connections: int, goal: Goal) -> list[Load]:
    shares = tuple(sorted({*SHARES, goal.share}))
    return [
        Load(rate=rate, seconds=seconds, connections=connections, shares=shares) for rate in rates
    ]


def _content_type(file: Path) -> str:
    return _KINDS.get(file.suffix, "application/json")


def _hand_out(report: Report, view: View, png: Path | None, as_json: bool) -> None:
    show: Callable[[], None] = view.close
    if as_json:
        click.echo(json.dumps(report.as_json(), indent=1))
    else:
        show()
    if png is not None and report.points():
        save(report.points(), report.goal, report.max_rate, f"{report.resource}", png)
        if not as_json:
            click.echo(f"Drawn: {png}")
