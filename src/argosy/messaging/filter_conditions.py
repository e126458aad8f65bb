"""One condition of a filter policy: an operator of SNS and its operand. Pure.

A condition looks at the values that a message has under one name: texts, numbers, booleans and
null, or None where the message has nothing there. It holds when any of the values fits; only
"exists" looks at presence alone. Source: Amazon SNS Developer Guide, "Filter policies".
"""

import ipaddress
import operator
from collections.abc import Callable, Sequence
from typing import Any

from argosy.ground.event_patterns.globbing import like

Scalar = str | float | bool | None
Values = Sequence[Scalar] | None
Condition = Callable[[Values], bool]
Test = Callable[[Scalar], bool]

_MOST = 1_000_000_000
_MOST_WILDCARDS = 3
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOWER, _UPPER = (">", ">="), ("<", "<=")


class BadCondition(Exception):
    """The condition is not one of SNS; the message says what is wrong."""


def condition(asked: Any) -> Condition:
    """The condition that a JSON value of a policy's list stands for. Raises BadCondition."""
    if isinstance(asked, dict) and set(asked) == {"exists"}:
        return _exists(asked["exists"])
    test = _test(asked)
    return lambda values: values is not None and any(test(value) for value in values)


def _exists(wanted: Any) -> Condition:
    if not isinstance(wanted, bool):
        raise BadCondition("exists must be true or false")
    return lambda values: (values is not None) is wanted


def _test(asked: Any) -> Test:
    if not isinstance(asked, dict):
        return _exactly(asked)
    if len(asked) != 1:
        raise BadCondition("a condition has exactly one operator")
    (name, operand), *_ = asked.items()
    make = _OPERATORS.get(name)
    if make is None:
        raise BadCondition(f"Unrecognized match type {name[:64]}")
    return make(operand)


def _exactly(wanted: Any) -> Test:
    if isinstance(wanted, list):
        raise BadCondition("Match value must be String, number, true, false, or null")
    if isinstance(wanted, str | bool) or wanted is None:
        return lambda value: type(value) is type(wanted) and value == wanted
    number = _number(wanted)
    return lambda value: _is_number(value) and value == number


def _text_test(name: str, fits: Callable[[str, str], bool]) -> Callable[[Any], Test]:
    def make(operand: Any) -> Test:
        if not isinstance(operand, str) or not operand:
            raise BadCondition(f"{name} match pattern must be a string with at least one letter")
        return lambda value: isinstance(value, str) and fits(value, operand)

    return make


def _anything_but(operand: Any) -> Test:
    """A value, a list of values, or one of the text operators with one or several texts."""
    if isinstance(operand, dict):
        return _but_like(operand)
    refused = operand if isinstance(operand, list) else [operand]
    if not refused or any(not isinstance(one, str) and not _is_number(one) for one in refused):
        raise BadCondition("anything-but takes a string, a number, or a list of them")
    tests = [_exactly(one) for one in refused]
    return lambda value: not any(test(value) for test in tests)


def _but_like(operand: dict[str, Any]) -> Test:
    (name, below), *more = operand.items() or [("", None)]
    if more or name not in _BELOW_BUT:
        raise BadCondition(f"anything-but takes one of {', '.join(_BELOW_BUT)}")
    patterns = below if isinstance(below, list) else [below]
    if not patterns:
        raise BadCondition(f"anything-but {name} needs a value")
    tests = [_OPERATORS[name](pattern) for pattern in patterns]
    return lambda value: isinstance(value, str) and not any(test(value) for test in tests)


def _numeric(operand: Any) -> Test:
    """["=", n], [">", n], or a range: [">", n, "<=", m]."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise BadCondition("numeric takes an operator and a number, once or twice")
    signs, bounds = operand[::2], [_number(one) for one in operand[1::2]]
    if any(not isinstance(sign, str) or sign not in _COMPARISONS for sign in signs):
        raise BadCondition(f"Unrecognized numeric range operator; use {', '.join(_COMPARISONS)}")
    if len(signs) == 2 and not (signs[0] in _LOWER and signs[1] in _UPPER):
        raise BadCondition("a numeric range has a lower bound first, then an upper one")
    if len(bounds) == 2 and bounds[0] >= bounds[1]:
        raise BadCondition("Bottom must be less than top")
    pairs = list(zip([_COMPARISONS[sign] for sign in signs], bounds, strict=True))
    return lambda value: (
        isinstance(value, int | float)
        and not isinstance(value, bool)
        and all(compare(value, bound) for compare, bound in pairs)
    )


def _cidr(operand: Any) -> Test:
    try:
        network = ipaddress.ip_network(str(operand), strict=False)
    except ValueError:
        raise BadCondition("Malformed CIDR") from None

    def inside(value: Scalar) -> bool:
        try:
            return isinstance(value, str) and ipaddress.ip_address(value) in network
        except ValueError:
            return False

    return inside


def _wildcard(operand: Any) -> Test:
    if not isinstance(operand, str) or not operand:
        raise BadCondition("wildcard match pattern must be a string with at least one letter")
    if "**" in operand:
        raise BadCondition("Consecutive wildcard characters")
    if operand.count("*") > _MOST_WILDCARDS:
        raise BadCondition(f"A wildcard pattern has at most {_MOST_WILDCARDS} wildcards")
    pieces = operand.split("*")
    return lambda value: isinstance(value, str) and like(value, pieces)


def _number(asked: Any) -> float:
    if not _is_number(asked):
        raise BadCondition("Match value must be String, number, true, false, or null")
    if abs(asked) > _MOST:
        raise BadCondition(f"a number must be between -{_MOST} and {_MOST}")
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
    "cidr": _cidr,
}
_BELOW_BUT = ("prefix", "suffix", "equals-ignore-case", "wildcard")
