"""What is being measured just now, on stderr."""

import contextlib
from collections.abc import Iterator

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn


class Steps:
    """Counts steps and names the present one."""

    def __init__(self, progress: Progress, total: int) -> None:
        self._progress = progress
        self._task = progress.add_task("", total=total)

    def now(self, what: str) -> None:
        self._progress.update(self._task, description=what)

    def done(self, steps: int = 1) -> None:
        self._progress.advance(self._task, steps)


@contextlib.contextmanager
def steps(total: int) -> Iterator[Steps]:
    """A progress line that goes away when the block ends."""
    columns = (
        SpinnerColumn(),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield Steps(progress, total)
