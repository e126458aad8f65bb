"""The screen: a line for each step, a bar while it runs, and the closing table."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from .calls import Tally

Note = Callable[[str], None]


class Show:
    """Tells what is going on, and remembers everything that was not as it should be."""

    def __init__(self, steps: int) -> None:
        self.console = Console(highlight=False)
        self.faults: list[str] = []
        self._started = time.monotonic()
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=30),
            TimeElapsedColumn(),
            console=self.console,
            transient=True,
        )
        self._task = self._progress.add_task("", total=steps)

    def __enter__(self) -> "Show":
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._started

    @contextmanager
    def step(self, title: str) -> Iterator[Note]:
        """One step; what is noted stands below its title when it is done."""
        notes: list[str] = []
        faults_before = len(self.faults)
        started = time.monotonic()
        self._progress.update(self._task, description=title)
        yield notes.append
        mark = "[green]✓[/]" if len(self.faults) == faults_before else "[red]✗[/]"
        took = time.monotonic() - started
        self.console.print(f"{mark} {title:<52} {took:5.1f} s")
        self.console.print(f"    [dim]{' · '.join(notes)}[/]", soft_wrap=True)
        self._progress.advance(self._task)

    def require(self, holds: bool, fault: str) -> None:
        """Remember a fault unless the condition holds; the tour ends with exit code 1 then."""
        if not holds:
            self.faults.append(fault)

    def judge(self, tally: Tally) -> str:
        """Note failed and wrong answers as faults; returns a sentence about them.

        Wrong is what differs from the local model's own prediction.
        """
        for answer in tally.failed[:3]:
            self.faults.append(f"row {answer.row} failed: {answer.error}")
        for answer in tally.wrong[:3]:
            self.faults.append(f"row {answer.row}: {answer.variant} answered {answer.digit}")
        failed, wrong = len(tally.failed), len(tally.wrong)
        return f"{len(tally.answers)} calls, {failed} failed, {wrong} wrong"

    def close(self, tallies: dict[str, Tally]) -> None:
        """The closing table, and the faults if there were any."""
        table = Table(title="As the boto3 client saw it", title_justify="left")
        table.add_column("Calls")
        for heading in ("Count", "Failed", "Wrong", "p50 ms", "p99 ms"):
            table.add_column(heading, justify="right")
        for name, tally in tallies.items():
            table.add_row(name, *_figures(tally))
        self.console.print(table)
        for fault in self.faults:
            self.console.print(f"[red]✗[/] {fault}")


def _figures(tally: Tally) -> list[str]:
    counts = [len(tally.answers), len(tally.failed), len(tally.wrong)]
    return [
        *map(str, counts),
        f"{tally.percentile(50):.1f}",
        f"{tally.percentile(99):.1f}",
    ]


def split(tally: Tally) -> str:
    """The traffic split in words."""
    return ", ".join(f"{name} {share:.1%}" for name, share in tally.shares.items())
