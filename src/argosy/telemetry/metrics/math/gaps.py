"""FILL and IF: the functions of metric math that say what becomes of missing points."""

from collections.abc import Iterator, Sequence

from argosy.telemetry.metrics.math.functions import Argument
from argosy.telemetry.metrics.math.syntax import BadExpression
from argosy.telemetry.metrics.math.values import Grid, Series, Value


def fill(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    """FILL(series or array, number | series | REPEAT | LINEAR)."""
    if len(arguments) != 2 or not isinstance(arguments[0], (Series, list)):
        raise BadExpression("Error in expression: FILL takes time series and what to fill in.")
    given, filler = arguments
    if isinstance(filler, list) or (isinstance(filler, str) and filler not in ("REPEAT", "LINEAR")):
        raise BadExpression("Error in expression: FILL takes a number, a series, REPEAT or LINEAR.")
    if isinstance(given, list):
        return [_filled(grid, one, filler) for one in given]
    assert isinstance(given, Series)
    return _filled(grid, given, filler)


def _filled(grid: Grid, one: Series, filler: float | Series | str) -> Series:
    times = grid.times(one.period)
    if filler == "REPEAT":
        return one.with_points(_repeated(one, times))
    if filler == "LINEAR":
        return one.with_points(_interpolated(one, times))
    if isinstance(filler, Series):
        both = {**filler.points, **one.points}
        return one.with_points((at, both[at]) for at in times if at in both)
    assert not isinstance(filler, str)
    return one.with_points((at, one.points.get(at, filler)) for at in times)


def _repeated(one: Series, times: range) -> Iterator[tuple[int, float]]:
    last = None
    for at in times:
        last = one.points.get(at, last)
        if last is not None:
            yield at, last


def _interpolated(one: Series, times: range) -> Iterator[tuple[int, float]]:
    """Before the first point and after the last one there is nothing to go by."""
    known = list(one.points.items())
    place = 0
    for at in times:
        while place + 1 < len(known) and known[place + 1][0] <= at:
            place += 1
        if not known or at < known[0][0]:
            continue
        before, value = known[place]
        if before == at:
            yield at, value
        elif place + 1 < len(known):
            after, later = known[place + 1]
            yield at, value + (later - value) * (at - before) / (after - before)


def choose(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    """IF(condition, value, other value): for each point of a condition that is a series."""
    if len(arguments) not in (2, 3) or any(isinstance(one, (str, list)) for one in arguments):
        raise BadExpression(
            "Error in expression: IF takes a condition, a value and perhaps another value; each is "
            "a number or a time series."
        )
    condition, then, *rest = arguments
    other = rest[0] if rest else None
    assert not isinstance(then, str)
    assert not isinstance(other, str)
    if not isinstance(condition, Series):
        chosen = then if condition else other
        return Series({}, grid.period) if chosen is None else chosen
    return condition.with_points(_chosen(condition, then, other))


def _chosen(condition: Series, then: Value, other: Value | None) -> Iterator[tuple[int, float]]:
    """Where the condition holds a missing value counts as 0; where not, it is dropped."""
    for at, holds in condition.points.items():
        if holds:
            yield at, then.points.get(at, 0.0) if isinstance(then, Series) else then  # type: ignore[misc]
        elif isinstance(other, Series):
            if at in other.points:
                yield at, other.points[at]
        elif other is not None:
            yield at, other  # type: ignore[misc]
