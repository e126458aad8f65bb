"""The forms of records that DataProcessing knows: rows of CSV, and JSON.

Each says how a record is read and written, how a prediction is joined to it, and how an id and a
time are added. Source: reference/async-and-batch.md B5.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol

from argosy.agent.porter.transform.csv_rows import cells_of, row_of
from argosy.ground import json_path
from argosy.ground.json_path import Path

_OUTPUT = "SageMakerOutput"
_INPUT = "SageMakerInput"


class Form(Protocol):
    """One form. `read` raises ValueError for what is not of it."""

    name: str

    def path(self, text: str) -> Path:
        """A filter's path. Raises BadPath."""
        ...

    def selector(self, path: Path) -> Callable[[Any], Any]:
        """What takes the path's part out of a value; it raises NothingThere."""
        ...

    def read(self, record: bytes) -> Any: ...

    def write(self, value: Any) -> bytes: ...

    def join(self, value: Any, prediction: Any) -> Any: ...

    def tag(self, value: Any, inference_id: str, time: str) -> Any: ...


class Rows:
    """CSV: a record is a list of cells, as bytes."""

    name = "CSV"
    read = staticmethod(cells_of)
    write = staticmethod(row_of)

    def path(self, text: str) -> Path:
        return json_path.parse_for_rows(text)

    def selector(self, path: Path) -> Callable[[list[bytes]], list[bytes]]:
        return json_path.row_selector(path)

    def join(self, value: list[bytes], prediction: list[bytes]) -> list[bytes]:
        return value + prediction

    def tag(self, value: list[bytes], inference_id: str, time: str) -> list[bytes]:
        return [*value, inference_id.encode(), time.encode()]


class Json:
    """JSON: a record is any value."""

    name = "JSON"

    def path(self, text: str) -> Path:
        return json_path.parse(text)

    def selector(self, path: Path) -> Callable[[Any], Any]:
        return lambda value: json_path.select(path, value)

    def read(self, record: bytes) -> Any:
        try:
            return json.loads(record)
        except RecursionError:
            raise ValueError("it is nested too deeply") from None

    def write(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    def join(self, value: Any, prediction: Any) -> Any:
        if isinstance(value, dict):
            return {**value, _OUTPUT: prediction}
        return {_INPUT: value, _OUTPUT: prediction}

    def tag(self, value: Any, inference_id: str, time: str) -> Any:
        known = value if isinstance(value, dict) else {_OUTPUT: value}
        return {**known, "SageMakerInferenceId": inference_id, "SageMakerInferenceTime": time}
