"""Dynamic labels: what `${…}` in a query's Label stands for. Pure.

    "[max ${MAX}] ${PROP('Dim.VariantName')}"  →  "[max 12.5] AllTraffic"

What is not known here (ranges, and times of values) is left as it stands. Source: CloudWatch User
Guide, "Using dynamic labels".
"""

import math
import re
from collections.abc import Callable, Sequence

from argosy.telemetry.metrics.queries import Query

_DYNAMIC = re.compile(r"\$\{(?:PROP\('(?P<property>[^']{1,255})'\)|(?P<value>[A-Z_]{1,32}))\}")
_VALUES: dict[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: math.fsum(values) / len(values),
    "FIRST": lambda values: values[0],
    "LAST": lambda values: values[-1],
    "MAX": max,
    "MIN": min,
    "SUM": math.fsum,
}


def dynamic(label: str, plain: str, query: Query, values: Sequence[float]) -> str:
    """The label with what it stands for.

    plain: the label that there would be without one; values: those of the series, oldest first.
    """

    def told(found: re.Match[str]) -> str:
        text = (
            _property(found["property"], query)
            if found["property"]
            else _value(found["value"], plain, values)
        )
        return found[0] if text is None else text

    return _DYNAMIC.sub(told, label)


def _value(name: str, plain: str, values: Sequence[float]) -> str | None:
    if name == "LABEL":
        return plain
    if name == "DATAPOINT_COUNT":
        return str(len(values))
    if name not in _VALUES:
        return None
    return f"{_VALUES[name](values):.6g}" if values else "--"


def _property(name: str, query: Query) -> str | None:
    """Of a metric; an expression has none."""
    if query.metric is None:
        return None
    if name.startswith("Dim."):
        return dict(query.metric.dimensions).get(name[4:], "")
    known = {
        "AccountId": query.metric.account,
        "MetricName": query.metric.name,
        "Namespace": query.metric.namespace,
        "Period": str(query.period),
        "Region": query.metric.region,
        "Stat": query.stat,
    }
    return known.get(name)
