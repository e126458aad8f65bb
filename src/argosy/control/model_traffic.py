"""What the edges counted of a multi-model variant's models, for `argosy status`. Pure.

Names follow the metrics of reference/multi-model-and-pipelines.md §4.
"""

from collections.abc import Sequence
from typing import Any

from argosy.telemetry.sketch import merge, percentile

_TIMES = ("waiting", "downloading", "loading", "unloading")


def summary(lines: Sequence[dict[str, Any]]) -> dict[str, Any] | None:
    """Of an edge's lines, oldest first; None when the variant has no models of that kind.

    loaded: models in memory, one for each copy; hits and misses: requests whose model was loaded
    already, or had to be; the others: how often, and how long in milliseconds.
    """
    told = [line["models"] for line in lines if line.get("models")]
    if not told:
        return None
    loaded: dict[str, int] = {}
    for one in told:
        loaded.update(one["loaded"])
    return {
        "loaded": sum(loaded.values()),
        "hits": sum(one["hits"] for one in told),
        "misses": sum(one["misses"] for one in told),
        **{name: _times(told, name) for name in _TIMES},
    }


def _times(told: list[dict[str, Any]], name: str) -> dict[str, Any]:
    sketch = merge(one.get(name, {}) for one in told)
    half, most = percentile(sketch, 0.5), percentile(sketch, 0.99)
    return {
        "count": sum(sketch.values()),
        "p50_ms": None if half is None else half / 1000,
        "p99_ms": None if most is None else most / 1000,
    }
