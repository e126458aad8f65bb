"""The second table of `argosy status`: what acts without anybody at hand. Tuning jobs and pipelines
under way, functions, schedules; of many the first."""

import time
from collections.abc import Callable
from typing import Any

from rich.markup import escape

KINDS = ("tunings", "executions", "functions", "schedules")
_MOST = 20
"""Of a kind are shown; --json has all."""
_NOUNS = {
    "tunings": "tuning",
    "executions": "pipeline",
    "functions": "function",
    "schedules": "schedule",
}


def unattended(report: dict[str, Any]) -> Any:
    """A rich table, or None where there is nothing to show."""
    from rich.table import Table

    if not any(report.get(kind) for kind in KINDS):
        return None
    table = Table(box=None, show_header=False)
    cells: dict[str, Callable[[dict[str, Any]], tuple[str, str]]] = {
        "tunings": _tuning,
        "executions": lambda one: (one["status"], f"{one['seconds']:,.0f} s"),
        "functions": _function,
        "schedules": _schedule,
    }
    for kind, cells_of in cells.items():
        entries = report.get(kind, [])
        for entry in entries[:_MOST]:
            state, more = cells_of(entry)
            name = f"[bold]{escape(entry['name'])}[/]"
            table.add_row(name, f"[cyan]{_NOUNS[kind]}[/]", state, more)
        if len(entries) > _MOST:
            table.add_row(f"[dim]{len(entries) - _MOST} more: --json[/]", _NOUNS[kind])
    return table


def _tuning(job: dict[str, Any]) -> tuple[str, str]:
    most = f" of {job['trials_most']}" if job["trials_most"] else ""
    running = job["trials"] - job["trials_ended"]
    done = f"{job['trials_ended']}{most} trained, {running} under way"
    return str(job["status"]), f"{job['seconds']:,.0f} s, {done}"


def _function(function: dict[str, Any]) -> tuple[str, str]:
    return str(function["runtime"]), f"{function['memory_mb']} MB"


def _schedule(schedule: dict[str, Any]) -> tuple[str, str]:
    if schedule["status"] == "DISABLED":
        due = "[dim]disabled[/]"
    elif schedule["next"] is None:
        due = "[dim]over[/]"
    else:
        due = time.strftime("%Y-%m-%d %H:%M", time.localtime(schedule["next"]))
    return due, escape(schedule["expression"])
