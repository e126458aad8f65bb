"""How far a transform job is: asked of the platform, and drawn as a bar."""

from typing import Any

from argosy.cli.session import Session

ROUTE = "/_argosy/transforms"


def report_of(found: Session, job: str) -> dict[str, Any]:
    """What the platform says of the job; {} when it says nothing yet."""
    jobs = found.get(ROUTE)["transforms"]
    mine = [one for one in jobs if one["name"] == job and one["region"] == found.region]
    return dict(mine[0]) if mine else {}


class Bar:
    """A bar on the terminal for people; silence for programs."""

    def __init__(self, job: str, *, silent: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        self._progress = Progress(
            TextColumn("[bold]{task.description}[/]"),
            BarColumn(),
            TextColumn("{task.fields[told]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=silent or not console.is_terminal,
        )
        self._task = self._progress.add_task(job, total=None, told="starting")

    def __enter__(self) -> "Bar":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, report: dict[str, Any]) -> None:
        """Draw what `report_of` says."""
        if not report:
            return
        listed = report["percent"] is not None
        self._progress.update(
            self._task,
            total=report["bytes_total"] if listed else None,
            completed=report["bytes_done"],
            told=sentence(report),
        )


def sentence(report: dict[str, Any]) -> str:
    """Per cent, rows and rows a second."""
    percent = "" if report["percent"] is None else f"{report['percent']:.0f}% · "
    failed = f" · {report['objects_failed']} objects failed" if report["objects_failed"] else ""
    return f"{percent}{report['rows']:,} rows · {report['rows_per_s']:,.0f} rows/s{failed}"
