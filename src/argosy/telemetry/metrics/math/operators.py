"""The operators of metric math, between scalars, series and arrays of series.

Where only one of two series has a value the other's counts as 0. What divides by zero is dropped.
"""

import operator
from collections.abc import Callable

from argosy.telemetry.metrics.math.syntax import BadExpression
from argosy.telemetry.metrics.math.values import Series, Value, tried, union

_Binary = Callable[[float, float], float]


def _as_number(compare: Callable[[float, float], bool]) -> _Binary:
    return lambda left, right: float(compare(left, right))


_SIGNS: dict[str, _Binary] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
    "==": _as_number(operator.eq),
    "!=": _as_number(operator.ne),
    "<": _as_number(operator.lt),
    "<=": _as_number(operator.le),
    ">": _as_number(operator.gt),
    ">=": _as_number(operator.ge),
    "AND": lambda left, right: float(bool(left) and bool(right)),
    "OR": lambda left, right: float(bool(left) or bool(right)),
}


def operate(sign: str, left: Value, right: Value) -> Value:
    """left sign right. Raises BadExpression between two arrays."""
    if isinstance(left, list) and isinstance(right, list):
        raise BadExpression(f"Error in expression: {sign} is not possible between two arrays.")
    if isinstance(left, list):
        return [_one(sign, item, right) for item in left]  # type: ignore[arg-type]
    if isinstance(right, list):
        return [_one(sign, left, item, label=item.label) for item in right]
    if isinstance(left, Series) or isinstance(right, Series):
        return _one(sign, left, right)
    return tried(_SIGNS[sign], left, right)


def negative(value: Value) -> Value:
    if isinstance(value, list):
        return [item.mapped(operator.neg) for item in value]
    return value.mapped(operator.neg) if isinstance(value, Series) else -value


def _one(
    sign: str, left: float | Series, right: float | Series, label: str | None = None
) -> Series:
    work = _SIGNS[sign]
    if isinstance(left, Series) and isinstance(right, Series):
        points = (
            (at, tried(work, left.points.get(at, 0.0), right.points.get(at, 0.0)))
            for at in union((left, right))
        )
        made = left.with_points(points)
    elif isinstance(left, Series):
        assert not isinstance(right, Series)
        number = right
        made = left.mapped(lambda value: work(value, number))
    else:
        assert isinstance(right, Series)
        first = left
        made = right.mapped(lambda value: work(first, value))
    if label is None or made.label == label:
        return made
    return Series(made.points, made.period, label)
