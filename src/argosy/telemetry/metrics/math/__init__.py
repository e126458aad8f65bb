"""CloudWatch's metric math: expressions over series, read and worked out by hand. Pure.

    answer(parse("100 * errors / FILL(calls, 1)"), scope)

It refuses to fetch anything: SEARCH, anomaly detection and SQL are not offered.
"""

from argosy.telemetry.metrics.math.evaluate import Scope, answer
from argosy.telemetry.metrics.math.syntax import BadExpression, names_in, parse
from argosy.telemetry.metrics.math.values import Grid, Series

__all__ = ["BadExpression", "Grid", "Scope", "Series", "answer", "names_in", "parse"]
