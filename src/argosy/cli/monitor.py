"""`argosy monitor`: what watches an endpoint's data, the latest runs, and what they found."""

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape

from argosy.cli import options
from argosy.cli.session import Session, plainly, session
from argosy.ground.errors import ArgosyError

_COLOURS = {
    "Scheduled": "green",
    "Completed": "green",
    "CompletedWithViolations": "yellow",
    "Failed": "red",
}
_WIDTH_OF_A_PIPE = 160
_MOST = 100
_ENDED = ("Completed", "CompletedWithViolations")


@click.command(epilog=options.example("argosy monitor iris\nargosy monitor iris --html drift.html"))
@click.argument("endpoint")
@click.option(
    "--runs",
    default=5,
    show_default=True,
    type=click.IntRange(1, _MOST),
    help="How many of a schedule's latest runs to show.",
)
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a page with the distributions of each schedule's latest run to this file.",
)
@options.data_dir
@options.as_json
def monitor(endpoint: str, runs: int, html: Path | None, data_dir: str, as_json: bool) -> None:
    """Show the monitoring schedules of ENDPOINT, their latest runs, and the violations of the
    last run that came to a result.

    What is computed, and how to begin: docs/model-monitor.md.
    """
    found = session(data_dir)
    with plainly():
        report = gathered(found, endpoint, runs)
    if html is not None:
        from argosy.cli.monitor_page import page

        html.write_text(page(report))
        click.echo(f"Written to {html}.")
    elif as_json:
        click.echo(json.dumps(report, indent=2, default=str))
    else:
        _print(report)


def gathered(found: Session, endpoint: str, runs: int) -> dict[str, Any]:
    """{"endpoint", "schedules": [{"name", "status", "expression", "reason", "runs", "violations",
    "statistics"}]}; raises ArgosyError when nothing watches the endpoint."""
    sagemaker = found.client("sagemaker")
    listed = sagemaker.list_monitoring_schedules(EndpointName=endpoint)
    names = [one["MonitoringScheduleName"] for one in listed["MonitoringScheduleSummaries"]]
    if not names:
        sagemaker.describe_endpoint(EndpointName=endpoint)
        raise ArgosyError(
            f"No monitoring schedule watches {endpoint}; docs/model-monitor.md says how to make "
            "one."
        )
    schedules = [_schedule(found, sagemaker, name, runs) for name in names]
    return {"endpoint": endpoint, "schedules": schedules}


def _schedule(found: Session, sagemaker: Any, name: str, runs: int) -> dict[str, Any]:
    described = sagemaker.describe_monitoring_schedule(MonitoringScheduleName=name)
    config = described["MonitoringScheduleConfig"].get("ScheduleConfig") or {}
    executions = sagemaker.list_monitoring_executions(
        MonitoringScheduleName=name, MaxResults=_MOST
    )["MonitoringExecutionSummaries"]
    ended = [one for one in executions if one["MonitoringExecutionStatus"] in _ENDED]
    files = _files(found, sagemaker, ended[0]) if ended else {}
    return {
        "name": name,
        "status": described["MonitoringScheduleStatus"],
        "expression": config.get("ScheduleExpression", ""),
        "reason": described.get("FailureReason", ""),
        "runs": [_run(one) for one in executions[:runs]],
        "violations": files.get("constraint_violations", {}).get("violations", []),
        "statistics": files.get("statistics", {}),
    }


def _run(execution: dict[str, Any]) -> dict[str, Any]:
    job = execution.get("ProcessingJobArn", "").rpartition("/")[2]
    return {
        "scheduled": execution["ScheduledTime"].isoformat(timespec="minutes"),
        "status": execution["MonitoringExecutionStatus"],
        "reason": execution.get("FailureReason", ""),
        "job": job,
    }


def _files(found: Session, sagemaker: Any, execution: dict[str, Any]) -> dict[str, Any]:
    """What the run wrote, by the names of the files; a file that is gone is left out."""
    job = execution["ProcessingJobArn"].rpartition("/")[2]
    described = sagemaker.describe_processing_job(ProcessingJobName=job)
    place = described["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    bucket, _, prefix = place.removeprefix("s3://").partition("/")
    s3 = found.client("s3", s3={"addressing_style": "path"})
    read: dict[str, Any] = {}
    for name in ("constraint_violations", "statistics"):
        try:
            answer = s3.get_object(Bucket=bucket, Key=f"{prefix.rstrip('/')}/{name}.json")
        except s3.exceptions.NoSuchKey:
            continue
        read[name] = json.loads(answer["Body"].read())
    return read


def _print(report: dict[str, Any]) -> None:
    from rich.console import Console

    # A pipe has no edge: nothing that a script might look for is cut short there.
    console = Console(width=None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE)
    for schedule in report["schedules"]:
        console.print(_heading(schedule))
        console.print(_runs(schedule["runs"]))
        if schedule["violations"]:
            console.print(_violations(schedule["violations"]))
        elif any(run["status"] == "Completed" for run in schedule["runs"]):
            console.print("[green]No violations.[/green]")


def _heading(schedule: dict[str, Any]) -> str:
    reason = f": {escape(schedule['reason'])}" if schedule["reason"] else ""
    return (
        f"[bold]{escape(schedule['name'])}[/bold] · {escape(schedule['expression'])} · "
        f"{_coloured(schedule['status'])}{reason}"
    )


def _runs(runs: list[dict[str, Any]]) -> Any:
    from rich.table import Table

    table = Table(box=None)
    for heading in ("time", "status", "job or reason"):
        table.add_column(heading, no_wrap=heading != "job or reason")
    for run in runs:
        told = escape(run["reason"] or run["job"])
        table.add_row(run["scheduled"], _coloured(run["status"]), told)
    if not runs:
        table.add_row("-", "has not run yet", "")
    return table


def _violations(violations: list[dict[str, str]]) -> Any:
    from rich.table import Table

    table = Table(box=None, title=f"{len(violations)} violations", title_justify="left")
    for heading in ("feature", "check", "what was found"):
        table.add_column(heading)
    for one in violations:
        table.add_row(
            escape(one["feature_name"]), one["constraint_check_type"], escape(one["description"])
        )
    return table


def _coloured(status: str) -> str:
    colour = _COLOURS.get(status)
    return f"[{colour}]{status}[/{colour}]" if colour else status
