"""Where a value lies in a JSON document: $.user.name, $.list[0].id, $.list[*], $['a key']."""

import re
from typing import Any

from argosy.telemetry.patterns.errors import BadPattern

MISSING = object()

_STEP = re.compile(
    r"""\.?\[\s*(?:(?P<index>\d{1,6})|(?P<all>\*)|'(?P<single>[^']*)'|"(?P<double>[^"]*)")\s*\]
      | \.(?P<name>[^\s\[\]()=<>!&|,."]+)""",
    re.VERBOSE,
)
_ALL = object()


class Selector:
    """A compiled selector."""

    def __init__(self, text: str) -> None:
        """Raises BadPattern."""
        self.text = text
        self._steps = _steps(text)

    @property
    def has_wildcard(self) -> bool:
        return any(step is _ALL for step in self._steps)

    def values(self, document: Any) -> list[Any]:
        """All that it names, one for each element where there is a wildcard; [] for nothing."""
        found = [document]
        for step in self._steps:
            found = _step_all(found) if step is _ALL else _step(found, step)
        return found

    def value(self, document: Any) -> Any:
        """The first that it names, or MISSING."""
        found = self.values(document)
        return found[0] if found else MISSING


def _step(found: list[Any], step: Any) -> list[Any]:
    if isinstance(step, int):
        return [one[step] for one in found if isinstance(one, list) and step < len(one)]
    return [one[step] for one in found if isinstance(one, dict) and step in one]


def _step_all(found: list[Any]) -> list[Any]:
    inner: list[Any] = []
    for one in found:
        if isinstance(one, list):
            inner += one
        elif isinstance(one, dict):
            inner += one.values()
    return inner


def _steps(text: str) -> list[Any]:
    if not text.startswith("$") or len(text) < 2:
        raise BadPattern(f"{text[:40]!r} is no selector; write $.name")
    steps: list[Any] = []
    at = 1
    while at < len(text):
        match = _STEP.match(text, at)
        if match is None:
            raise BadPattern(f"{text[:40]!r} is no selector; write $.name, $.list[0] or $['a key']")
        steps.append(_meaning(match))
        at = match.end()
    if sum(step is _ALL for step in steps) > 1:
        raise BadPattern(f"{text[:40]!r} has more than one wildcard")
    return steps


def _meaning(match: re.Match[str]) -> Any:
    if match["index"] is not None:
        return int(match["index"])
    if match["all"] or match["name"] == "*":
        return _ALL
    return next(match[kind] for kind in ("name", "single", "double") if match[kind] is not None)
