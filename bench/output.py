"""Writes a report to bench/results: Markdown, JSON, and a plot where there is one to draw."""

import json
import subprocess
from pathlib import Path

from bench.place import BENCH, RESULTS
from bench.processes import Unavailable
from bench.report import Report, as_json, markdown
from bench.venvs import programs_of

_DRAW_S = 120.0


def write(report: Report) -> list[Path]:
    """Write NAME.md and NAME.json; returns their paths."""
    RESULTS.mkdir(exist_ok=True)
    page, figures = RESULTS / f"{report.name}.md", RESULTS / f"{report.name}.json"
    page.write_text(markdown(report))
    figures.write_text(json.dumps(as_json(report), indent=1) + "\n")
    return [page, figures]


def draw(report: Report) -> Path:
    """Draw the written NAME.json as NAME.png with matplotlib, which has a venv of its own.

    Raises Unavailable when matplotlib cannot be installed or fails.
    """
    figures, picture = RESULTS / f"{report.name}.json", RESULTS / f"{report.name}.png"
    python = programs_of("plot", BENCH / "plot" / "requirements.txt") / "python"
    command = [str(python), str(BENCH / "plot" / "draw.py"), str(figures), str(picture)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=_DRAW_S, check=False)
    except subprocess.TimeoutExpired:
        raise Unavailable(f"no plot after {_DRAW_S:.0f} s") from None
    if done.returncode:
        raise Unavailable(f"no plot: {done.stderr.strip().splitlines()[-1:]}")
    return picture
