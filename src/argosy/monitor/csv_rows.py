"""CSV objects as rows: with and without a header, ragged ones too."""

import csv
from collections.abc import Iterable, Iterator

from argosy.monitor.lines import LONGEST
from argosy.monitor.rows import Skips, Takes, column_name, unique

csv.field_size_limit(LONGEST)


def read(lines: Iterable[str], count: Skips, rows: Takes, *, header: bool) -> None:
    """Take in all of an object. A short row lacks its last columns, a long one has more; a line
    that is no CSV is skipped and counted."""
    records = _records(lines, count)
    names = unique(next(records, [])) if header else []
    by_width: dict[int, tuple[str, ...]] = {}
    for record in records:
        width = len(record)
        if width not in by_width:
            by_width[width] = _names(names, width, rows)
        rows.put(by_width[width], record)


def _names(header: list[str], width: int, rows: Takes) -> tuple[str, ...]:
    if not header:
        return tuple(rows.name_at(index) for index in range(width))
    more = (column_name(index) for index in range(len(header), width))
    return (*header[:width], *more)


def _records(lines: Iterable[str], count: Skips) -> Iterator[list[str]]:
    """Rows that are not empty."""
    reader = csv.reader(lines)
    while True:
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            count.skipped += 1
            continue
        if record:
            yield record
