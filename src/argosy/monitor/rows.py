"""Rows on their way into a dataset: names for columns that have none, and groups of rows.

A row is a list of (name or None, text or None).
"""

from collections.abc import Sequence
from typing import Protocol

from argosy.monitor.dataset import Dataset

Cell = tuple[str | None, str | None]
Row = list[Cell]

_GROUP = 5_000
_MOST_SHAPES = 64


class Skips(Protocol):
    """Counts records that could not be read."""

    skipped: int


class Takes(Protocol):
    """Takes rows, one after another."""

    def add(self, row: Row) -> None: ...

    def put(self, names: tuple[str, ...], texts: Sequence[str | None]) -> None:
        """A row whose columns all have names, no two of them the same."""
        ...

    def name_at(self, index: int) -> str:
        """What a column without a name is called."""
        ...


def column_name(index: int) -> str:
    """What the column at that place is called when nobody names it."""
    return f"_c{index}"


def unique(names: Sequence[str]) -> list[str]:
    """Names of a header, those that are empty or were there before replaced by their place."""
    seen: set[str] = set()
    found = []
    for index, given in enumerate(names):
        name = given.strip()
        if not name or name in seen:
            name = column_name(index)
        seen.add(name)
        found.append(name)
    return found


class Grouped:
    """Collects rows of the same columns and hands them on by the thousand; `flush` at the end.

    known: the baseline's names, for columns without any, by their place.
    """

    def __init__(self, dataset: Dataset, known: Sequence[str] = ()) -> None:
        self._dataset = dataset
        self._known = known
        self._groups: dict[tuple[str, ...], list[Sequence[str | None]]] = {}
        self._count = 0

    def add(self, row: Row) -> None:
        named = {self._name(index, name, row): text for index, (name, text) in enumerate(row)}
        self.put(tuple(named), list(named.values()))

    def put(self, names: tuple[str, ...], texts: Sequence[str | None]) -> None:
        """A row whose columns all have names, no two of them the same."""
        group = self._groups.setdefault(names, [])
        group.append(texts)
        self._count += 1
        if self._count >= _GROUP or len(self._groups) > _MOST_SHAPES:
            self.flush()

    def name_at(self, index: int) -> str:
        return self._known[index] if index < len(self._known) else column_name(index)

    def flush(self) -> None:
        for names, rows in self._groups.items():
            self._dataset.add_rows(names, rows)
        self._groups.clear()
        self._count = 0

    def _name(self, index: int, name: str | None, row: Row) -> str:
        if name is not None:
            return name
        all_unnamed = all(other is None for other, _ in row)
        return self.name_at(index) if all_unnamed else column_name(index)
