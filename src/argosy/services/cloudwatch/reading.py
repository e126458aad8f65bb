"""CloudWatch: ListMetrics and GetMetricStatistics."""

from collections.abc import Mapping
from typing import Any

from argosy.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    MissingParameter,
)
from argosy.services.cloudwatch.paging import place_of, token_of
from argosy.services.registry import Call, operation
from argosy.telemetry.metrics import Metric, Point, statistics
from argosy.telemetry.metrics.queries import SHORT_PERIODS, metric_of, read_from

_PAGE = 500
_DAY = 86400
_ACTIVE_S = 14 * _DAY
_RECENTLY_S = 3 * 3600
_MOST_POINTS = 1440


@operation("cloudwatch", "ListMetrics")
def list_metrics(call: Call) -> dict[str, Any]:
    """Metrics with values of the last two weeks, or three hours."""
    asked = call.input
    since = call.clock.now() - (_RECENTLY_S if asked.get("RecentlyActive") else _ACTIVE_S)
    if asked.get("OwningAccount") not in (None, call.caller.account):
        return {"Metrics": []}
    found = call.metrics.find(
        call.caller.account,
        call.caller.region,
        asked.get("Namespace"),
        asked.get("MetricName"),
        {one["Name"]: one.get("Value") for one in asked.get("Dimensions") or ()},
        since,
    )
    place = place_of(asked.get("NextToken"), list)
    if place is not None:
        found = [one for one in found if _key(one) > place]
    page = found[:_PAGE]
    answer: dict[str, Any] = {"Metrics": [_listed(one) for one in page]}
    if asked.get("IncludeLinkedAccounts"):
        answer["OwningAccounts"] = [call.caller.account] * len(page)
    return {**answer, "NextToken": token_of(_key(page[-1]))} if len(found) > _PAGE else answer


def _key(one: Metric) -> list[Any]:
    return [one.namespace, one.name, [list(pair) for pair in one.dimensions]]


def _listed(one: Metric) -> dict[str, Any]:
    return {
        "Namespace": one.namespace,
        "MetricName": one.name,
        "Dimensions": [{"Name": name, "Value": value} for name, value in one.dimensions],
    }


@operation("cloudwatch", "GetMetricStatistics")
def get_metric_statistics(call: Call) -> dict[str, Any]:
    """Of a metric that does not exist there are no points."""
    asked = call.input
    named = _statistics(asked)
    start, end, period = stretch(asked, asked["Period"], call.clock.now())
    count = -((start - end) // period)
    if count > _MOST_POINTS:
        raise InvalidParameterCombination(
            f"You have requested up to {count:,} datapoints, which exceeds the limit of "
            f"{_MOST_POINTS:,}. You may reduce the datapoints requested by increasing Period, or "
            "decreasing the time range."
        )
    points = read_from(
        call.metrics,
        metric_of(asked, call.caller.account, call.caller.region),
        start,
        end,
        period,
        asked.get("Unit"),
        by_unit=True,
    )
    return {"Label": asked["MetricName"], "Datapoints": [_point(one, named) for one in points]}


def stretch(asked: Mapping[str, Any], period: int, now: float) -> tuple[int, int, int]:
    """(start, end, period); the start rounded down by its age: to seconds or the period for short
    ones, else to a minute, five minutes (after 15 days) or an hour (after 63 days).

    Raises InvalidParameterValue.
    """
    if period not in SHORT_PERIODS and period % 60:
        raise InvalidParameterValue(
            "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        )
    start, end = asked["StartTime"].timestamp(), asked["EndTime"].timestamp()
    if start >= end:
        raise InvalidParameterValue(
            "The parameter StartTime must be less than the parameter EndTime."
        )
    step = rounding(start, now, period)
    return int(start // step * step), -int(-end // 1), period


def rounding(start: float, now: float, period: int) -> int:
    """To a multiple of how many seconds a start is rounded down."""
    age = now - start
    if age > 63 * _DAY:
        return 3600
    if age > 15 * _DAY:
        return 300
    return period if period < 60 else 60


def _statistics(asked: Mapping[str, Any]) -> dict[str, statistics.Statistic]:
    plain, extended = asked.get("Statistics"), asked.get("ExtendedStatistics")
    if plain and extended:
        raise InvalidParameterCombination(
            "The parameters Statistics and ExtendedStatistics are mutually exclusive and you have "
            "specified both."
        )
    if not plain and not extended:
        raise MissingParameter(
            "At least one of the parameters Statistics and ExtendedStatistics must be specified."
        )
    try:
        found = {name: statistics.parse(name) for name in plain or extended or ()}
    except statistics.BadStatistic as error:
        raise InvalidParameterValue(str(error)) from None
    if extended and found.keys() & statistics.PLAIN.keys():
        raise InvalidParameterValue("ExtendedStatistics takes no statistic of Statistics.")
    return found


def _point(one: Point, named: Mapping[str, statistics.Statistic]) -> dict[str, Any]:
    values = {name: asked.of(one.sample) for name, asked in named.items()}
    plain = {name: value for name, value in values.items() if name in statistics.PLAIN}
    extended = {
        name: value for name, value in values.items() if name not in plain and value is not None
    }
    return {
        "Timestamp": float(one.start),
        "Unit": one.unit,
        **plain,
        **({"ExtendedStatistics": extended} if extended else {}),
    }
