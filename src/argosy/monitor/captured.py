"""Captured requests and answers as rows: the answer's values first, then the request's.

Source of the records' form: the developer guide on data capture. A record that cannot be read as
rows (BASE64, which means a type that was not listed as CSV or JSON; an answer that does not fit
its request) is skipped and counted.
"""

import csv
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from argosy.monitor import json_rows
from argosy.monitor.analysis import BadData
from argosy.monitor.dataset import Dataset
from argosy.monitor.rows import Grouped, Row

INPUT = "endpointInput"
OUTPUT = "endpointOutput"


def read(
    lines: Iterable[str],
    dataset: Dataset,
    rows: Grouped,
    sides: tuple[str, ...] = (OUTPUT, INPUT),
    start: float | None = None,
    end: float | None = None,
) -> None:
    """Take in one object of JSON Lines; records outside of [start, end) are left out."""
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json_rows.parse(line)
            if within(record, start, end):
                for row in rows_of(record, sides):
                    rows.add(row)
        except BadData:
            dataset.skipped += 1


def rows_of(record: Any, sides: tuple[str, ...] = (OUTPUT, INPUT)) -> list[Row]:
    """The rows of one captured request and its answer. Raises BadData."""
    data = part(record, "captureData")
    parts = [_side(data[side]) for side in sides if data.get(side)]
    if not parts:
        raise BadData("The record holds neither request nor answer.")
    if len(parts) == 1:
        return parts[0]
    return _joined(*parts)


def part(record: Any, name: str) -> dict[str, Any]:
    """An object within an object. Raises BadData when there is none."""
    found = record.get(name) if isinstance(record, dict) else None
    if not isinstance(found, dict):
        raise BadData(f"The record has no {name}.")
    return found


def csv_of(text: str) -> list[list[str]]:
    """The rows of a body. Raises BadData."""
    try:
        return [row for row in csv.reader(text.splitlines()) if row]
    except csv.Error as error:
        raise BadData(f"This is not CSV: {error}") from error


def _side(side: Any) -> list[Row]:
    if not isinstance(side, dict):
        raise BadData("The record's data is no object.")
    encoding, data = side.get("encoding"), side.get("data")
    if encoding == "CSV" and isinstance(data, str):
        return [[(None, text) for text in row] for row in csv_of(data)]
    if encoding == "JSON" and isinstance(data, str):
        return json_rows.bodies(json_rows.parse(data))
    raise BadData(f"Captured data in {encoding} cannot be read as rows.")


def _joined(answer: list[Row], request: list[Row]) -> list[Row]:
    """Row by row; an answer of one value for each row may have come as one line."""
    if len(answer) == 1 and len(answer[0]) == len(request) > 1:
        answer = [[cell] for cell in answer[0]]
    if len(answer) != len(request):
        raise BadData(f"The answer has {len(answer)} rows, the request {len(request)}.")
    return [[*one, *other] for one, other in zip(answer, request, strict=True)]


def within(record: Any, start: float | None, end: float | None) -> bool:
    """Whether a record is of [start, end); one that does not say when it was made is."""
    meta = record.get("eventMetadata") if isinstance(record, dict) else None
    said = meta.get("inferenceTime") if isinstance(meta, dict) else None
    if start is None or end is None or not isinstance(said, str):
        return True
    try:
        return start <= datetime.fromisoformat(said).timestamp() < end
    except (ValueError, OverflowError):
        return True
