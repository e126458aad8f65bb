"""How far a column's distribution has moved from that of its baseline. Pure.

Source: the developer guide on comparison_method (the greatest distance between two cumulative
distributions, and that distance less what a two-sample Kolmogorov-Smirnov test puts down to few
samples), and on categorical_drift_method.
"""

import math
from collections.abc import Mapping

import numpy as np
from scipy import stats

from argosy.monitor.sketches import Floats, Weighted

_CRITICAL = 1.8
"""The factor of the Kolmogorov-Smirnov test at a level of about 0.3 %."""


def numerical(baseline: Weighted, current: Weighted, *, robust: bool) -> float | None:
    """The distance, from 0 to 1; None when one of them is empty.

    robust: less what few samples explain, 1.8 · sqrt((n + m) / (n · m)), and at least 0.
    """
    if not len(baseline.items) or not len(current.items):
        return None
    points = np.union1d(baseline.items, current.items)
    distance = float(np.abs(_shares(baseline, points) - _shares(current, points)).max())
    return _less_noise(distance, baseline.weights.sum(), current.weights.sum(), robust)


def categorical(
    baseline: Mapping[str, int], current: Mapping[str, int], *, robust: bool
) -> float | None:
    """The greatest difference between the shares of a value; None when one of them is empty."""
    n, m = sum(baseline.values()), sum(current.values())
    if not n or not m:
        return None
    values = baseline.keys() | current.keys()
    distance = max(abs(baseline.get(v, 0) / n - current.get(v, 0) / m) for v in values)
    return _less_noise(distance, n, m, robust)


def chi_squared(baseline: Mapping[str, int], current: Mapping[str, int]) -> float | None:
    """The p-value of a chi-squared test that both are drawn from one distribution; None when one
    of them is empty."""
    values = sorted(baseline.keys() | current.keys())
    if not sum(baseline.values()) or not sum(current.values()):
        return None
    if len(values) == 1:
        return 1.0
    table = [[counts.get(value, 0) for value in values] for counts in (baseline, current)]
    return float(stats.chi2_contingency(table, correction=len(values) == 2).pvalue)


def _shares(sample: Weighted, points: Floats) -> Floats:
    """The share of values up to and with each point."""
    summed = np.concatenate(([0.0], np.cumsum(sample.weights)))
    found: Floats = summed[np.searchsorted(sample.items, points, side="right")] / summed[-1]
    return found


def _less_noise(distance: float, n: float, m: float, robust: bool) -> float:
    noise = _CRITICAL * math.sqrt((n + m) / (n * m)) if robust else 0.0
    return max(0.0, distance - noise)
