"""One run over predictions and truth: read all, compute, write the files."""

import math
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from argosy.monitor import csv_rows, json_rows
from argosy.monitor.analysis import Analysis, Attributes, BadData, MetricValue, Result
from argosy.monitor.lines import opened
from argosy.monitor.places import document, objects, outside, uri_of, write
from argosy.monitor.quality import figures, limits, pairs
from argosy.monitor.quality.figures import SECTIONS
from argosy.monitor.quality.pairs import Pairs
from argosy.objects.client import ObjectStore

Say = Callable[[str], None]

NO_PAIRS = (
    "Job inputs had no data: no prediction has a ground truth. Records are joined by inferenceId "
    "or eventId."
)
_MOST_TOLD = 50


def run(
    store: ObjectStore, asked: Analysis, quality: Attributes, say: Say = lambda _: None
) -> Result:
    """Do it. Raises BadData, StoreError."""
    problem = quality["problem"]
    if problem not in SECTIONS:
        raise BadData(f"The problem type is {problem!r}; give one of {', '.join(SECTIONS)}.")
    constraints = document(store, asked["constraints"])
    found = Pairs(quality)
    if asked["ground_truth"]:
        _read_captured(store, asked, found, say)
    else:
        _read_table(store, asked, found)
    if not found.rows:
        raise BadData(NO_PAIRS)
    measured = figures.of(problem, *found.arrays())
    write(store, asked["output"], "statistics.json", _statistics(problem, found.rows, measured))
    write(store, asked["output"], "constraints.json", limits.suggest(problem, measured))
    result = _result(found, measured)
    if constraints is not None:
        violations = limits.check(problem, measured, constraints)
        write(store, asked["output"], "constraint_violations.json", {"violations": violations})
        for one in violations[:_MOST_TOLD]:
            say(one["description"])
        result["violations"] = len(violations)
    return result


def _result(found: Pairs, measured: dict[str, Any]) -> Result:
    figures_only = {name: one["value"] for name, one in measured.items() if "value" in one}
    return {
        "failure": "",
        "violations": None,
        "rows": found.rows,
        "skipped": found.skipped,
        "metrics": [_metric(name, value) for name, value in figures_only.items()],
    }


def _statistics(problem: str, rows: int, measured: dict[str, Any]) -> dict[str, Any]:
    evaluated = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return {
        "version": 0.0,
        "dataset": {"item_count": rows, "evaluation_time": evaluated},
        f"{SECTIONS[problem]}_metrics": measured,
    }


def _metric(name: str, value: float) -> MetricValue:
    return {"name": name, "count": 1.0, "total": value, "minimum": value, "maximum": value}


def _read_captured(store: ObjectStore, asked: Analysis, found: Pairs, say: Say) -> None:
    """The truth first, whole; then the answers, one after another.

    The truth lies by the hour in which it was found out: never before the answer.
    """
    truths: dict[str, list[str]] = {}
    start, end = asked["start"], asked["end"]
    for source in asked["ground_truth"]:
        for uri in objects(store, uri_of(source)):
            if not outside(uri.key, start, math.inf):
                with opened(store, uri) as lines:
                    found.skipped += pairs.read_truth(lines, truths)
    say(f"{len(truths)} ground truths read")
    for source in asked["sources"]:
        for uri in objects(store, uri_of(source)):
            if not outside(uri.key, start, end):
                with opened(store, uri) as lines:
                    pairs.join(lines, truths, found, start, end)


def _read_table(store: ObjectStore, asked: Analysis, found: Pairs) -> None:
    form = asked["format"]
    if not ({"csv", "json"} & set(form)):
        raise BadData("A baseline of model quality is CSV or JSON lines.")
    for source in asked["sources"]:
        for uri in objects(store, uri_of(source)):
            with opened(store, uri) as lines:
                if "csv" in form:
                    header = bool(form["csv"].get("header", True))
                    csv_rows.read(lines, found, found, header=header)
                else:
                    json_rows.read_lines(lines, found, found)
