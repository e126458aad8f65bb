"""Predictions beside the truth: out of a table that has both, or captured and joined.

Source: the developer guide, "Ingest ground truth labels and merge them with predictions". A
prediction without a truth, or one that cannot be read, is skipped and counted.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from argosy.monitor import captured, json_rows
from argosy.monitor.analysis import Attributes, BadData
from argosy.monitor.quality.figures import BINARY, REGRESSION, Array, positive_of
from argosy.monitor.rows import Row, column_name


class Pairs:
    """Accumulates; takes a few dozen bytes a row."""

    def __init__(self, attributes: Attributes) -> None:
        self._attributes = attributes
        self._truth: list[str] = []
        self._said: list[str] = []
        self._scores: list[str] = []
        self.skipped = 0

    @property
    def rows(self) -> int:
        return len(self._truth)

    def put(self, names: Sequence[str], texts: Sequence[str | None]) -> None:
        """A row of a table that has prediction and truth."""
        self.add(list(zip(names, texts, strict=True)))

    def add(self, row: Row) -> None:
        """The same; columns may be without names."""
        self.take(row, picked(row, self._attributes["truth"]))

    def name_at(self, index: int) -> str:
        return column_name(index)

    def take(self, row: Row, truth: str | None) -> None:
        """One answer and what is true."""
        said = picked(row, self._attributes["inference"])
        score = picked(row, self._attributes["probability"])
        if not truth or (not said and not score):
            self.skipped += 1
            return
        self._truth.append(truth.strip())
        self._said.append((said or "").strip())
        self._scores.append((score or "").strip())

    def arrays(self) -> tuple[Array, Array, Array | None]:
        """(truth, predicted, scores), as `figures.of` takes them. Raises BadData."""
        if self._attributes["problem"] == REGRESSION:
            return _numbers(self._truth), _numbers(self._said), None
        truth = _classes(self._truth)
        scores = _numbers(self._scores) if all(self._scores) else None
        if all(self._said):
            return truth, _classes(self._said), scores
        if scores is None or self._attributes["problem"] != BINARY:
            raise BadData("Some answers hold no prediction: give the inference attribute.")
        return truth, self._by_threshold(truth, scores), scores

    def _by_threshold(self, truth: Array, scores: Array) -> Array:
        positive = positive_of(truth, truth)
        others = [one for one in np.unique(truth).tolist() if one != positive] or ["0"]
        return np.where(scores > self._attributes["threshold"], positive, others[0])


def picked(row: Row, attribute: str) -> str | None:
    """The value of that name, or at that place; None when there is none."""
    if not attribute:
        return None
    plain = attribute.removeprefix("$.").rpartition("].")[2]
    by_name = {name: text for name, text in row if name is not None}
    for name in (attribute, plain):
        if name in by_name:
            return by_name[name]
    number = attribute.removeprefix("_c")
    if number.isdigit() and int(number) < len(row):
        return row[int(number)][1]
    return None


def read_truth(lines: Iterable[str], truths: dict[str, list[str]]) -> int:
    """Take in ground truth: id of an event → its values, row by row; returns lines skipped."""
    skipped = 0
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json_rows.parse(line)
            event = captured.part(record, "eventMetadata").get("eventId")
            truths[str(event)] = _values(captured.part(record, "groundTruthData"))
        except BadData:
            skipped += 1
    return skipped


def join(
    lines: Iterable[str],
    truths: dict[str, list[str]],
    pairs: Pairs,
    start: float | None,
    end: float | None,
) -> None:
    """Take in captured answers of [start, end), each with its truth."""
    for line in lines:
        if not line.strip():
            continue
        try:
            record = json_rows.parse(line)
            if captured.within(record, start, end):
                _join(record, truths, pairs)
        except BadData:
            pairs.skipped += 1


def _join(record: Any, truths: dict[str, list[str]], pairs: Pairs) -> None:
    meta = captured.part(record, "eventMetadata")
    ids = (str(meta.get(name)) for name in ("inferenceId", "eventId"))
    known = next((truths[one] for one in ids if one in truths), None)
    answers = captured.rows_of(record, (captured.OUTPUT,))
    if known is None:
        pairs.skipped += len(answers)
        return
    if len(answers) == 1 and len(known) == len(answers[0]) > 1:
        answers = [[cell] for cell in answers[0]]
    if len(answers) != len(known):
        raise BadData(f"There are {len(answers)} answers and {len(known)} truths.")
    for answer, truth in zip(answers, known, strict=True):
        pairs.take(answer, truth)


def _values(truth: dict[str, Any]) -> list[str]:
    data = truth.get("data")
    if truth.get("encoding") == "JSON":
        rows = json_rows.bodies(json_rows.parse(data) if isinstance(data, str) else data)
    else:
        rows = [[(None, text) for text in row] for row in captured.csv_of(str(data))]
    return [row[0][1] or "" for row in rows if row]


def _numbers(texts: list[str]) -> Array:
    try:
        found = np.array(texts, dtype=np.float64)
    except ValueError as error:
        raise BadData(f"A value is not a number: {error}") from error
    if not np.isfinite(found).all():
        raise BadData("A value is not finite.")
    return found


def _classes(texts: list[str]) -> Array:
    """Names of classes; 1.0 is the class 1."""
    return np.array([_whole(text) for text in texts], dtype=object).astype(str)


def _whole(text: str) -> str:
    head, dot, tail = text.partition(".")
    return head if dot and not tail.strip("0") and head.lstrip("+-").isdigit() else text
