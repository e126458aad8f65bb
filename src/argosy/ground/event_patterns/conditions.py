"""One condition of an event pattern: a value, or an operator and its operand. Pure.

A condition looks at the scalars that an event has at a leaf, and holds when any of them fits; only
"exists" looks at whether there are any. Source: Amazon EventBridge User Guide, "Comparison
operators for use in event patterns".
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
    text_of,
    unlike,
)
from argosy.ground.event_patterns.globbing import like, split
from argosy.ground.event_patterns.values import Number, number_of

Condition = Callable[[Sequence[Any]], bool]

_MOST = 5_000_000_000


def condition(asked: Any) -> Condition:
    """The condition that a JSON value of a leaf's list stands for. Raises BadPattern."""
    wanted = existence(asked)
    if wanted is not None:
        return lambda values: bool(values) is wanted
    test = test_of(asked, OPERATORS, _exactly)
    return lambda values: any(test(value) for value in values)


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
            folded = text_of(name, operand["equals-ignore-case"]).casefold()
            return lambda value: isinstance(value, str) and fits(value.casefold(), folded)
        text = text_of(name, operand)
        return lambda value: isinstance(value, str) and fits(value, text)

    return make


def _ignoring_case(operand: Any) -> Test:
    folded = text_of("equals-ignore-case", operand).casefold()
    return lambda value: isinstance(value, str) and value.casefold() == folded


def _wildcard(operand: Any) -> Test:
    text = text_of("wildcard", operand)
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
        return unlike(operand, OPERATORS)
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


def _numeric(operand: Any) -> Test:
    inside = in_range(operand, _bound)

    def fits(value: Any) -> bool:
        number = number_of(value)
        return number is not None and inside(number.value)

    return fits


def _bound(asked: Any) -> float:
    number: Number | None = number_of(asked)
    if number is None:
        raise BadPattern("Numeric range bounds must be numbers")
    if not abs(number.value) <= _MOST:
        raise BadPattern("Value must be between -5.0E9 and 5.0E9, inclusive")
    return number.value


OPERATORS: dict[str, Callable[[Any], Test]] = {
    "anything-but": _anything_but,
    "cidr": in_network,
    "equals-ignore-case": _ignoring_case,
    "numeric": _numeric,
    "prefix": _ends("prefix", str.startswith),
    "suffix": _ends("suffix", str.endswith),
    "wildcard": _wildcard,
}
KEYWORDS = frozenset({*OPERATORS, "exists"})
