"""The values of templates: how they are written, compared, reckoned with and reached into.

What is too large to be held or written is refused. Texts and sums are those of Java.
"""

import operator
from collections.abc import Callable, Mapping
from typing import Any

from argosy.ground.gateway.velocity.methods import METHODS

MAX_STEPS = 200_000
"""Parts of a template that are evaluated, loops included."""
MAX_OUTPUT = 10 << 20
"""Characters that a template writes."""
_LARGEST = 1 << 63

_SIGNS: dict[str, Callable[[Any, Any], Any]] = {
    "<": operator.lt,
    ">": operator.gt,
    "<=": operator.le,
    ">=": operator.ge,
    "-": operator.sub,
    "*": operator.mul,
}


class TemplateError(ValueError):
    """The template cannot be read, or what it does cannot be done."""


class Methods(dict[str, Any]):
    """What a template is given under one name: properties, and functions to be called."""


def truth(value: Any) -> bool:
    """Velocity's idea of it: nothing, false and empty things are false; zero is true of old, and
    false now as in Velocity 2."""
    return bool(value)


def as_text(value: Any) -> str:
    """As Java writes it. Raises TemplateError for what is too large to be written."""
    if isinstance(value, list | dict):
        check_size(value)
    return _short(_written(value))


def check_size(value: Any) -> None:
    """Raises TemplateError for a value of too many parts: a part may stand in many places."""
    left, waiting = MAX_STEPS, [value]
    while waiting:
        left -= 1
        if left < 0 or len(waiting) > MAX_STEPS:
            raise TemplateError("a value is too large")
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one


def _written(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Methods):
        return ""
    if isinstance(value, list):
        return f"[{', '.join(_written(item) for item in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}={_written(item)}" for key, item in value.items()) + "}"
    return str(value)


def operate(sign: str, left: Any, right: Any) -> Any:
    """What a comparison or a sum is worth; None where the two do not go together.

    Raises TemplateError for what is too large.
    """
    if sign in ("==", "!="):
        same = left == right or (
            left is not None and right is not None and as_text(left) == as_text(right)
        )
        return same if sign == "==" else not same
    if sign == "+" and (isinstance(left, str) or isinstance(right, str)):
        return _short(as_text(left) + as_text(right))
    if not _is_number(left) or not _is_number(right):
        both_text = isinstance(left, str) and isinstance(right, str)
        return _SIGNS[sign](left, right) if both_text and sign[0] in "<>" else None
    if sign in ("/", "%"):
        return _divided(sign, left, right)
    return _near(left + right if sign == "+" else _SIGNS[sign](left, right))


def _short(text: str) -> str:
    if len(text) > MAX_OUTPUT:
        raise TemplateError("a text is too long")
    return text


def _near(number: Any) -> Any:
    if abs(number) > _LARGEST:
        raise TemplateError("a number is too large")
    return number


def _divided(sign: str, left: Any, right: Any) -> Any:
    if right == 0:
        return None
    whole = isinstance(left, int) and isinstance(right, int)
    if sign == "/":
        return int(left / right) if whole else left / right
    return left - right * int(left / right)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def item_of(held: Any, key: Any) -> Any:
    """`held[key]`; None where there is nothing."""
    if isinstance(held, Mapping):
        return held.get(key if isinstance(key, str) else as_text(key))
    if isinstance(held, list) and isinstance(key, int) and -len(held) <= key < len(held):
        return held[key]
    return None


def call_method(held: Any, name: str, arguments: list[Any]) -> Any:
    """`held.name(arguments)`. Raises TemplateError."""
    if isinstance(held, Methods):
        found = held.get(name)
        if not callable(found):
            raise TemplateError(f"there is no method {name}")
        bound: Callable[..., Any] = found
    else:
        method = METHODS.get((_kind(held), name))
        if method is None:
            raise TemplateError(f"there is no method {name} of {_kind(held)}")
        bound = lambda *given: method(held, *given)  # noqa: E731
    try:
        return bound(*arguments)
    except (TypeError, IndexError, AttributeError, KeyError) as error:
        raise TemplateError(f"{name}: {error}") from None


def _kind(held: Any) -> str:
    if isinstance(held, str):
        return "text"
    if isinstance(held, list):
        return "list"
    return "map" if isinstance(held, dict) else "number"
