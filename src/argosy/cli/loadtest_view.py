"""The load test as people see it: a line for each load, a chart, and what follows."""

from typing import Any

from rich.console import Console
from rich.status import Status

from argosy.cli.loadtest_chart import chart
from argosy.cli.loadtest_report import Report
from argosy.load.measured import Measured
from argosy.load.search import Trial

_SHOWN = ["50", "90", "99", "99.9"]


class View:
    """Prints while the test runs; says nothing when it is `quiet`."""

    def __init__(self, report: Report, *, quiet: bool) -> None:
        self.report = report
        self._console = Console(quiet=quiet, highlight=False)
        self._status: Status | None = None

    def __enter__(self) -> "View":
        resource = self.report.resource
        goal = f", goal {self.report.goal}" if self.report.goal else ""
        many = f"{resource.instances} {resource.noun}{'s' if resource.instances != 1 else ''}"
        self._console.print(f"Loading {resource} ({many}{goal}). Ctrl-C stops.")
        self._status = self._console.status("finding out how fast it is …")
        self._status.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._status is not None:
            self._status.stop()

    def second(self, told: dict[str, Any]) -> None:
        """What the last second was like."""
        if self._status is None:
            return
        p99 = "–" if told["p99"] is None else f"{told['p99']:.1f} ms"
        failed = f", {told['failed']} failed" if told["failed"] else ""
        self._status.update(f"{told['requests']} answers in this second, p99 {p99}{failed}")

    def trial(self, trial: Trial, measured: Measured) -> None:
        """One step of a search is over."""
        goal = self.report.goal
        assert goal is not None
        kept = "[green]kept again[/green]" if trial.confirms else "[green]kept[/green]"
        why_not = goal.why_not(measured)
        self._line(measured, f"[red]over: {why_not}[/red]" if why_not else kept)
        self._say_error(measured)

    def load(self, measured: Measured) -> None:
        """One constant load is over."""
        failed = f"[red]{measured.failed} failed[/red]" if measured.failed else ""
        self._line(measured, failed)
        self._say_error(measured)

    def _say_error(self, measured: Measured) -> None:
        if measured.error_text:
            kinds = ", ".join(f"{kind}: {count}" for kind, count in measured.errors.items())
            self._console.print(f"    {kinds}. {measured.error_text}", markup=False)

    def _line(self, measured: Measured, mark: str) -> None:
        self.report.measured.append(measured)
        shares = ["50", f"{goal.share:g}"] if (goal := self.report.goal) else _SHOWN
        told = [f"p{name} {measured.latency_ms[name]:,.1f}" for name in shares]
        self._console.print(f"{measured.offered:>10,.1f}/s  {'  '.join(told)} ms  {mark}")

    def close(self) -> None:
        """The chart, and what follows."""
        report, console = self.report, self._console
        points = report.points()
        if len(points) > 1:
            limit = report.goal.limit_ms if report.goal else None
            console.print()
            for line in chart(points, limit, width=min(console.width, 78)):
                console.print(line, markup=False)
        if report.found is not None:
            self._say_found()
        for caveat in report.caveats():
            console.print(f"[yellow]{caveat}[/yellow]")

    def _say_found(self) -> None:
        report, console = self.report, self._console
        goal, resource = report.goal, report.resource
        console.print()
        if not report.max_rate:
            console.print(f"No rate kept {goal}.")
            return
        console.print(
            f"MAX_RPS = {report.per_instance:.1f} requests a second and {resource.noun} at {goal}"
            f" ({report.max_rate:.1f} over {max(1, resource.instances)})"
        )
        console.print(report.formula(), markup=False)
        if report.policy:
            policy = report.policy
            console.print(
                f"Registered {policy['PolicyName']} for {policy['ResourceId']}: "
                f"{policy['MinCapacity']} to {policy['MaxCapacity']}."
            )
