"""What is known of the values of a period: count, sum, extremes, and how they are distributed."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from argosy.telemetry.metrics.buckets import key_of, rough, value_of

MOST_EXACT = 32
"""Different values that are kept as they are; more are kept in buckets."""

Sketch = Mapping[int, float]
"""How often each value was there, by its key (`buckets`)."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some values of a metric; merging samples is the same as taking all values together."""

    count: float
    total: float
    minimum: float
    maximum: float
    sketch: Sketch | None = field(default=None, repr=False)
    """None where percentiles cannot be told: a statistic set, or negative values among them."""
    rough: bool = False
    """The sketch's keys are buckets."""

    @classmethod
    def of(cls, value: float, count: float = 1) -> "Sample":
        """One value, `count` times. Raises ValueError when it is not finite."""
        return cls.of_values([value], [count])

    @classmethod
    def of_values(cls, values: Sequence[float], counts: Sequence[float] | None = None) -> "Sample":
        """Values, each as often as `counts` says, or once.

        Raises ValueError for none at all, and for those that are not finite.
        """
        counts = [1] * len(values) if counts is None else counts
        if not values or not all(math.isfinite(number) for number in (*values, *counts)):
            raise ValueError("a metric's values are finite numbers")
        pairs = list(zip(values, counts, strict=True))
        total = math.fsum(value * count for value, count in pairs)
        sketch = None if min(values) < 0 else _sketch_of(pairs)
        is_rough = sketch is not None and len(sketch) > MOST_EXACT
        return cls(
            count=sum(counts),
            total=total,
            minimum=min(values),
            maximum=max(values),
            sketch=roughened(sketch) if sketch is not None and is_rough else sketch,
            rough=is_rough,
        )

    @classmethod
    def of_statistics(cls, count: float, total: float, minimum: float, maximum: float) -> "Sample":
        """A statistic set. Percentiles can be told only where all its values are the same."""
        if minimum == maximum or count == 1:
            return cls.of(minimum, count) if minimum == maximum else cls.of(total, count)
        return cls(count, total, minimum, maximum)

    @property
    def average(self) -> float:
        return self.total / self.count if self.count else 0.0

    def values(self) -> list[tuple[float, float]] | None:
        """(value, how often), smallest first, within the extremes; None without a sketch."""
        if self.sketch is None:
            return None
        low, high = self.minimum, self.maximum
        return [
            (min(max(value_of(key), low), high), self.sketch[key]) for key in sorted(self.sketch)
        ]

    def percentile(self, share: float) -> float | None:
        """The value that `share` (0 to 1) of the values do not pass; None where it is unknown."""
        values = self.values()
        if not values:
            return None
        wanted, seen = share * self.count, 0.0
        for value, count in values:
            seen += count
            if seen >= wanted - 1e-9:
                return value
        return self.maximum


def merge(samples: Iterable[Sample]) -> Sample:
    """The sample of everything in all of them. Raises ValueError for none."""
    several = list(samples)
    if len(several) == 1:
        return several[0]
    if not several:
        raise ValueError("nothing to merge")
    sketch, is_rough = _merged_sketch(several)
    return Sample(
        count=sum(one.count for one in several),
        total=math.fsum(one.total for one in several),
        minimum=min(one.minimum for one in several),
        maximum=max(one.maximum for one in several),
        sketch=sketch,
        rough=is_rough,
    )


def roughened(sketch: Sketch) -> dict[int, float]:
    """The same in buckets."""
    buckets: dict[int, float] = {}
    for key, count in sketch.items():
        bucket = rough(key)
        buckets[bucket] = buckets.get(bucket, 0) + count
    return buckets


def _merged_sketch(samples: Sequence[Sample]) -> tuple[dict[int, float] | None, bool]:
    merged: dict[int, float] = {}
    for one in samples:
        if one.sketch is None:
            return None, False
        for key, count in one.sketch.items():
            merged[key] = merged.get(key, 0) + count
    if any(one.rough for one in samples) or len(merged) > MOST_EXACT:
        return roughened(merged), True
    return merged, False


def _sketch_of(pairs: Iterable[tuple[float, float]]) -> dict[int, float]:
    sketch: dict[int, float] = {}
    for value, count in pairs:
        key = key_of(value)
        sketch[key] = sketch.get(key, 0) + count
    return sketch
