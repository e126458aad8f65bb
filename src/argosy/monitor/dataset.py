"""A dataset as it goes by: its columns by name, in the order in which they were first seen."""

from collections.abc import Iterable, Sequence

import pyarrow as pa

from argosy.monitor.analysis import BadData
from argosy.monitor.column import Column
from argosy.monitor.values import of_numbers, of_text

MOST_COLUMNS = 5_000


class Dataset:
    """Accumulates pieces. A column that a row does not have is missing there."""

    def __init__(self, exclude: Iterable[str] = ()) -> None:
        self._exclude = frozenset(exclude)
        self.columns: dict[str, Column] = {}
        self.rows = 0
        self.skipped = 0
        """Records that could not be read."""

    def missing(self, name: str) -> int:
        """Rows without a value in that column."""
        return self.rows - self.columns[name].present

    def completeness(self, name: str) -> float:
        """The share of rows with a value in that column; 1 without any rows."""
        return self.columns[name].present / self.rows if self.rows else 1.0

    def add_rows(self, names: Sequence[str], rows: Sequence[Sequence[str | None]]) -> None:
        """Rows of texts, each as long as `names`."""
        columns = zip(*rows, strict=True) if rows else ((),) * len(names)
        self.add(names, [_texts(column) for column in columns], len(rows))

    def add(self, names: Sequence[str], arrays: Sequence[pa.Array], rows: int) -> None:
        """Arrays of `rows` values. Raises BadData when columns become too many."""
        self.rows += rows
        for given, array in zip(names, arrays, strict=True):
            name = _clean(given)
            if name in self._exclude:
                continue
            column = self.columns.get(name) or self._new(name)
            numeric = pa.types.is_integer(array.type) or pa.types.is_floating(array.type)
            column.add(of_numbers(array) if numeric else of_text(array))

    def _new(self, name: str) -> Column:
        if len(self.columns) >= MOST_COLUMNS:
            raise BadData(f"The dataset has more than {MOST_COLUMNS} columns.")
        return self.columns.setdefault(name, Column())


def _texts(values: Sequence[str | None]) -> pa.Array:
    """JSON may hold halves of characters, which are no text."""
    try:
        return pa.array(values, pa.string())
    except UnicodeEncodeError:
        return pa.array([None if one is None else _clean(one) for one in values], pa.string())


def _clean(text: str) -> str:
    """Text that can be written anywhere."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
