"""The JSONPath of batch transforms: which part of a record a filter means.

    path = parse("$.features[0:3]")
    select(path, {"features": [1, 2, 3, 4]})        [1, 2, 3]

Pure. Knows `$`, `.name`, `*`, `['a','b']`, `[1,3]`, negative indices and slices whose end is not
included; nothing nested in brackets, no `..`, no expressions. Several names give an object of them,
several indices, a slice or `*` a list. Source: reference/async-and-batch.md B5.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from argosy.ground.errors import ArgosyError

_NAME = re.compile(r"\.([^.\[\]*'\"\s]+)")
_QUOTED = re.compile(r"""\s*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)")\s*(,|$)""")
_INDICES = re.compile(r"\s*-?\d+\s*(,\s*-?\d+\s*)*")
_SLICE = re.compile(r"\s*(-?\d+)?\s*:\s*(-?\d+)?\s*")


class BadPath(ArgosyError):
    """The text is not a path of the subset that is known."""


class NothingThere(ArgosyError):
    """The path means nothing in this value."""


@dataclass(frozen=True)
class Step:
    """One step into a value: exactly one of these is set."""

    names: tuple[str, ...] = ()
    indices: tuple[int, ...] = ()
    span: slice | None = None
    everything: bool = False

    @property
    def definite(self) -> bool:
        """It leads to one value, not to several."""
        return len(self.names) + len(self.indices) == 1


@dataclass(frozen=True)
class Path:
    """A path that was understood; `text` is how it was written."""

    text: str
    steps: tuple[Step, ...]

    @property
    def whole(self) -> bool:
        """It is `$`: all of the record."""
        return not self.steps


def parse(text: str) -> Path:
    """Raises BadPath with a sentence."""
    if not text.startswith("$"):
        raise BadPath(f"The JSONPath {text!r} does not begin with $.")
    steps, rest = [], text[1:]
    while rest:
        step, rest = _step(text, rest)
        steps.append(step)
    if any(len(step.names) > 1 for step in steps[:-1]):
        raise BadPath(f"The JSONPath {text!r} goes on behind several names; name one.")
    return Path(text, tuple(steps))


def parse_for_rows(text: str) -> Path:
    """A path into CSV rows, which are lists of cells: one step by index at most."""
    path = parse(text)
    if len(path.steps) > 1 or any(step.names for step in path.steps):
        raise BadPath(
            f"The JSONPath {text!r} cannot be used on CSV: a row is a list of cells, so use an "
            "index form such as $[0], $[1,3], $[-1] or $[2:5]."
        )
    return path


def select(path: Path, value: Any) -> Any:
    """The part of a value. Raises NothingThere."""
    return _walk(path, path.steps, value)


def row_selector(path: Path) -> Callable[[list[Any]], list[Any]]:
    """What takes a row's cells out of it, quickly; it raises NothingThere."""
    if path.whole or path.steps[0].everything:
        return lambda row: row
    step = path.steps[0]
    if step.span is not None:
        return _spanning(path, step.span)
    picked = itemgetter(*step.indices)
    alone = len(step.indices) == 1

    def pick(row: list[Any]) -> list[Any]:
        try:
            found = picked(row)
        except IndexError:
            raise _nothing(path, f"a row of {len(row)} cells") from None
        return [found] if alone else list(found)

    return pick


def _spanning(path: Path, span: slice) -> Callable[[list[Any]], list[Any]]:
    def pick(row: list[Any]) -> list[Any]:
        found = row[span]
        if not found:
            raise _nothing(path, f"a row of {len(row)} cells")
        return found

    return pick


def _step(text: str, rest: str) -> tuple[Step, str]:
    if rest.startswith(".*"):
        return Step(everything=True), rest[2:]
    named = _NAME.match(rest)
    if named:
        return Step(names=(named[1],)), rest[named.end() :]
    if not rest.startswith("["):
        raise BadPath(f"The JSONPath {text!r} cannot be read from {rest!r} on.")
    end = _closing(text, rest)
    return _bracket(text, rest[1:end]), rest[end + 1 :]


def _closing(text: str, rest: str) -> int:
    """Where the bracket that is open at 0 closes; brackets in quotes do not count."""
    quote = ""
    for index, letter in enumerate(rest):
        if quote:
            quote = "" if letter == quote and rest[index - 1] != "\\" else quote
        elif letter in "'\"":
            quote = letter
        elif letter == "]":
            return index
        elif letter == "[" and index:
            break
    raise BadPath(f"The JSONPath {text!r} has a bracket that does not close, or one in another.")


def _bracket(text: str, inside: str) -> Step:
    if inside.strip() == "*":
        return Step(everything=True)
    if _INDICES.fullmatch(inside):
        return Step(indices=tuple(int(one) for one in inside.split(",")))
    span = _SLICE.fullmatch(inside)
    if span:
        first, last = (None if one is None else int(one) for one in span.groups())
        return Step(span=slice(first, last))
    return Step(names=_names(text, inside))


def _names(text: str, inside: str) -> tuple[str, ...]:
    names, rest = [], inside
    while found := _QUOTED.match(rest):
        name = found[1] if found[1] is not None else found[2]
        names.append(re.sub(r"\\(.)", r"\1", name))
        rest = rest[found.end() :]
        if not found[3]:
            return tuple(names)
    raise BadPath(
        f"The JSONPath {text!r} holds {inside!r} in brackets; it may hold names in quotes, "
        "indices, a slice or *."
    )


def _walk(path: Path, steps: tuple[Step, ...], value: Any) -> Any:
    for number, step in enumerate(steps):
        if step.definite:
            value = _one(path, step, value)
        elif step.names:
            return {name: _one(path, Step(names=(name,)), value) for name in step.names}
        else:
            rest = steps[number + 1 :]
            return [_walk(path, rest, one) for one in _several(path, step, value)]
    return value


def _one(path: Path, step: Step, value: Any) -> Any:
    if step.names and isinstance(value, dict) and step.names[0] in value:
        return value[step.names[0]]
    if step.indices and isinstance(value, list):
        index = step.indices[0]
        if -len(value) <= index < len(value):
            return value[index]
    raise _nothing(path, _shown(value))


def _several(path: Path, step: Step, value: Any) -> list[Any]:
    found: list[Any] = []
    if step.everything and isinstance(value, dict):
        found = list(value.values())
    elif isinstance(value, list):
        if step.indices:
            return [_one(path, Step(indices=(index,)), value) for index in step.indices]
        found = value if step.span is None else value[step.span]
    if not found:
        raise _nothing(path, _shown(value))
    return found


def _nothing(path: Path, where: str) -> NothingThere:
    return NothingThere(f"the JSONPath {path.text} matches nothing in {where}")


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else text[:79] + "…"
