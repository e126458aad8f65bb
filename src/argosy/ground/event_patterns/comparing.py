"""What conditions of event patterns and SNS's filter policies have in common. Pure.

AWS reads both by the same rules, and refuses them with the same words. What a number or a text is,
and what "exists" looks at, each says for itself (`conditions`, `messaging.filter_conditions`).
"""

import ipaddress
import operator
from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Any], bool]
"""Whether a scalar of an event or a message fits."""
Operators = Mapping[str, Callable[[Any], Test]]
"""By name: the test that an operand stands for; raises BadPattern."""

BELOW_BUT = ("equals-ignore-case", "prefix", "suffix", "wildcard")
"""Operators that anything-but can turn round."""

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "=": operator.eq,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_LOWER, _UPPER = (">", ">="), ("<", "<=")


class BadPattern(ValueError):
    """It is not a pattern; the message says what is wrong."""


def existence(asked: Any) -> bool | None:
    """What "exists" asks for; None for any other condition. Raises BadPattern."""
    if not isinstance(asked, dict) or set(asked) != {"exists"}:
        return None
    wanted = asked["exists"]
    if not isinstance(wanted, bool):
        raise BadPattern("exists match pattern must be either true or false")
    return wanted


def test_of(asked: Any, operators: Operators, exactly: Callable[[Any], Test]) -> Test:
    """Of one operator with its operand, or of a value by itself. Raises BadPattern."""
    if not isinstance(asked, dict):
        return exactly(asked)
    if len(asked) != 1:
        raise BadPattern("Only one key allowed in match expression")
    ((name, operand),) = asked.items()
    make = operators.get(name)
    if make is None:
        raise BadPattern(f"Unrecognized match type {name[:64]}")
    return make(operand)


def unlike(operand: dict[str, Any], operators: Operators) -> Test:
    """anything-but with one of the operators for texts, and one or several texts."""
    if len(operand) != 1 or not set(operand) <= set(BELOW_BUT):
        raise BadPattern(f"anything-but takes one of {', '.join(BELOW_BUT)}, a value, or a list")
    ((name, below),) = operand.items()
    patterns = below if isinstance(below, list) else [below]
    if not patterns or not all(isinstance(pattern, str) for pattern in patterns):
        raise BadPattern(f"anything-but {name} takes a string or a list of strings")
    tests = [operators[name](pattern) for pattern in patterns]
    return lambda value: not any(test(value) for test in tests)


def in_range(operand: Any, bound: Callable[[Any], float]) -> Callable[[float], bool]:
    """["=", n], [">", n], or a range: [">", n, "<=", m]; `bound` reads a number of it."""
    if not isinstance(operand, list) or len(operand) not in (2, 4):
        raise BadPattern("Value of numeric must be an array of an operator and a number, or of two")
    signs, bounds = operand[::2], [bound(one) for one in operand[1::2]]
    if any(not isinstance(sign, str) or sign not in _COMPARISONS for sign in signs):
        raise BadPattern(f"Unrecognized numeric range operator: use {', '.join(_COMPARISONS)}")
    if len(signs) == 2 and not (signs[0] in _LOWER and signs[1] in _UPPER):
        raise BadPattern("Bad numeric range: it has a lower bound first, then an upper one")
    if len(bounds) == 2 and bounds[0] >= bounds[1]:
        raise BadPattern("Bottom must be less than top")
    checks = list(zip((_COMPARISONS[sign] for sign in signs), bounds, strict=True))
    return lambda number: all(fits(number, limit) for fits, limit in checks)


def in_network(operand: Any) -> Test:
    """An address within a network: "10.0.0.0/8"."""
    text = text_of("cidr", operand)
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


def text_of(name: str, operand: Any) -> str:
    """The operand of the operator with this name. Raises BadPattern for what is no text."""
    if not isinstance(operand, str):
        raise BadPattern(f"{name} match pattern must be a string")
    return operand
