"""Puts measurements on the screen, into Markdown and into JSON: the same rows everywhere."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from bench.results import CONNECTIONS, Measured, Verdict, against


@dataclass(frozen=True, kw_only=True)
class Report:
    """A table with a title, notes under it, and the targets it speaks to."""

    name: str
    """Stem of the files in bench/results."""
    title: str
    machine: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...] = ()
    verdicts: tuple[Verdict, ...] = ()
    figures: object = field(default=None)
    """The raw figures, for JSON and the plot; plain data."""


def invoke_rows(stacks: Sequence[Measured], headline: Measured) -> list[tuple[str, ...]]:
    """Stack, connections, requests/s, p50, p99, our multiple of it; or the reason there is none."""
    rows: list[tuple[str, ...]] = []
    for stack in stacks:
        if stack.reason:
            rows.append((stack.title, "-", "-", "-", "-", stack.reason))
        rows += [_invoke_row(stack, headline, c) for c in CONNECTIONS if stack.at(c)]
    return rows


def _invoke_row(stack: Measured, headline: Measured, connections: int) -> tuple[str, ...]:
    load = stack.at(connections)
    assert load is not None
    multiple = against(headline, stack, connections)
    remark = "-" if multiple is None else f"{multiple:.2f}×"
    if load.failed:
        remark += f" ({load.failed} failed)"
    return (
        stack.title,
        str(connections),
        f"{load.per_second:,.0f}",
        milliseconds(load.p50_us),
        milliseconds(load.p99_us),
        remark,
    )


def milliseconds(microseconds: float) -> str:
    return f"{microseconds / 1000:.2f} ms"


def show(report: Report, console: Console) -> None:
    """Print the table, its notes and its targets."""
    table = Table(title=report.title, caption=report.machine, title_style="bold")
    for index, column in enumerate(report.columns):
        table.add_column(column, justify="left" if index == 0 else "right")
    previous = ""
    for row in report.rows:
        first = "" if row[0] == previous else row[0]
        if first and previous:
            table.add_section()
        table.add_row(first, *row[1:])
        previous = row[0]
    console.print(table)
    for note in report.notes:
        console.print(f"[dim]{note}[/dim]", highlight=False)
    for verdict in report.verdicts:
        colour = {True: "green", False: "red", None: "yellow"}[verdict.passed]
        line = f"[{colour}]{verdict.word:>12}[/{colour}]  {verdict.target}: {verdict.got}"
        console.print(line, highlight=False, soft_wrap=True)


def markdown(report: Report) -> str:
    """The report as a Markdown page."""
    lines = [f"# {report.title}", "", report.machine, ""]
    lines += _markdown_table(report.columns, report.rows)
    for note in report.notes:
        lines += ["", note]
    if report.verdicts:
        lines += ["", "## Targets", ""]
        verdicts = [(v.target, v.got, v.word) for v in report.verdicts]
        lines += _markdown_table(("target", "measured", ""), verdicts)
    return "\n".join(lines) + "\n"


def _markdown_table(columns: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return ["| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines]


def as_json(report: Report) -> dict[str, object]:
    """The report as plain data."""
    return {
        "name": report.name,
        "title": report.title,
        "machine": report.machine,
        "figures": report.figures,
        "targets": [
            {"target": v.target, "measured": v.got, "passed": v.passed} for v in report.verdicts
        ],
    }
