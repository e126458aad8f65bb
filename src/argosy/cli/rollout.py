"""`argosy rollout`: move an endpoint to another config step by step, and watch it.

The platform carries it out; this command only asks for it and shows it. Whether it still runs makes
no difference.
"""

import json
import re
import sys
import time
from typing import Any

import click

from argosy.cli import options
from argosy.cli.rollout_view import Display
from argosy.cli.session import Session, plainly, session
from argosy.ground import guards
from argosy.ground.errors import ArgosyError

_ROUTE = "/_argosy/rollouts"
_PERIOD_S = 0.5
_PATIENCE_S = 30.0
"""The platform may be starting again; the update goes on when it is back."""
_INTERRUPTED = 130
_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@click.command(
    epilog=options.example(
        "argosy rollout iris --to iris-2 --canary 5,25,50,100 --every 5m --guard 'p99<100ms,5xx<1%'"
        "\nargosy rollout iris --status\nargosy rollout iris --rollback"
    )
)
@click.argument("endpoint")
@click.option("--to", "config", metavar="CONFIG", help="The endpoint config to move to.")
@click.option(
    "--canary",
    default="5,25,50,100",
    show_default=True,
    metavar="PERCENTS",
    help="Shares of the traffic, one after another.",
)
@click.option(
    "--every", default="5m", show_default=True, help="How long a step lasts: 30s, 5m, 1h."
)
@click.option(
    "--guard",
    default="",
    metavar="GUARDS",
    help="What must hold of the new version, else it is rolled back: p50, p90, p99, avg in us, ms "
    "or s; 4xx, 5xx, errors in %; calls>=N: from how many calls on it is judged (20).",
)
@click.option("--status", "show", is_flag=True, help="Show the update that is under way.")
@click.option("--rollback", is_flag=True, help="Turn the update that is under way back.")
@options.data_dir
@options.as_json
def rollout(
    endpoint: str,
    config: str | None,
    canary: str,
    every: str,
    guard: str,
    show: bool,
    rollback: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """Move ENDPOINT to another endpoint config, step by step, with guards.

    Control carries it out, also when this command ends: Ctrl-C only stops watching. A guard that is
    violated, or instances that die, give all traffic back to the old version.
    """
    if sum((config is not None, show, rollback)) != 1:
        raise click.UsageError("Give one of --to CONFIG, --status and --rollback.")
    found = session(data_dir)
    if show:
        _show(found, endpoint, as_json)
        return
    if rollback:
        _turn_back(found, endpoint)
    else:
        guards.parse(guard)
        asked = {"config": config, "percents": percents(canary), "every_s": seconds(every)}
        _ask(found, "POST", {"endpoint": endpoint, **asked, "guards": guard})
    _follow(found, endpoint, config, as_json)


def percents(text: str) -> list[float]:
    """The numbers of a list like 5,25,50,100; raises ArgosyError."""
    try:
        return [float(part.strip().removesuffix("%")) for part in text.split(",")]
    except ValueError:
        raise ArgosyError(f"--canary {text}: give percents, like 5,25,50,100.") from None


def seconds(text: str) -> float:
    """The length of a step like 90, 90s, 5m or 1.5h; raises ArgosyError."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([smh]?)", text.strip().lower())
    if match is None:
        raise ArgosyError(f"--every {text}: give a time like 30s, 5m or 1h.")
    return float(match.group(1)) * _SECONDS[match.group(2)]


def _ask(found: Session, method: str, body: dict[str, Any]) -> dict[str, Any]:
    with plainly():
        answer: dict[str, Any] = found.ask(method, _ROUTE, {"region": found.region, **body})
    return answer


def _report(found: Session, endpoint: str) -> dict[str, Any]:
    """What `argosy status` knows of the endpoint; waits for a control that is away."""
    until = time.monotonic() + _PATIENCE_S
    while True:
        try:
            with plainly():
                report = found.get("/_argosy/status")
            break
        except ArgosyError:
            if time.monotonic() > until:
                raise
            time.sleep(_PERIOD_S)
    for one in report["endpoints"]:
        if (one["name"], one["region"]) == (endpoint, found.region):
            return dict(one)
    raise ArgosyError(f"There is no endpoint {endpoint}.")


def _show(found: Session, endpoint: str, as_json: bool) -> None:
    report = _report(found, endpoint)
    if as_json:
        click.echo(json.dumps(_told(report)))
        return
    with Display(endpoint) as display:
        display.show(report)


def _turn_back(found: Session, endpoint: str) -> None:
    reason = "It was rolled back by hand (argosy rollout --rollback)."
    config = _ask(found, "DELETE", {"endpoint": endpoint, "reason": reason})["config"]
    click.echo(f"{endpoint} goes back to {config}.", err=True)


def _follow(found: Session, endpoint: str, config: str | None, as_json: bool) -> None:
    """Show the update until it is over; raises ArgosyError when it was rolled back, unless that
    was what was asked for (`config` is None then)."""
    try:
        report = _watch(found, endpoint, as_json)
    except KeyboardInterrupt:
        click.echo(
            f"\nThe update goes on. Look at it: argosy rollout {endpoint} --status; turn it back: "
            f"argosy rollout {endpoint} --rollback",
            err=True,
        )
        sys.exit(_INTERRUPTED)
    if config is not None and report["config"] != config:
        reason = report["failure_reason"] or f"Its status is {report['status']}."
        raise ArgosyError(f"{endpoint} serves {report['config']} as before. {reason}")
    if not as_json:
        click.echo(f"{endpoint} serves {report['config']}.")


def _watch(found: Session, endpoint: str, as_json: bool) -> dict[str, Any]:
    """Draw, or print a line of JSON for each change; returns the last report."""
    before = ""
    with Display(endpoint, silent=as_json) as display:
        while True:
            report = _report(found, endpoint)
            told = _told(report)
            line = json.dumps({k: v for k, v in told.items() if k not in ("measured", "left_s")})
            if as_json and line != before:
                click.echo(json.dumps(told))
            before = line
            display.show(report)
            if not report.get("deployment"):
                return report
            time.sleep(_PERIOD_S)


def _told(report: dict[str, Any]) -> dict[str, Any]:
    """For programs: the endpoint, and its update's members if there is one."""
    kept = {name: report[name] for name in ("name", "status", "config", "failure_reason")}
    return {**kept, **(report.get("deployment") or {})}
