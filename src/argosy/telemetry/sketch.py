"""Latencies as a histogram whose buckets grow by a fixed ratio: small, exact to ±1.6 %, mergeable.

A sketch is a plain dict {bucket: count}, so that it travels as JSON and merges by adding. Buckets
are those of HDR histograms: 32 linear steps for each power of two, microseconds as unit. It
refuses to know what is measured.
"""

from collections.abc import Iterable, Mapping

_STEP_BITS = 5
_STEPS = 1 << _STEP_BITS

Sketch = dict[int, int]


def bucket_of(microseconds: int) -> int:
    """The bucket of a latency; 0 for zero or less. Values up to 63 µs have their own each."""
    if microseconds <= 0:
        return 0
    shift = microseconds.bit_length() - _STEP_BITS - 1
    if shift <= 0:
        return microseconds
    return (shift << _STEP_BITS) + (microseconds >> shift)


def value_of(bucket: int) -> float:
    """The latency in the middle of a bucket, microseconds."""
    if bucket < 2 * _STEPS:
        return float(bucket)
    shift = (bucket >> _STEP_BITS) - 1
    low = (bucket - (shift << _STEP_BITS)) << shift
    return low + ((1 << shift) - 1) / 2


def merge(sketches: Iterable[Mapping[int, int] | Mapping[str, int]]) -> Sketch:
    """The sketch of everything in all of them; keys may be texts, as JSON makes them."""
    total: Sketch = {}
    for sketch in sketches:
        for bucket, count in sketch.items():
            total[int(bucket)] = total.get(int(bucket), 0) + count
    return total


def percentile(sketch: Mapping[int, int], share: float) -> float | None:
    """The latency that `share` (0 to 1) of the values do not pass, µs; None for no values."""
    total = sum(sketch.values())
    if not total:
        return None
    wanted, seen = share * total, 0
    for bucket in sorted(sketch):
        seen += sketch[bucket]
        if seen >= wanted:
            break
    return value_of(bucket)
