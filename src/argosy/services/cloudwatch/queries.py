"""CloudWatch: GetMetricData, with metric math."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from argosy.services.cloudwatch.errors import ServiceValidationError
from argosy.services.cloudwatch.paging import place_of, token_of
from argosy.services.cloudwatch.reading import rounding
from argosy.services.registry import Call, operation
from argosy.telemetry.metrics.labels import dynamic
from argosy.telemetry.metrics.math import BadExpression, Series
from argosy.telemetry.metrics.queries import Answers, BadQuery, Query, check, query_of

_MOST_QUERIES = 500
_MOST_POINTS = 100_800

Point = tuple[int, float]


@operation("cloudwatch", "GetMetricData")
async def get_metric_data(call: Call) -> dict[str, Any]:
    """As many points as are asked for; the token goes on after them.

    Others have their turn meanwhile: metrics are read in pieces, math is done in a thread.
    """
    asked = call.input
    queries = _queries(call)
    skip = place_of(asked.get("NextToken"), int) or 0
    most = asked.get("MaxDatapoints") or _MOST_POINTS
    if not 1 <= most <= _MOST_POINTS:
        raise ServiceValidationError(f"MaxDatapoints must be from 1 to {_MOST_POINTS}.")
    answers = _answers(call, queries)
    for _ in answers.fetch():
        await asyncio.sleep(0)
    results = await asyncio.to_thread(_results, queries, answers)
    if asked.get("ScanBy") != "TimestampAscending":
        results = [(query, label, points[::-1]) for query, label, points in results]
    page, more = _page(results, skip, most)
    answer: dict[str, Any] = {"MetricDataResults": page, "Messages": []}
    return {**answer, "NextToken": token_of(skip + most)} if more else answer


def _queries(call: Call) -> list[Query]:
    given = call.input["MetricDataQueries"]
    if not 1 <= len(given) <= _MOST_QUERIES:
        raise ServiceValidationError(
            f"The collection MetricDataQueries must have a size from 1 to {_MOST_QUERIES}."
        )
    try:
        queries = [query_of(one, call.caller.account, call.caller.region) for one in given]
        check(queries)
    except BadQuery as error:
        raise ServiceValidationError(str(error)) from None
    if not any(query.returned for query in queries):
        raise ServiceValidationError("At least one query must have ReturnData true.")
    return queries


def _answers(call: Call, queries: Sequence[Query]) -> Answers:
    asked, now = call.input, call.clock.now()
    start, end = asked["StartTime"].timestamp(), asked["EndTime"].timestamp()
    if start >= end:
        raise ServiceValidationError("The parameter EndTime must be greater than StartTime.")
    shortest = min((query.period or 60 for query in queries), default=60)
    step = rounding(start, now, shortest)
    first, last = int(start // step * step), -int(-end // 1)
    points = [(last - first) // one.period for one in queries if one.metric and one.period]
    if max(points, default=0) > _MOST_POINTS or sum(points) > 10 * _MOST_POINTS:
        raise ServiceValidationError(
            f"The queries ask for up to {sum(points):,} datapoints; ask for at most "
            f"{_MOST_POINTS:,} of each metric and {10 * _MOST_POINTS:,} altogether, by less time, "
            "fewer metrics or longer periods."
        )
    return Answers(queries, call.metrics, first, last)


Result = tuple[Query, str, list[Point]]


def _results(queries: Sequence[Query], answers: Answers) -> list[Result]:
    """What each query gives that is to be returned: (query, label, points from the oldest on)."""
    results: list[Result] = []
    for query in queries:
        if not query.returned:
            continue
        try:
            found = answers.of(query.id)
        except BadExpression as error:
            raise ServiceValidationError(f"Error in expression {query.id!r}: {error}") from None
        results += [
            (query, label, list(one.points.items())) for label, one in _labelled(query, found)
        ]
    return results


def _labelled(query: Query, found: Series | list[Series]) -> Iterator[tuple[str, Series]]:
    for one in [found] if isinstance(found, Series) else found:
        if isinstance(found, Series):
            plain = query.metric.name if query.metric else query.id
            label = query.label or plain
        else:
            plain = " ".join(part for part in (query.id, one.label) if part)
            label = f"{query.label} {one.label}".strip() if query.label else plain
        yield dynamic(label, plain, query, list(one.points.values())), one


def _page(results: Sequence[Result], skip: int, most: int) -> tuple[list[Mapping[str, Any]], bool]:
    """The points from number `skip` on, `most` of them, and whether there are more."""
    page: list[Mapping[str, Any]] = []
    place, end = 0, skip + most
    for query, label, points in results:
        first, last = place, place + len(points)
        place = last
        if last < skip or (last == skip and skip) or (first >= end and points):
            continue
        taken = list(islice(points, max(0, skip - first), max(0, end - first)))
        page.append(
            {
                "Id": query.id,
                "Label": label,
                "Timestamps": [float(at) for at, _ in taken],
                "Values": [value for _, value in taken],
                "StatusCode": "PartialData" if last > end else "Complete",
            }
        )
    return page, place > end
