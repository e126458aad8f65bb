"""JSON as rows: values laid flat, and bodies of requests and answers taken apart.

Members of an object in an object are named `outer.inner`, those of a list in it `outer.0`.
"""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from argosy.monitor.analysis import BadData
from argosy.monitor.rows import Row, Skips, Takes

_BATCHES = ("instances", "predictions", "data", "inputs")
"""Members that hold the rows of a request or an answer."""
_DEEPEST = 50


def read_lines(lines: Iterable[str], count: Skips, rows: Takes) -> None:
    """Take in an object with one JSON value a line; a line that is no JSON is skipped."""
    for line in lines:
        if line.strip():
            try:
                rows.add(flat(parse(line)))
            except BadData:
                count.skipped += 1


def read_whole(text: str, rows: Takes) -> None:
    """Take in an object that is one JSON value: a list of rows, or one row. Raises BadData."""
    value = parse(text)
    for one in value if isinstance(value, list) else [value]:
        rows.add(flat(one))


def parse(text: str) -> Any:
    """Numbers stay as they were written. Raises BadData."""
    try:
        return json.loads(text, parse_float=str, parse_int=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise BadData(f"This is not JSON: {error}") from error


def flat(value: Any) -> Row:
    """One row: an object's members by name, a list's by their place, a scalar alone."""
    if isinstance(value, dict):
        return [(name, text) for name, text in _members(value, "")]
    if isinstance(value, list):
        return [(None, text) for one in value for _, text in _members({"": one}, "")]
    return [(None, _text(value))]


def bodies(value: Any) -> list[Row]:
    """The rows of a request's or an answer's body."""
    if isinstance(value, dict):
        for name in _BATCHES:
            if isinstance(value.get(name), list):
                return bodies(value[name])
        return [flat(value)]
    if isinstance(value, list) and any(isinstance(one, (dict, list)) for one in value):
        return [flat(one) for one in value]
    return [flat(value)]


def _members(value: dict[str, Any], outer: str, depth: int = 0) -> Iterator[tuple[str, str | None]]:
    if depth > _DEEPEST:
        raise BadData(f"JSON is nested more than {_DEEPEST} deep.")
    for name, one in value.items():
        here = f"{outer}.{name}" if outer else name
        if isinstance(one, list):
            one = {str(index): item for index, item in enumerate(one)}
        if isinstance(one, dict):
            yield from _members(one, here, depth + 1)
        else:
            yield here, _text(one)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return "true" if value else "false"
