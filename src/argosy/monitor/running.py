"""One run of the analysis: read all, compute, write the files."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from argosy.monitor import (
    baseline,
    captured,
    constraints,
    csv_rows,
    json_rows,
    metrics,
    parquet_rows,
    statistics,
    violations,
)
from argosy.monitor.analysis import Analysis, BadData, Result
from argosy.monitor.baseline import Baseline
from argosy.monitor.dataset import Dataset
from argosy.monitor.lines import opened
from argosy.monitor.places import MOST_JSON, document, objects, outside, uri_of, write
from argosy.monitor.rows import Grouped
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectMissing
from argosy.objects.uri import S3Uri

Say = Callable[[str], None]

NO_DATA = "Job inputs had no data"
_MOST_TOLD = 200
_MOST_PARQUET = 16 << 30
_OURS = ("statistics.json", "constraints.json", "constraint_violations.json")


def run(store: ObjectStore, asked: Analysis, say: Say = lambda _: None) -> Result:
    """Do it, and tell `say` of each violation. Raises BadData, StoreError."""
    limits = document(store, asked["constraints"])
    before = baseline.read(document(store, asked["statistics"]) or {})
    dataset = _read(store, asked, violations.names_of(limits) if limits else [])
    if not dataset.rows:
        raise BadData(NO_DATA)
    write(store, asked["output"], _OURS[0], statistics.of(dataset))
    write(store, asked["output"], _OURS[1], constraints.suggest(dataset, asked["drift_method"]))
    return _held_against(store, asked, dataset, limits, before, say)


def _held_against(
    store: ObjectStore,
    asked: Analysis,
    dataset: Dataset,
    limits: dict[str, Any] | None,
    before: Baseline,
    say: Say,
) -> Result:
    result: Result = {
        "failure": "",
        "violations": None,
        "rows": dataset.rows,
        "skipped": dataset.skipped,
        "metrics": metrics.of(dataset, {}),
    }
    if limits is None:
        return result
    checked = violations.check(dataset, limits, before)
    write(store, asked["output"], _OURS[2], {"violations": checked.violations})
    for one in checked.violations[:_MOST_TOLD]:
        say(f"{one['constraint_check_type']} {one['feature_name']}: {one['description']}")
    result["violations"] = len(checked.violations)
    emit = constraints.rules_for(limits).emit
    result["metrics"] = metrics.of(dataset, checked.drifts) if emit else []
    return result


def _read(store: ObjectStore, asked: Analysis, known: list[str]) -> Dataset:
    dataset = Dataset(asked["exclude"])
    rows = Grouped(dataset, known)
    for source in asked["sources"]:
        for uri in objects(store, uri_of(source)):
            if outside(uri.key, asked["start"], asked["end"]):
                continue
            _take_in(store, uri, asked, dataset, rows)
    rows.flush()
    return dataset


def _take_in(
    store: ObjectStore, uri: S3Uri, asked: Analysis, dataset: Dataset, rows: Grouped
) -> None:
    """One object. One that was removed meanwhile has no rows."""
    form = asked["format"]
    try:
        if "parquet" in form:
            _take_in_parquet(store, uri, dataset)
        elif form.get("json", {}).get("lines") is False:
            json_rows.read_whole(store.get(uri, MOST_JSON).decode("utf-8", "replace"), rows)
        else:
            with opened(store, uri) as lines:
                _take_in_lines(lines, asked, dataset, rows)
    except ObjectMissing:
        return


def _take_in_lines(lines: Any, asked: Analysis, dataset: Dataset, rows: Grouped) -> None:
    form = asked["format"]
    if "sagemakerCaptureJson" in form:
        wanted = form["sagemakerCaptureJson"].get("captureIndexNames")
        sides = tuple(
            side for side in (captured.OUTPUT, captured.INPUT) if not wanted or side in wanted
        )
        captured.read(lines, dataset, rows, sides, asked["start"], asked["end"])
    elif "json" in form:
        json_rows.read_lines(lines, dataset, rows)
    else:
        header = bool(form.get("csv", {}).get("header", True))
        csv_rows.read(lines, dataset, rows, header=header)


def _take_in_parquet(store: ObjectStore, uri: S3Uri, dataset: Dataset) -> None:
    with tempfile.TemporaryDirectory(prefix="argosy-monitor-") as folder:
        path = Path(folder) / "data.parquet"
        store.get_file(uri, path, _MOST_PARQUET)
        parquet_rows.read(path, dataset)
