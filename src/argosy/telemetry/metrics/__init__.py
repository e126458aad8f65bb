"""Metric series in the database: what CloudWatch keeps, and what scaling and alarms look at.

It refuses to know what a metric means, who may see it, and CloudWatch's words for statistics.
"""

from argosy.telemetry.metrics.metric import Metric, metric
from argosy.telemetry.metrics.sample import Sample, merge
from argosy.telemetry.metrics.series import TooManySeries
from argosy.telemetry.metrics.store import Datum, MetricStore, Point

__all__ = [
    "Datum",
    "Metric",
    "MetricStore",
    "Point",
    "Sample",
    "TooManySeries",
    "merge",
    "metric",
]
