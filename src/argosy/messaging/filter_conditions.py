"""One condition of a filter policy: an operator of SNS and its operand. Pure.

A condition looks at the values that a message has under one name: texts, numbers, booleans and
null, or None where the message has nothing there. It holds when any of the values fits; only
"exists" looks at presence alone. Source: Amazon SNS Developer Guide, "Filter policies".
"""

from collections.abc import Callable, Sequence
from typing import Any

from argosy.ground.event_patterns.comparing import (
    BadPattern,
    Test,
    existence,
    in_network,
    in_range,
    test_of,
    unlike,
)
from argosy.ground.event_patterns.globbing import like

Scalar = str | float | bool | None
Values = Sequence[Scalar] | None
Condition = Callable[[Values], bool]

_MOST = 1_000_000_000
_MOST_WILDCARDS = 3


def condition(asked: Any) -> Condition:
    """The condition that a JSON value of a policy's list stands for. Raises BadPattern."""
    wanted = existence(asked)
    if wanted is not None:
        return lambda values: (values is not None) is wanted
    test = test_of(asked, _OPERATORS, _exactly)
    return lambda values: values is not None and any(test(value) for value in values)


def _exactly(wanted: Any) -> Test:
    if isinstance(wanted, list):
        raise BadPattern("Match value must be String, number, true, false, or null")
    if isinstance(wanted, str | bool) or wanted is None:
        return lambda value: type(value) is type(wanted) and value == wanted
    number = _number(wanted)
    return lambda value: _is_number(value) and value == number


def _text_test(name: str, fits: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    def make(operand: Any) -> Test:
        text = _letters(name, operand)
        return lambda value: isinstance(value, str) and fits(value, text)

    return make


def _anything_but(operand: Any) -> Test:
    """A value, a list of values, or one of the text operators with one or several texts."""
    if isinstance(operand, dict):
        other = unlike(operand, _OPERATORS)
        return lambda value: isinstance(value, str) and other(value)
    refused = operand if isinstance(operand, list) else [operand]
    if not refused or any(not isinstance(one, str) and not _is_number(one) for one in refused):
        raise BadPattern("anything-but takes a string, a number, or a list of them")
    tests = [_exactly(one) for one in refused]
    return lambda value: not any(test(value) for test in tests)


def _numeric(operand: Any) -> Test:
    inside = in_range(operand, _number)
    return lambda value: _is_number(value) and inside(value)


def _wildcard(operand: Any) -> Test:
    text = _letters("wildcard", operand)
    if "**" in text:
        raise BadPattern("Consecutive wildcard characters")
    if text.count("*") > _MOST_WILDCARDS:
        raise BadPattern(f"A wildcard pattern has at most {_MOST_WILDCARDS} wildcards")
    pieces = text.split("*")
    return lambda value: isinstance(value, str) and like(value, pieces)


def _letters(name: str, operand: Any) -> str:
    if not isinstance(operand, str) or not operand:
        raise BadPattern(f"{name} match pattern must be a string with at least one letter")
    return operand


def _number(asked: Any) -> float:
    if not _is_number(asked):
        raise BadPattern("Match value must be String, number, true, false, or null")
    if abs(asked) > _MOST:
        raise BadPattern(f"a number must be between -{_MOST} and {_MOST}")
    return float(asked)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "prefix": _text_test("prefix", str.startswith),
    "suffix": _text_test("suffix", str.endswith),
    "equals-ignore-case": _text_test(
        "equals-ignore-case", lambda value, wanted: value.casefold() == wanted.casefold()
    ),
    "wildcard": _wildcard,
    "numeric": _numeric,
    "cidr": in_network,
}
