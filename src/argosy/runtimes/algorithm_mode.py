"""How Amazon's XGBoost container speaks when it has no script ("algorithm mode").

A body without Content-Type is libsvm, an answer is CSV where the client accepts any; no body is
answered by 204, one that cannot be read by 415. Reads and writes JSON, NPY and Parquet beside what
Amazon's container does. Source: reference/container-contract.md §4;
aws/sagemaker-xgboost-container, algorithm_mode/serve.py and serve_utils.py, for what it answers.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from argosy.runtimes import encoders, recordio
from argosy.runtimes.answers import Answer, Body, Fault, content_head
from argosy.runtimes.decoders import Table, as_array
from argosy.runtimes.dialect import Dialect
from argosy.runtimes.media import CSV, JSON, JSON_LINES, LIBSVM, NPY, PARQUET, RECORDIO, media_type

Select = Callable[[Any], list[dict[str, Any]]]
"""From raw predictions to one object of named values per row."""

_DELIMITERS = ",;\t| :"
_ALSO = {"csv": CSV, "libsvm": LIBSVM}  # names that the container takes for types


class AlgorithmMode(Dialect):
    """A `Dialect`."""

    offered = (CSV, JSON, JSON_LINES, RECORDIO, NPY, PARQUET)

    def __init__(self, select: Select | None = None) -> None:
        """`select` makes objects of named values of the predictions, if the model's environment
        asks for them (SAGEMAKER_INFERENCE_OUTPUT)."""
        super().__init__(answers_in=CSV)
        self._select = select
        self._batch = bool(os.environ.get("SAGEMAKER_BATCH", "").strip())

    def reads(self, content_type: str) -> str:
        """Types with a label_size that no request can have stay as they are, unknown to all."""
        if not content_type.strip():
            return LIBSVM
        media = media_type(content_type)
        media = _ALSO.get(media, media)
        return content_type.strip().lower() if media == CSV and _labelled(content_type) else media

    def without_body(self) -> Answer:
        return Answer(204, content_head(self.answers_in), b"")

    def decode(self, media: str, body: Body) -> Table:
        if "label_size" in media:
            raise Fault(415, f"{media} is not read: label_size can only be 1, or be left out")
        try:
            return Table(_csv(body), False) if media == CSV else super().decode(media, body)
        except Fault as fault:
            raise Fault(415, str(fault)) from None
        except UnicodeDecodeError as error:
            raise Fault(415, f"the body cannot be read as {media}: {error}") from None

    def encode(self, predictions: Any, media: str, wrapped: bool) -> bytes:
        array = np.atleast_1d(np.asarray(predictions))
        if self._select is not None:
            return _encode_selected(self._select(array), media, self._batch)
        if self._batch and media != PARQUET:
            return (encoders.printed(array) + "\n").encode()
        if media in (JSON, JSON_LINES):
            return _encode_objects([{"score": item} for item in array.tolist()], media)
        return encoders.encode(array, media)

    def encode_each(
        self, predictions: Any, counts: Sequence[int], wrapped: Sequence[bool], media: str
    ) -> list[bytes]:
        if media == CSV and self._select is None and not self._batch:
            return encoders.encode_each(predictions, counts, wrapped, media)
        parts = np.split(predictions, np.cumsum(counts)[:-1])
        return [self.encode(part, media, False) for part in parts]


def _labelled(content_type: str) -> bool:
    """Whether label_size says something else than 1."""
    for parameter in content_type.lower().split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip() == "label_size" and value.strip().strip('"') != "1":
            return True
    return False


# CSV: numbers, without header and label; an empty cell is nan; any usual delimiter


def _csv(body: Body) -> Any:
    lines = [line for line in body.decode("utf-8-sig").splitlines() if line.strip()]
    if not lines:
        raise Fault(415, "the CSV body has no rows; send at least one")
    delimiter = _delimiter(lines[0])
    return as_array([_row(line.split(delimiter), row) for row, line in enumerate(lines)])


def _delimiter(line: str) -> str:
    """The one that parts the line into more than one cell, all of them numbers or empty."""
    for delimiter in _DELIMITERS:
        cells = line.strip().split(delimiter)
        if len(cells) > 1 and all(map(_is_number, cells)):
            return delimiter
    return ","


def _is_number(cell: str) -> bool:
    try:
        float(cell or "nan")
    except ValueError:
        return False
    return True


def _row(cells: list[str], row: int) -> list[float]:
    try:
        return [float(cell) if cell.strip() else float("nan") for cell in cells]
    except ValueError as error:
        raise Fault(
            415, f"row {row} of the CSV body: {error}; send numbers, without a header"
        ) from None


# answers of named values


def _encode_objects(objects: list[dict[str, Any]], media: str) -> bytes:
    if media == JSON:
        return json.dumps({"predictions": objects}).encode()
    return "".join(json.dumps(one) + "\n" for one in objects).encode()


def _encode_selected(objects: list[dict[str, Any]], media: str, batch: bool) -> bytes:
    if media in (JSON, JSON_LINES):
        return _encode_objects(objects, media)
    if media == RECORDIO:
        return recordio.write_named(objects)
    if media != CSV:
        raise Fault(406, f"Accept {media} cannot hold SAGEMAKER_INFERENCE_OUTPUT; use {JSON}")
    lines = [",".join(map(_cell, one.values())) for one in objects]
    return ("\n".join(lines) + ("\n" if batch else "")).encode()


def _cell(value: Any) -> str:
    return f'"{value}"' if isinstance(value, list) else str(value)
