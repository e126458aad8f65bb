"""Several metrics and expressions over them, asked for together: GetMetricData, and alarms.

A query is a MetricDataQuery of CloudWatch: it has an Id, and either names a metric with a statistic
(MetricStat) or is an expression over the ids of others. Refuses what is not offered when it is
checked, not only when it is asked.
"""

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from argosy.telemetry.metrics import statistics
from argosy.telemetry.metrics.math import (
    BadExpression,
    Grid,
    Scope,
    Series,
    answer,
    names_in,
    parse,
)
from argosy.telemetry.metrics.math.evaluate import check as check_functions
from argosy.telemetry.metrics.metric import Metric, metric
from argosy.telemetry.metrics.sample import merge
from argosy.telemetry.metrics.store import MetricStore, Point

SHORT_PERIODS = (1, 5, 10, 20, 30)
_PIECE = 500
"""Points that are read at once."""
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")


class BadQuery(ValueError):
    """What is asked cannot be answered; the message says why."""


@dataclass(frozen=True, slots=True)
class Query:
    """One metric or expression."""

    id: str
    expression: str
    """"" for a metric."""
    metric: Metric | None
    stat: str
    period: int | None
    """Seconds; of an expression None unless it was given."""
    unit: str | None
    label: str
    returned: bool


def query_of(
    member: Mapping[str, Any], account: str, region: str, *, any_period: bool = False
) -> Query:
    """Reads a MetricDataQuery. Raises BadQuery.

    any_period: also one that CloudWatch does not have, as alarms of scaling may.
    """
    name = member["Id"]
    if not _ID.fullmatch(name):
        raise BadQuery(
            f"The value {name!r} for parameter Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat, expression = member.get("MetricStat"), member.get("Expression")
    if (stat is None) == (expression is None):
        raise BadQuery(f"The query {name} must have exactly one of Expression and MetricStat.")
    if member.get("AccountId") not in (None, account):
        raise BadQuery(f"The query {name} asks for another account: cross-account is not offered.")
    period = member.get("Period")
    shared = {
        "id": name,
        "label": member.get("Label") or "",
        "returned": member.get("ReturnData", True),
    }
    if stat is None:
        _check_period(period, any_period)
        return Query(
            expression=str(expression), metric=None, stat="", period=period, unit=None, **shared
        )
    _check_period(stat["Period"], any_period)
    _check_stat(stat["Stat"])
    return Query(
        expression="",
        metric=metric_of(stat["Metric"], account, region),
        stat=stat["Stat"],
        period=stat["Period"],
        unit=stat.get("Unit"),
        **shared,
    )


def metric_of(members: Mapping[str, Any], account: str, region: str) -> Metric:
    """Reads Namespace, MetricName and Dimensions. Raises BadQuery."""
    if not members.get("Namespace") or not members.get("MetricName"):
        raise BadQuery("A metric must have a Namespace and a MetricName.")
    dimensions = {one["Name"]: one["Value"] for one in members.get("Dimensions") or ()}
    return metric(account, region, members["Namespace"], members["MetricName"], dimensions)


def check(queries: Sequence[Query]) -> None:
    """Raises BadQuery where queries do not fit together, or an expression is none."""
    ids = [query.id for query in queries]
    if len(set(ids)) < len(ids):
        raise BadQuery("The ids of the queries must differ.")
    trees = {}
    for query in queries:
        if not query.expression:
            continue
        try:
            tree = parse(query.expression)
            check_functions(tree)
        except BadExpression as error:
            raise BadQuery(f"The expression of {query.id} is not valid: {error}") from None
        trees[query.id] = names_in(tree)
        unknown = trees[query.id].difference(ids)
        if unknown:
            raise BadQuery(
                f"The expression of {query.id} refers to {sorted(unknown)[0]}, which is no query."
            )
    _check_order(trees)


def _check_order(needs: Mapping[str, set[str]]) -> None:
    """Raises BadQuery where expressions need each other."""
    left = {name: {one for one in needed if one in needs} for name, needed in needs.items()}
    while left:
        ready = [name for name, needed in left.items() if not needed & left.keys()]
        if not ready:
            raise BadQuery(f"The expression of {sorted(left)[0]} needs its own result.")
        for name in ready:
            del left[name]


def _check_period(period: int | None, any_period: bool) -> None:
    if period is not None and not any_period and period not in SHORT_PERIODS and period % 60:
        raise BadQuery("Period must be 1, 5, 10, 20, 30 or a multiple of 60.")


def _check_stat(stat: str) -> None:
    try:
        statistics.parse(stat)
    except statistics.BadStatistic as error:
        raise BadQuery(str(error)) from None


def read_from(
    store: MetricStore,
    asked: Metric,
    start: int,
    end: int,
    period: int,
    unit: str | None = None,
    *,
    by_unit: bool = False,
) -> list[Point]:
    """Points of periods that begin at `start`, wherever that is: (start, start + period, …).

    Of a metric with several units each period has one point for all of them, or one for each.
    """
    step = math.gcd(period, start)
    found: dict[tuple[int, str], list[Point]] = {}
    for point in store.read(asked, start, end, step, unit):
        place = start + (point.start - start) // period * period
        found.setdefault((place, point.unit if by_unit else ""), []).append(point)
    return [
        Point(at, merge(point.sample for point in points), points[0].unit)
        for (at, _), points in sorted(found.items())
    ]


def series_of(points: Iterable[Point], stat: str, period: int, label: str) -> Series:
    """A statistic of points as a series; where it cannot be told there is no point."""
    asked = statistics.parse(stat)
    values = ((point.start, asked.of(point.sample)) for point in points)
    return Series({at: value for at, value in values if value is not None}, period, label, True)


class Answers:
    """The results of queries over one stretch of time; each is worked out once.

    `start` and `end` in epoch seconds; [start, end).
    """

    def __init__(self, queries: Sequence[Query], store: MetricStore, start: int, end: int) -> None:
        self._queries = {query.id: query for query in queries}
        self._store = store
        self._start, self._end = start, end
        periods = [query.period for query in queries if query.metric and query.period]
        self.period = max(periods, default=60)
        self._done: dict[str, Series | list[Series]] = {}

    def fetch(self) -> Iterator[None]:
        """Read every metric, a piece at a time: whoever iterates may do something else between.

        After that nothing is read any more, and `of` may be asked in another thread.
        """
        for query in self._queries.values():
            if query.metric is None or query.period is None:
                continue
            points: dict[int, float] = {}
            step = _PIECE * query.period
            for start in range(self._start, self._end, step):
                points |= self._metric(query, start, min(start + step, self._end)).points
                yield
            whole = self._metric(query, self._start, self._start)
            self._done[query.id] = replace(whole, points=points)

    def of(self, name: str) -> Series | list[Series]:
        """What a query gives. Raises BadExpression."""
        if name not in self._done:
            query = self._queries.get(name)
            if query is None:
                raise BadExpression(f"There is no query {name}.")
            self._done[name] = (
                self._metric(query, self._start, self._end)
                if query.metric
                else self._expression(query)
            )
        return self._done[name]

    def _metric(self, query: Query, start: int, end: int) -> Series:
        assert query.metric is not None
        assert query.period is not None
        points = read_from(self._store, query.metric, start, end, query.period, query.unit)
        return series_of(points, query.stat, query.period, query.label or query.metric.name)

    def _expression(self, query: Query) -> Series | list[Series]:
        grid = Grid(self._start, self._end, query.period or self.period)
        return answer(parse(query.expression), Scope(grid, self.of, self._metrics))

    def _metrics(self, part: str) -> list[Series]:
        named = [query for query in self._queries.values() if query.metric and part in query.id]
        found = [self.of(query.id) for query in named]
        return [one for one in found if isinstance(one, Series)]
