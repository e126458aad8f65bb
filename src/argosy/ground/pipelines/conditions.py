"""Whether conditions hold: Equals, GreaterThan, In, Not, Or and their like. Pure."""

from collections.abc import Callable
from typing import Any

from argosy.ground.pipelines.errors import BadDefinition, Unresolved
from argosy.ground.pipelines.references import Scope, resolve

_COMPARES: dict[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda left, right: bool(left == right),
    "NotEquals": lambda left, right: bool(left != right),
    "GreaterThan": lambda left, right: bool(left > right),
    "GreaterThanOrEqualTo": lambda left, right: bool(left >= right),
    "LessThan": lambda left, right: bool(left < right),
    "LessThanOrEqualTo": lambda left, right: bool(left <= right),
}
_TYPES = (*_COMPARES, "In", "Not", "Or", "And")


def check(condition: Any) -> None:
    """Raises BadDefinition for what is no condition."""
    kind = condition.get("Type") if isinstance(condition, dict) else None
    if not isinstance(kind, str) or kind not in _TYPES:
        raise BadDefinition(f"A condition has Type {kind!r}; it can be {', '.join(_TYPES)}.")
    if kind in _COMPARES:
        _demand(condition, "LeftValue", "RightValue")
    elif kind == "In":
        _demand(condition, "QueryValue", "Values")
        if not isinstance(condition["Values"], list):
            raise BadDefinition("Values of a condition of Type In is a list.")
    elif kind == "Not":
        _demand(condition, "Condition")
        check(condition["Condition"])
    else:
        _demand(condition, "Conditions")
        check_all(condition["Conditions"])


def check_all(conditions: Any) -> None:
    """Raises BadDefinition for what is no list of conditions."""
    if not isinstance(conditions, list) or not conditions:
        raise BadDefinition("Conditions is a list of at least one condition.")
    for condition in conditions:
        check(condition)


def holds(condition: dict[str, Any], scope: Scope) -> bool:
    """Raises Unresolved for values that there are not, or that cannot be compared."""
    kind = condition["Type"]
    if kind == "Not":
        return not holds(condition["Condition"], scope)
    if kind == "Or":
        return any(holds(one, scope) for one in condition["Conditions"])
    if kind == "And":
        return all(holds(one, scope) for one in condition["Conditions"])
    if kind == "In":
        wanted = resolve(condition["QueryValue"], scope)
        values = (resolve(value, scope) for value in condition["Values"])
        return any(left == right for left, right in (_alike(wanted, value) for value in values))
    left, right = resolve(condition["LeftValue"], scope), resolve(condition["RightValue"], scope)
    try:
        return _COMPARES[kind](*_alike(left, right))
    except TypeError:
        raise Unresolved(f"{kind}: {left!r} and {right!r} cannot be compared.") from None


def _alike(left: Any, right: Any) -> tuple[Any, Any]:
    """A number that came as text is compared with numbers as one."""
    if isinstance(left, str) and _is_number(right):
        return _number(left), right
    if isinstance(right, str) and _is_number(left):
        return left, _number(right)
    return left, right


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _number(text: str) -> Any:
    try:
        return float(text)
    except ValueError:
        return text


def _demand(condition: dict[str, Any], *members: str) -> None:
    for member in members:
        if member not in condition:
            raise BadDefinition(f"A condition of Type {condition['Type']} needs {member}.")
