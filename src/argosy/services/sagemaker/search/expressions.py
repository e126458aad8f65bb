"""Whether a resource fits a SearchExpression. Pure: the resource is what Describe shows.

A property is named by the path to it ("AlgorithmSpecification.TrainingImage"). On the way lists
mean any of their entries; "Tags.KEY" is the value of a tag, "Metrics.NAME" of a final metric.
"""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

from argosy.ground.errors import ValidationException

Resource = dict[str, Any]

_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "GreaterThan": lambda value, bound: value > bound,
    "GreaterThanOrEqualTo": lambda value, bound: value >= bound,
    "LessThan": lambda value, bound: value < bound,
    "LessThanOrEqualTo": lambda value, bound: value <= bound,
}
_MOST_DEPTH = 50


def fits(resource: Resource, expression: dict[str, Any] | None, depth: int = 0) -> bool:
    """Whether all (or, with Operator Or, any) of its conditions hold; none at all fits everything.

    Raises ValidationException for values that cannot be compared, and for too much nesting.
    """
    if depth > _MOST_DEPTH:
        raise ValidationException(f"SubExpressions are nested more than {_MOST_DEPTH} deep.")
    if not expression:
        return True
    outcomes = [
        *(_holds(resource, one) for one in expression.get("Filters") or ()),
        *(_nested(resource, one) for one in expression.get("NestedFilters") or ()),
        *(fits(resource, one, depth + 1) for one in expression.get("SubExpressions") or ()),
    ]
    if not outcomes:
        return True
    return any(outcomes) if expression.get("Operator") == "Or" else all(outcomes)


def values_at(resource: Resource, path: str) -> list[Any]:
    """Every value that the path leads to."""
    return list(_at(resource, path))


def _at(value: Any, path: str) -> Iterator[Any]:
    if isinstance(value, list):
        for entry in value:
            yield from _at(entry, path)
        return
    if not path:
        if value is not None:
            yield value
        return
    if not isinstance(value, dict):
        return
    name, _, rest = path.partition(".")
    if name == "Tags" and rest:
        yield from (t["Value"] for t in value.get("Tags") or () if t["Key"] == rest)
    elif name == "Metrics" and rest:
        yield from _metrics(value, rest)
    elif path in value:  # a key of a map that has dots in it
        yield from _at(value[path], "")
    elif name in value:
        yield from _at(value[name], rest)


def _metrics(resource: Resource, name: str) -> Iterator[Any]:
    for metric in resource.get("FinalMetricDataList") or ():
        if metric["MetricName"] == name.removesuffix(".Value"):
            yield metric["Value"]


def _nested(resource: Resource, nested: dict[str, Any]) -> bool:
    """One entry of the list must fit all the filters; their names begin with the list's."""
    prefix = nested["NestedPropertyName"]
    entries: list[Any] = []
    for value in _lists(resource, prefix):
        entries.extend(value if isinstance(value, list) else [value])
    filters = [{**one, "Name": one["Name"].removeprefix(f"{prefix}.")} for one in nested["Filters"]]
    return any(
        isinstance(entry, dict) and all(_holds(entry, one) for one in filters) for entry in entries
    )


def _lists(value: Any, path: str) -> Iterator[Any]:
    name, _, rest = path.partition(".")
    if isinstance(value, dict) and name in value:
        if rest:
            yield from _lists(value[name], rest)
        else:
            yield value[name]


def _holds(resource: Resource, one: dict[str, Any]) -> bool:
    operator, values = one.get("Operator") or "Equals", values_at(resource, one["Name"])
    if operator == "Exists":
        return bool(values)
    if operator == "NotExists":
        return not values
    given = one.get("Value")
    if given is None:
        raise ValidationException(f"The filter on {one['Name']} needs a Value for {operator}.")
    if operator == "NotEquals":
        return not any(_equal(value, given) for value in values)
    return any(_compares(operator, value, given, one["Name"]) for value in values)


def _compares(operator: str, value: Any, given: str, name: str) -> bool:
    if operator == "Equals":
        return _equal(value, given)
    if operator == "In":
        return any(_equal(value, part.strip()) for part in given.split(","))
    if operator == "Contains":
        return given in str(value)
    return _ORDERED[operator](*_ordered(value, given, name))


def _equal(value: Any, given: str) -> bool:
    if isinstance(value, bool):
        return str(value).lower() == given.lower()
    if isinstance(value, int | float):
        number = _number(given)
        return number is not None and float(value) == number
    return str(value) == given


def _ordered(value: Any, given: str, name: str) -> tuple[Any, Any]:
    """Both as what can be compared: numbers (times are numbers too), else texts."""
    left, right = _number(value), _number(given)
    if left is not None and right is None:
        raise ValidationException(
            f"The value {given[:64]!r} of the filter on {name} is neither a number nor a time."
        )
    if left is None or right is None:
        return str(value), given
    return left, right


def _number(value: Any) -> float | None:
    """A number, or a time in epoch seconds."""
    if isinstance(value, datetime):
        return value.timestamp()
    try:
        return float(value)
    except (TypeError, ValueError):
        pass
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
