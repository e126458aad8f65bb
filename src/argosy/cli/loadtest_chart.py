"""Latency against load: as lines of text, and as a PNG by matplotlib where that is installed."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from argosy.ground.errors import ArgosyError
from argosy.load.goal import Goal

_ROWS = 12
_LABEL = 10
_LINEAR_UP_TO = 8.0


@dataclass(frozen=True)
class Point:
    """One load: requests a second, the median and the high percentile in ms."""

    rate: float
    p50_ms: float
    high_ms: float
    good: bool


@dataclass(frozen=True)
class _Axis:
    """From values to cells; by logarithm where values differ by much."""

    low: float
    high: float
    cells: int

    @property
    def logarithmic(self) -> bool:
        return self.high / self.low > _LINEAR_UP_TO

    def place(self, value: float) -> int:
        low, high, at = self.low, self.high, min(max(value, self.low), self.high)
        if self.logarithmic:
            low, high, at = math.log(low), math.log(high), math.log(at)
        return round((at - low) / (high - low) * (self.cells - 1)) if high > low else 0

    def value(self, cell: int) -> float:
        share = cell / (self.cells - 1)
        if self.logarithmic:
            return float(self.low * (self.high / self.low) ** share)
        return self.low + (self.high - self.low) * share


def chart(points: Sequence[Point], limit_ms: float | None, *, width: int = 78) -> list[str]:
    """Lines of a chart: ● the high percentile of a load that was fine, × of one that was not, · the
    median, a line at the limit."""
    columns = max(20, width - _LABEL - 2)
    across = _Axis(min(p.rate for p in points), max(p.rate for p in points), columns)
    heights = [max(1e-3, ms) for p in points for ms in (p.p50_ms, p.high_ms)]
    heights += [limit_ms] if limit_ms else []
    up = _Axis(min(heights), max(heights), _ROWS)
    grid = [[" "] * columns for _ in range(_ROWS)]
    if limit_ms:
        grid[up.place(limit_ms)] = ["┄"] * columns
    for point in points:
        grid[up.place(point.p50_ms)][across.place(point.rate)] = "·"
    for point in points:
        mark = "●" if point.good else "×"
        grid[up.place(point.high_ms)][across.place(point.rate)] = mark
    rows = [f"{_label(up, row):>{_LABEL}} ┤{''.join(grid[row])}" for row in reversed(range(_ROWS))]
    first, last = _number(across.low), f"{_number(across.high)} requests/s"
    return [
        *(row.rstrip() for row in rows),
        " " * (_LABEL + 1) + "└" + "─" * columns,
        " " * (_LABEL + 2) + first + " " * (columns - len(first) - len(last)) + last,
        " " * (_LABEL + 2) + "● high percentile  × over the goal or failed  · median",
    ]


def _label(up: _Axis, row: int) -> str:
    return f"{_number(up.value(row))} ms" if row % 3 == 0 or row == up.cells - 1 else ""


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def save(
    points: Sequence[Point], goal: Goal | None, max_rate: float, title: str, path: Path
) -> None:
    """Draw the same as a PNG; points by ascending load.

    Raises ArgosyError without matplotlib, or where nothing can be written.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError:
        raise ArgosyError(
            "--png needs matplotlib: pip install 'argosy[plots]', or leave --png out."
        ) from None
    figure = Figure(figsize=(8, 5), dpi=144, layout="constrained")
    axes = figure.subplots()
    share = f"p{goal.share:g}" if goal else "p99"
    good = [p for p in points if p.good]
    bad = [p for p in points if not p.good]
    fine = [p.rate for p in good]
    axes.plot(fine, [p.p50_ms for p in good], "o-", color="#6baed6", label="p50")
    axes.plot(fine, [p.high_ms for p in good], "o-", color="#08519c", label=share)
    if bad:
        label = f"{share}, over the goal or failed"
        heights = [p.high_ms for p in bad]
        axes.plot([p.rate for p in bad], heights, "x", color="#cb181d", label=label)
    if goal:
        axes.axhline(goal.limit_ms, color="#cb181d", linestyle="--", linewidth=1, label=str(goal))
    if max_rate:
        text = f"highest rate: {_number(max_rate)}/s"
        axes.axvline(max_rate, color="#238b45", linestyle=":", linewidth=1.5, label=text)
    axes.set(title=f"Latency against load: {title}", xlabel="requests a second", ylabel="ms")
    axes.set_yscale("log")
    if points[-1].rate > _LINEAR_UP_TO * points[0].rate:
        axes.set_xscale("log")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(lambda value, _: _number(value))
    axes.grid(alpha=0.3)
    axes.legend()
    try:
        figure.savefig(path, format="png")
    except OSError as error:
        raise ArgosyError(f"{path} cannot be written: {error.strerror}") from None
