"""Quantile sketches (KLL, by Apache DataSketches) as statistics.json has them.

A sketch is a sample with weights: level i of its data holds items that stand for 2^i values each.
Source: the developer guide's schema of statistics.json; Karnin, Lang, Liberty: Optimal Quantile
Approximation in Streams.
"""

from typing import Any, NamedTuple

import datasketches
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

K = 2048
"""SageMaker's parameter; ranks are right to about 0.1 %."""
SHRINKING = 2 / 3
"""By how much Apache's compactors shrink from level to level (`c` in the schema)."""
BUCKETS = 10


class Weighted(NamedTuple):
    """A sample: `items` in ascending order, and how many values each stands for."""

    items: Floats
    weights: Floats


NOTHING = Weighted(np.empty(0), np.empty(0))


def new_sketch() -> Any:
    return datasketches.kll_doubles_sketch(K)


def weighted(sketch: Any) -> Weighted:
    """The sample in a sketch."""
    if sketch.is_empty():
        return NOTHING
    return _in_order(np.array(list(sketch), dtype=np.float64))


def to_json(sample: Weighted) -> dict[str, Any]:
    """The `distribution` of numerical_statistics: ten buckets of one width, and the sketch."""
    return {
        "kll": {
            "buckets": _buckets(sample),
            "sketch": {"parameters": {"c": SHRINKING, "k": float(K)}, "data": _levels(sample)},
        }
    }


def from_json(distribution: dict[str, Any]) -> Weighted:
    """The sample in a `distribution`, also one that SageMaker's container wrote; NOTHING without
    a sketch. Raises ValueError or TypeError when it is malformed."""
    levels = ((distribution.get("kll") or {}).get("sketch") or {}).get("data") or []
    pairs = [
        np.column_stack((np.asarray(items, np.float64), np.full(len(items), 2.0**level)))
        for level, items in enumerate(levels)
        if items
    ]
    return _in_order(np.concatenate(pairs)) if pairs else NOTHING


def _in_order(pairs: Floats) -> Weighted:
    pairs = pairs[np.argsort(pairs[:, 0], kind="stable")]
    return Weighted(pairs[:, 0], pairs[:, 1])


def _levels(sample: Weighted) -> list[list[float]]:
    if not len(sample.items):
        return []
    level = np.log2(sample.weights).astype(int)
    return [sample.items[level == number].tolist() for number in range(int(level.max()) + 1)]


def _buckets(sample: Weighted) -> list[dict[str, float]]:
    """Counts are those of the sketch: exact for few values, right to its accuracy for many."""
    if not len(sample.items):
        return []
    low, high = float(sample.items[0]), float(sample.items[-1])
    with np.errstate(over="ignore"):
        edges = np.linspace(low, high, BUCKETS + 1)
    if not (np.isfinite(edges).all() and (np.diff(edges) > 0).all()):
        return [_bucket(low, high, sample.weights.sum())]
    counts, _ = np.histogram(sample.items, bins=edges, weights=sample.weights)
    return [_bucket(*one) for one in zip(edges, edges[1:], counts, strict=False)]


def _bucket(low: float, high: float, count: float) -> dict[str, float]:
    return {"lower_bound": float(low), "upper_bound": float(high), "count": float(count)}
