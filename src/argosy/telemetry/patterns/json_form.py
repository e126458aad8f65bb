"""Patterns in braces, for messages that are JSON.

    { $.code = 500 || ($.path = "/v1/*" && $.user.name != %^svc-%) }
    { $.items[0].size > 1.5e3 && $.error IS NULL && $.trace NOT EXISTS && $.ok IS TRUE }

A comparison with something that is not there, or is no text, number or truth value, fails: != too.
With a wildcard it is enough that one of the elements passes.
"""

import json
from collections.abc import Callable
from typing import Any

from argosy.telemetry.patterns.conditions import Reader, Test
from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.form import Pattern, shown
from argosy.telemetry.patterns.lexer import tokens
from argosy.telemetry.patterns.operands import comparison
from argosy.telemetry.patterns.selectors import MISSING, Selector

_MOST_WILDCARDS = 3
_STATES: dict[str, Callable[[Any], bool]] = {
    "NULL": lambda value: value is None,
    "TRUE": lambda value: value is True,
    "FALSE": lambda value: value is False,
}


def json_pattern(text: str) -> Pattern:
    """`text` with its braces. Raises BadPattern."""
    if not text.endswith("}"):
        raise BadPattern("its closing brace is missing")
    selectors: list[Selector] = []
    reader = Reader(tokens(text[1:-1]), lambda reader: _condition(reader, selectors))
    if reader.head.kind == "end":
        raise BadPattern("there is nothing between its braces")
    test = reader.expression()
    reader.expect("end", "&& or ||")
    if sum(selector.has_wildcard for selector in selectors) > _MOST_WILDCARDS:
        raise BadPattern(f"it has more than {_MOST_WILDCARDS} wildcards in its selectors")

    def find(message: str) -> _Document | None:
        document = _parse(message)
        if document is MISSING or not test(document):
            return None
        return _Document(document, selectors)

    return Pattern(find, reader.regexes, has_fields=True, check_selector=_check)


class _Document:
    """A message that matches."""

    def __init__(self, document: Any, selectors: list[Selector]) -> None:
        self._document = document
        self._selectors = selectors

    def value(self, selector: str) -> Any:
        found = Selector(selector).value(self._document)
        return None if found is MISSING or isinstance(found, dict | list) else found

    def extracted(self) -> dict[str, str]:
        values = {one.text: self.value(one.text) for one in self._selectors}
        return {text: shown(value) for text, value in values.items() if value is not None}


def _check(selector: str) -> None:
    if Selector(selector).has_wildcard:
        raise BadPattern(f"{selector} has a wildcard; name one value")


def _parse(message: str) -> Any:
    if "{" not in message and "[" not in message:
        return MISSING
    try:
        return json.loads(message, parse_constant=_refuse)
    except (ValueError, RecursionError):
        return MISSING


def _refuse(constant: str) -> Any:
    raise ValueError(constant)


def _condition(reader: Reader, selectors: list[Selector]) -> Test:
    selector = Selector(reader.expect("selector", "a selector such as $.name"))
    selectors.append(selector)
    state = _state(reader, selector)
    if state is not None:
        return state
    operator = reader.expect("operator", "a comparison")
    passes = comparison(operator, reader.operand())
    return lambda document: any(
        passes(value) for value in selector.values(document) if _is_scalar(value)
    )


def _state(reader: Reader, selector: Selector) -> Test | None:
    """IS NULL, IS TRUE, IS FALSE, EXISTS and NOT EXISTS; None where none of them stands."""
    if reader.accept("word", "IS"):
        name = reader.expect("word", "NULL, TRUE or FALSE")
        if name not in _STATES:
            raise BadPattern(f"IS {name[:20]} is not understood; write IS NULL, IS TRUE, IS FALSE")
        holds = _STATES[name]
        return lambda document: any(holds(value) for value in selector.values(document))
    if reader.accept("word", "NOT"):
        if not reader.accept("word", "EXISTS"):
            raise reader.lacking("EXISTS")
        return lambda document: not selector.values(document)
    if reader.accept("word", "EXISTS"):
        return lambda document: bool(selector.values(document))
    return None


def _is_scalar(value: Any) -> bool:
    return isinstance(value, str | int | float)
