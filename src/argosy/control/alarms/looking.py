"""Reads the points of an alarm from the store of metrics, one for each period looked at."""

from argosy.control.alarms.evaluate import Dot
from argosy.control.alarms.spec import AlarmSpec
from argosy.telemetry.metrics import MetricStore, statistics
from argosy.telemetry.metrics.math import BadExpression, Series
from argosy.telemetry.metrics.queries import Answers, read_from


def look(spec: AlarmSpec, store: MetricStore, now: float) -> list[Dot | None]:
    """Oldest first; None where there is no value. Raises BadExpression, StorageError."""
    start, end = spec.stretch(now)
    found = _of_queries(spec, store, start, end) if spec.queries else _of_metric(spec, store, now)
    return [found.get(at) for at in range(start, end, spec.period)]


def _of_metric(spec: AlarmSpec, store: MetricStore, now: float) -> dict[int, Dot]:
    assert spec.metric is not None
    asked = statistics.parse(spec.stat)
    start, end = spec.stretch(now)
    dots = {}
    for point in read_from(store, spec.metric, start, end, spec.period, spec.unit):
        value = asked.of(point.sample)
        if value is not None:
            dots[point.start] = Dot(point.start, value, point.sample.count)
    return dots


def _of_queries(spec: AlarmSpec, store: MetricStore, start: int, end: int) -> dict[int, Dot]:
    series = Answers(spec.queries, store, start, end).of(spec.returned)
    if isinstance(series, list):
        if len(series) != 1:
            raise BadExpression("The expression of an alarm must give one time series.")
        (series,) = series
    assert isinstance(series, Series)
    return {at: Dot(at, value) for at, value in series.points.items()}
