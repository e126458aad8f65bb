"""One condition of an event pattern: a value, or an operator and its operand. Pure.

A condition looks at the scalars that an event has at a leaf, and holds when any of them fits; only
"exists" looks at whether there are any. Source: Amazon EventBridge User Guide, "Comparison
operators for use in event patterns".
"""

import ipaddress
import operator
from collections.abc import Callable, Sequence
from typing import Any

from argosy.ground.event_patterns.globbing import like, split
from argosy.ground.event_patterns.values import Number, number_of

Condition = Callable[[Sequence[Any]], bool]
Test = Callable[[Any], bool]

_MOST = 5_000_000_000
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOWER, _UPPER = (">", ">="), ("<", "<=")


class BadPattern(ValueError):
    """It is not an event pattern; the message says what is wrong."""


def condition(asked: Any) -> Condition:
    """The condition that a JSON value of a leaf's list stands for. Raises BadPattern."""
    if isinstance(asked, dict) and set(asked) == {"exists"}:
        return _exists(asked["exists"])
    test = _test(asked)
    return lambda values: any(test(value) for value in values)


def _exists(wanted: Any) -> Condition:
    if not isinstance(wanted, bool):
        raise BadPattern("exists match pattern must be either true or false")
    return lambda values: bool(values) is wanted


def _test(asked: Any) -> Test:
    if not isinstance(asked, dict):
        return _exactly(asked)
    if len(asked) != 1:
        raise BadPattern("Only one key allowed in match expression")
    (name, operand), *_ = asked.items()
    make = OPERATORS.get(name)
    if make is None:
        raise BadPattern(f"Unrecognized match type {name[:64]}")
    return make(operand)


def _exactly(wanted: Any) -> Test:
    if isinstance(wanted, list):
        raise BadPattern("Match value must be String, number, true, false, or null")
    number = number_of(wanted)
    if number is not None:
        return lambda value: number_of(value) == number
    return lambda value: type(value) is type(wanted) and value == wanted


def _ends(name: str, fits: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    """prefix or suffix, of a text or of {"equals-ignore-case": text}."""

    def make(operand: Any) -> Test:
        if isinstance(operand, dict):
            if set(operand) != {"equals-ignore-case"}:
                raise BadPattern(f"{name} takes a string, or equals-ignore-case with a string")
            folded = _text(name, operand["equals-ignore-case"]).casefold()
            return lambda value: isinstance(value, str) and fits(value.casefold(), folded)
        text = _text(name, operand)
        return lambda value: isinstance(value, str) and fits(value, text)

    return make


def _ignoring_case(operand: Any) -> Test:
    folded = _text("equals-ignore-case", operand).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _wildcard(operand: Any) -> Test:
    text = _text("wildcard", operand)
    if "**" in text.replace("\\\\", "").replace("\\*", ""):
        raise BadPattern("Consecutive wildcard characters")
    try:
        pieces = split(text)
    except ValueError as error:
        raise BadPattern(f"Invalid escape character in wildcard: {error}") from None
    return lambda value: isinstance(value, str) and like(value, pieces)


def _anything_but(operand: Any) -> Test:
    """A value, a list of strings or one of numbers, or a text operator with one or several."""
    if isinstance(operand, dict):
        return _but_like(operand)
    refused = operand if isinstance(operand, list) else [operand]
    numbers = [number for one in refused if (number := number_of(one)) is not None]
    texts = [one for one in refused if isinstance(one, str)]
    if not refused or len(refused) not in (len(numbers), len(texts)):
        raise BadPattern(
            "Inside anything but list, either all values are number or string, mixed type is "
            "not supported"
        )
    amounts = {number.value for number in numbers}
    return lambda value: not _is_one_of(value, texts, amounts)


def _is_one_of(value: Any, texts: Sequence[str], amounts: set[float]) -> bool:
    number = number_of(value)
    return value in texts if number is None else number.value in amounts


def _but_like(operand: dict[str, Any]) -> Test:
    if len(operand) != 1 or not set(operand) <= set(_BELOW_BUT):
        raise BadPattern(f"anything-but takes a value, a list, or one of {', '.join(_BELOW_BUT)}")
    ((name, below),) = operand.items()
    patterns = below if isinstance(below, list) else [below]
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise BadPattern(f"anything-but {name} takes a string or a list of strings")
    tests = [OPERATORS[name](pattern) for pattern in patterns]
    return lambda value: not any(test(value) for test in tests)


def _numeric(operand: Any) -> Test:
    """["=", n], [">", n], or a range: [">", n, "<=", m]."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise BadPattern("Value of numeric must be an array of an operator and a number, or of two")
    signs, bounds = operand[::2], [_bound(one) for one in operand[1::2]]
    if any(not isinstance(sign, str) or sign not in _COMPARISONS for sign in signs):
        raise BadPattern(f"Unrecognized numeric range operator: use {', '.join(_COMPARISONS)}")
    if len(signs) == 2 and not (signs[0] in _LOWER and signs[1] in _UPPER):
        raise BadPattern("Bad numeric range: it has a lower bound first, then an upper one")
    if len(bounds) == 2 and bounds[0] >= bounds[1]:
        raise BadPattern("Bottom must be less than top")
    checks = list(zip((_COMPARISONS[sign] for sign in signs), bounds, strict=True))

    def inside(value: Any) -> bool:
        number = number_of(value)
        return number is not None and all(fits(number.value, bound) for fits, bound in checks)

    return inside


def _bound(asked: Any) -> float:
    number: Number | None = number_of(asked)
    if number is None:
        raise BadPattern("Numeric range bounds must be numbers")
    if not abs(number.value) <= _MOST:
        raise BadPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return number.value


def _cidr(operand: Any) -> Test:
    text = _text("cidr", operand)
    try:
        network = ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise BadPattern(f"Malformed CIDR: {text[:64]}") from None

    def inside(value: Any) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return inside


def _text(name: str, operand: Any) -> str:
    if not isinstance(operand, str):
        raise BadPattern(f"{name} match pattern must be a string")
    return operand


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "equals-ignore-case": _ignoring_case,
    "numeric": _numeric,
    "prefix": _ends("prefix", str.startswith),
    "suffix": _ends("suffix", str.endswith),
    "wildcard": _wildcard,
}
_BELOW_BUT = ("equals-ignore-case", "prefix", "suffix", "wildcard")
KEYWORDS = frozenset({*OPERATORS, "exists"})
