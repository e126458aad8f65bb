"""One run of the analysis: read all, compute, write the files."""

import json
import re
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
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
from argosy.monitor.rows import Grouped
from argosy.objects.client import ObjectStore
from argosy.objects.errors import ObjectMissing
from argosy.objects.uri import S3Uri

Say = Callable[[str], None]

NO_DATA = "Job inputs had no data"
_MOST_TOLD = 200
_MOST_JSON = 256 << 20
_MOST_PARQUET = 16 << 30
_HOUR = re.compile(r"/([0-9]{4})/([0-9]{2})/([0-9]{2})/([0-9]{2})/[^/]*$")
_OURS = ("statistics.json", "constraints.json", "constraint_violations.json")


def run(store: ObjectStore, asked: Analysis, say: Say = lambda _: None) -> Result:
    """Do it, and tell `say` of each violation. Raises BadData, StoreError."""
    limits = _document(store, asked["constraints"])
    before = baseline.read(_document(store, asked["statistics"]) or {})
    dataset = _read(store, asked, violations.names_of(limits) if limits else [])
    if not dataset.rows:
        raise BadData(NO_DATA)
    _write(store, asked, _OURS[0], statistics.of(dataset))
    _write(store, asked, _OURS[1], constraints.suggest(dataset, asked["drift_method"]))
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
    _write(store, asked, _OURS[2], {"violations": checked.violations})
    for one in checked.violations[:_MOST_TOLD]:
        say(f"{one['constraint_check_type']} {one['feature_name']}: {one['description']}")
    result["violations"] = len(checked.violations)
    emit = constraints.rules_for(limits).emit
    result["metrics"] = metrics.of(dataset, checked.drifts) if emit else []
    return result


def _document(store: ObjectStore, place: str) -> dict[str, Any] | None:
    """A JSON file of the baseline; None when there is none. Raises BadData, StoreError."""
    if not place:
        return None
    found = _parsed(store.get(uri_of(place), _MOST_JSON), place)
    if not isinstance(found, dict):
        raise BadData(f"{place} is not a JSON object.")
    return found


def _parsed(content: bytes, place: str) -> Any:
    """JSON with its numbers as numbers. Raises BadData."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BadData(f"{place} is not JSON: {error}") from error


def uri_of(place: str) -> S3Uri:
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return S3Uri(bucket, key)


def _read(store: ObjectStore, asked: Analysis, known: list[str]) -> Dataset:
    dataset = Dataset(asked["exclude"])
    rows = Grouped(dataset, known)
    for source in asked["sources"]:
        for uri in _objects(store, uri_of(source)):
            if _outside(uri.key, asked["start"], asked["end"]):
                continue
            _take_in(store, uri, asked, dataset, rows)
    rows.flush()
    return dataset


def _objects(store: ObjectStore, place: S3Uri) -> list[S3Uri]:
    """The object of that name, or else all below it."""
    if place.key and not place.key.endswith("/") and store.exists(place):
        return [place]
    below = place.key if not place.key or place.key.endswith("/") else f"{place.key}/"
    return [S3Uri(place.bucket, one.key) for one in store.listing(place.bucket, below) if one.size]


def _outside(key: str, start: float | None, end: float | None) -> bool:
    """Whether the object holds what was captured in an hour that does not matter."""
    match = _HOUR.search(key)
    if match is None or start is None or end is None:
        return False
    try:
        year, month, day, number = map(int, match.groups())
        hour = datetime(year, month, day, number, tzinfo=UTC)
    except ValueError:
        return False
    return hour.timestamp() >= end or (hour + timedelta(hours=1)).timestamp() <= start


def _take_in(
    store: ObjectStore, uri: S3Uri, asked: Analysis, dataset: Dataset, rows: Grouped
) -> None:
    """One object. One that was removed meanwhile has no rows."""
    form = asked["format"]
    try:
        if "parquet" in form:
            _take_in_parquet(store, uri, dataset)
        elif form.get("json", {}).get("lines") is False:
            json_rows.read_whole(store.get(uri, _MOST_JSON).decode("utf-8", "replace"), rows)
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


def _write(store: ObjectStore, asked: Analysis, name: str, content: dict[str, Any]) -> None:
    place = uri_of(asked["output"])
    key = f"{place.key.rstrip('/')}/{name}".lstrip("/")
    body = json.dumps(content, indent=2, allow_nan=False).encode()
    store.put(S3Uri(place.bucket, key), body, "application/json")
