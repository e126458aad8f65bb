"""The functions of metric math that take values and give a value.

Each takes the grid of the query and its arguments, already worked out; what it cannot take raises
BadExpression. Source: CloudWatch User Guide, "Using metric math".
"""

import itertools
import math
import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from argosy.telemetry.metrics.math.syntax import BadExpression
from argosy.telemetry.metrics.math.values import Grid, Series, Value, union

Argument = Value | str
"""A value, or a word or text as it stands."""
Function = Callable[[Grid, str, Sequence[Argument]], Value]


def _wrong(name: str, takes: str) -> BadExpression:
    return BadExpression(f"Error in expression: {name} takes {takes}.")


def _series(name: str, arguments: Sequence[Argument], takes: str = "one time series") -> Series:
    if len(arguments) != 1 or not isinstance(arguments[0], Series):
        raise _wrong(name, takes)
    return arguments[0]


def _array(name: str, arguments: Sequence[Argument], most: int = 1) -> list[Series]:
    if not 1 <= len(arguments) <= most:
        raise _wrong(name, "an array of time series")
    given = arguments[0]
    if isinstance(given, Series):
        return [given]
    if not isinstance(given, list):
        raise _wrong(name, "an array of time series")
    return given


def _number(name: str, given: Argument) -> float:
    if isinstance(given, (Series, list, str)):
        raise _wrong(name, "a number there")
    return given


# -- one value of many

_OF_VALUES: dict[str, Callable[[Sequence[float]], float]] = {
    "SUM": math.fsum,
    "AVG": statistics.fmean,
    "MAX": max,
    "MIN": min,
    "STDDEV": statistics.pstdev,
    "DATAPOINT_COUNT": lambda values: float(len(values)),
}


def of_points(name: str, one: Series) -> float:
    """A scalar of all values of a series; NaN where it has none, but 0 for sums and counts."""
    values = list(one.points.values())
    if not values:
        return 0.0 if name in ("SUM", "DATAPOINT_COUNT") else math.nan
    return float(_OF_VALUES[name](values))


def _aggregate(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    """Of a series a scalar; of an array a series. Only AVG counts missing values, as 0."""
    if len(arguments) != 1 or isinstance(arguments[0], (str, float, int)):
        raise _wrong(name, "a time series or an array of them")
    given = arguments[0]
    if isinstance(given, Series):
        return of_points(name, given)
    period = max((one.period for one in given), default=grid.period)
    points: dict[int, float] = {}
    for at in union(given):
        values = [one.points[at] for one in given if at in one.points]
        if name == "AVG":
            values += [0.0] * (len(given) - len(values))
        points[at] = float(_OF_VALUES[name](values))
    return Series(points, period)


# -- each value by itself

_OF_ONE: dict[str, Callable[[float], float]] = {
    "ABS": abs,
    "CEIL": math.ceil,
    "FLOOR": math.floor,
    "LOG": math.log,
    "LOG10": math.log10,
}


def _each(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    if len(arguments) != 1 or isinstance(arguments[0], str):
        raise _wrong(name, "a time series or an array of them")
    given = arguments[0]
    if isinstance(given, list):
        return [one.mapped(_OF_ONE[name]) for one in given]
    if isinstance(given, Series):
        return given.mapped(_OF_ONE[name])
    return Series({0: given}, grid.period).mapped(_OF_ONE[name]).points.get(0, math.nan)


# -- each value with those before it


def _steps(one: Series, work: Callable[[float, float], float]) -> Series:
    """`work` of the differences of value and of time between each point and the one before."""
    pairs = itertools.pairwise(one.points.items())
    return one.with_points(
        (at, work(value - old, float(at - before))) for (before, old), (at, value) in pairs
    )


def _running_sum(one: Series) -> Series:
    total = 0.0
    points = []
    for at, value in one.points.items():
        total += value
        points.append((at, total))
    return one.with_points(points)


_OF_SERIES: dict[str, Callable[[Series], Series]] = {
    "DIFF": lambda one: _steps(one, lambda change, _: change),
    "DIFF_TIME": lambda one: _steps(one, lambda _, seconds: seconds),
    "RATE": lambda one: _steps(one, lambda change, seconds: change / seconds),
    "RUNNING_SUM": _running_sum,
}


def _whole(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    array = _array(name, arguments)
    made = [_OF_SERIES[name](one) for one in array]
    return made if isinstance(arguments[0], list) else made[0]


# -- arrays


def _first(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    array = _array(name, arguments)
    if not array:
        return Series({}, grid.period)
    return array[0] if name == "FIRST" else array[-1]


def _metric_count(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    return float(len(_array(name, arguments)))


def _remove_empty(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    return [one for one in _array(name, arguments) if one.points]


def _sort(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    if len(arguments) not in (3, 4) or arguments[1] not in ("AVG", "MIN", "MAX", "SUM"):
        raise _wrong(name, "an array, AVG, MIN, MAX or SUM, ASC or DESC, and perhaps a limit")
    if arguments[2] not in ("ASC", "DESC"):
        raise _wrong(name, "ASC or DESC as its third argument")
    by, down = str(arguments[1]), arguments[2] == "DESC"
    keyed = [(of_points(by, one), one) for one in _array(name, arguments, most=4)]
    known = [pair for pair in keyed if not math.isnan(pair[0])]
    ordered = [one for _, one in sorted(known, key=lambda pair: pair[0], reverse=down)]
    ordered += [one for key, one in keyed if math.isnan(key)]
    return ordered[: _index(name, arguments[3])] if len(arguments) == 4 else ordered


def _slice(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    if len(arguments) not in (2, 3):
        raise _wrong(name, "an array, where to begin, and perhaps where to end")
    array = _array(name, arguments, most=3)
    begin = _index(name, arguments[1])
    return array[begin : _index(name, arguments[2])] if len(arguments) == 3 else array[begin:]


def _index(name: str, given: Argument) -> int:
    number = _number(name, given)
    if not 0 <= number <= 1e6:
        raise _wrong(name, "places from 0 on")
    return int(number)


# -- times


def _period(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    one = _series(name, arguments, "a metric")
    if not one.metrics:
        raise _wrong(name, "a metric, not the result of an expression")
    return float(one.period)


def _time_series(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    if len(arguments) != 1:
        raise _wrong(name, "one number")
    value = _number(name, arguments[0])
    return Series({}, grid.period).with_points((at, value) for at in grid.times())


_OF_TIME: dict[str, Callable[[datetime], float]] = {
    "MINUTE": lambda moment: moment.minute,
    "HOUR": lambda moment: moment.hour,
    "DAY": lambda moment: moment.isoweekday(),
    "DATE": lambda moment: moment.day,
    "MONTH": lambda moment: moment.month,
    "YEAR": lambda moment: moment.year,
    "EPOCH": lambda moment: moment.timestamp(),
}


def _calendar(grid: Grid, name: str, arguments: Sequence[Argument]) -> Value:
    one, of = _series(name, arguments), _OF_TIME[name]
    return one.with_points(
        (at, float(of(datetime.fromtimestamp(at, UTC)))) for at in grid.times(one.period)
    )


FUNCTIONS: dict[str, Function] = {
    **dict.fromkeys(_OF_VALUES, _aggregate),
    **dict.fromkeys(_OF_ONE, _each),
    **dict.fromkeys(_OF_SERIES, _whole),
    **dict.fromkeys(_OF_TIME, _calendar),
    "FIRST": _first,
    "LAST": _first,
    "METRIC_COUNT": _metric_count,
    "PERIOD": _period,
    "REMOVE_EMPTY": _remove_empty,
    "SLICE": _slice,
    "SORT": _sort,
    "TIME_SERIES": _time_series,
}
