"""What stands to the right of a comparison: a number, a text with wildcards, or a regex."""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from argosy.telemetry.patterns.errors import BadPattern
from argosy.telemetry.patterns.regexes import compile_regex

_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?")
_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": lambda left, right: left < right,
    "<=": lambda left, right: left <= right,
    ">": lambda left, right: left > right,
    ">=": lambda left, right: left >= right,
}


@dataclass(frozen=True)
class Operand:
    """`matches` is the test of `=` on a text; `number` is None for what is no number."""

    matches: Callable[[str], bool]
    number: float | None = None
    is_regex: bool = False


def operand_of(kind: str, text: str) -> Operand:
    """kind: "word", "quoted" or "regex", as the lexer says. Raises BadPattern."""
    if kind == "regex":
        return Operand(compile_regex(text), is_regex=True)
    number = number_of(text) if kind == "word" else None
    return Operand(wildcard(text), number)


def comparison(operator: str, operand: Operand) -> Callable[[Any], bool]:
    """A test of one value: a text, a number or a truth value. Raises BadPattern."""
    if operator in _ORDERS:
        if operand.number is None:
            raise BadPattern(f"{operator} needs a number")
        return _ordered(_ORDERS[operator], operand.number)
    if operator == "=":
        return lambda value: _equal(operand, value)
    return lambda value: not _equal(operand, value)


def number_of(text: str) -> float | None:
    """The number that a text is, None for any other text."""
    if len(text) > 400 or not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    return value if math.isfinite(value) else None


def wildcard(text: str) -> Callable[[str], bool]:
    """A test for a text in which each * stands for any characters, none included."""
    first, *rest = text.split("*")
    if not rest:
        return lambda value: value == text
    *middle, last = rest

    def matches(value: str) -> bool:
        if len(value) < len(first) + len(last):
            return False
        if not (value.startswith(first) and value.endswith(last)):
            return False
        at, end = len(first), len(value) - len(last)
        for part in middle:
            at = value.find(part, at, end)
            if at < 0:
                return False
            at += len(part)
        return True

    return matches


def _ordered(holds: Callable[[float, float], bool], right: float) -> Callable[[Any], bool]:
    def test(value: Any) -> bool:
        left = _as_number(value)
        return left is not None and holds(left, right)

    return test


def _as_number(value: Any) -> float | None:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    return number_of(value) if isinstance(value, str) else None


def _equal(operand: Operand, value: Any) -> bool:
    if isinstance(value, bool):
        return operand.matches("true" if value else "false")
    if isinstance(value, int | float):
        if operand.number is not None:
            return value == operand.number
        return operand.matches(f"{value:g}" if isinstance(value, float) else str(value))
    if not isinstance(value, str):
        return False
    if operand.matches(value):
        return True
    return operand.number is not None and number_of(value) == operand.number
