"""How far a job is and how fast it goes, from what porters tell. Pure but for what it is told."""

from collections import deque
from typing import Any

from argosy.state.transform_book import Totals
from argosy.state.transform_jobs import Progress

_WINDOW_S = 30.0


class Pace:
    """Rows and bytes a second over the last half minute."""

    def __init__(self) -> None:
        self._marks: deque[tuple[float, int, int]] = deque()

    def mark(self, now: float, progress: Progress) -> None:
        """Note how far the job is at a time; marks within a quarter of a second count as one."""
        mark = (now, progress["rows"], progress["bytes_done"])
        if self._marks and now - self._marks[-1][0] < 0.25 and len(self._marks) > 1:
            self._marks[-1] = (self._marks[-1][0], *mark[1:])
        else:
            self._marks.append(mark)
        while self._marks[0][0] < now - _WINDOW_S and len(self._marks) > 2:
            self._marks.popleft()

    def rates(self, now: float) -> tuple[float, float]:
        """Rows and bytes a second."""
        if len(self._marks) < 2:
            return 0.0, 0.0
        (since, rows, size), (_, last_rows, last_size) = self._marks[0], self._marks[-1]
        seconds = max(now - since, 0.001)
        return (last_rows - rows) / seconds, (last_size - size) / seconds


def progress_of(totals: Totals) -> Progress:
    """A job's progress as its book has it."""
    return {
        "objects": totals.objects,
        "objects_done": totals.done,
        "objects_failed": totals.failed,
        "bytes_total": totals.bytes,
        "bytes_done": totals.bytes_ended,
        "bytes_out": totals.bytes_out,
        "rows": totals.records,
    }


def no_progress() -> Progress:
    """A job of which nothing is known yet."""
    return progress_of(Totals())


def percent_of(progress: Progress, listed: bool) -> float | None:
    """Per cent of the input's bytes that are done; None while the input is not all known."""
    if not listed:
        return None
    if not progress["bytes_total"]:
        return 100.0
    return min(100.0, 100.0 * progress["bytes_done"] / progress["bytes_total"])


def report(progress: Progress, listed: bool, rates: tuple[float, float]) -> dict[str, Any]:
    """What `argosy status` and `argosy transform` show; seconds left are None when unknown."""
    percent = percent_of(progress, listed)
    rows_per_s, bytes_per_s = rates
    left = progress["bytes_total"] - progress["bytes_done"]
    known = percent is not None and bytes_per_s > 0
    return {
        **progress,
        "percent": None if percent is None else round(percent, 1),
        "rows_per_s": round(rows_per_s, 1),
        "bytes_per_s": round(bytes_per_s, 1),
        "seconds_left": round(left / bytes_per_s, 1) if known else None,
    }


def sentence(shown: dict[str, Any]) -> str:
    """The same as a line of the job's log."""
    percent = "…" if shown["percent"] is None else f"{shown['percent']:.1f}%"
    left = "" if shown["seconds_left"] is None else f", about {shown['seconds_left']:.0f} s left"
    failed = f", {shown['objects_failed']} failed" if shown["objects_failed"] else ""
    return (
        f"{percent}: {shown['rows']} rows, {shown['bytes_done']} of {shown['bytes_total']} bytes, "
        f"{shown['objects_done']} of {shown['objects']} objects{failed}; "
        f"{shown['rows_per_s']:.0f} rows/s{left}"
    )
