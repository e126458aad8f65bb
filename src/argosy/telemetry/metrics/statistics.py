"""CloudWatch's words for statistics, and their values of a sample. Pure.

    statistic(sample, "p99.9")     the value that 99.9 % of the values do not pass
    statistic(sample, "TM(10%:90%)"), "tm90", "IQM", "WM(:95%)", "PR(:300)", "TC(0.5:2)", "ts80"

Of fixed bounds the lower one is exclusive, the upper one inclusive. A share cuts values apart where
it falls between two of the same bucket. What needs single values is None where they are unknown:
statistic sets, and metrics with negative values.
Source: CloudWatch User Guide, "CloudWatch statistics definitions".
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from argosy.telemetry.metrics.sample import Sample

PLAIN: dict[str, Callable[[Sample], float]] = {
    "SampleCount": lambda sample: sample.count,
    "Sum": lambda sample: sample.total,
    "Average": lambda sample: sample.average,
    "Minimum": lambda sample: sample.minimum,
    "Maximum": lambda sample: sample.maximum,
}
_NUMBER = r"[0-9]{1,12}(?:\.[0-9]{1,10})?"
_SHORT = re.compile(rf"(p|tm|wm|tc|ts)({_NUMBER})")
_LONG = re.compile(rf"(TM|WM|TC|TS|PR)\(\s*({_NUMBER}%?)?\s*:\s*({_NUMBER}%?)?\s*\)")

Values = Sequence[tuple[float, float]]
"""(value, how often), smallest first."""


class BadStatistic(ValueError):
    """CloudWatch has no such statistic."""


@dataclass(frozen=True, slots=True)
class Statistic:
    """What is asked of a sample."""

    kind: str
    """A name of PLAIN, "P", "TM", "WM", "TC", "TS" or "PR"."""
    low: float = -math.inf
    high: float = math.inf
    shares: bool = False
    """`low` and `high` are shares of the values, 0 to 1, instead of values."""

    @property
    def is_percentile(self) -> bool:
        return self.kind == "P"

    def of(self, sample: Sample) -> float | None:
        """The statistic's value; None where it cannot be told."""
        if self.kind in PLAIN:
            return float(PLAIN[self.kind](sample))
        if self.kind == "P":
            return sample.percentile(self.high)
        values = sample.values()
        if not values:
            return None
        return _OF_VALUES[self.kind](self, values)


def statistic(sample: Sample, stat: str) -> float | None:
    """The value of a statistic by its name. Raises BadStatistic."""
    return parse(stat).of(sample)


@lru_cache(maxsize=1024)
def parse(stat: str) -> Statistic:
    """Reads a Stat string. Raises BadStatistic."""
    if stat in PLAIN:
        return Statistic(stat)
    if stat in ("IQM", "iqm"):
        return Statistic("TM", 0.25, 0.75, shares=True)
    short = _SHORT.fullmatch(stat)
    if short is not None:
        return _short(stat, short[1], float(short[2]))
    long = _LONG.fullmatch(stat)
    if long is not None and (long[2] or long[3]):
        return _long(stat, long[1], long[2], long[3])
    raise BadStatistic(f"The value {stat[:100]} for parameter Stat is not a statistic.")


def _short(stat: str, word: str, number: float) -> Statistic:
    if not 0 <= number <= 100:
        raise BadStatistic(f"The share of {stat} is not from 0 to 100.")
    return Statistic(word.upper(), 0.0, number / 100, shares=True)


def _long(stat: str, kind: str, low: str | None, high: str | None) -> Statistic:
    given = [bound for bound in (low, high) if bound]
    shares = given[0].endswith("%")
    if any(bound.endswith("%") != shares for bound in given) or (shares and kind == "PR"):
        raise BadStatistic(f"The bounds of {stat} must be of one kind, and those of PR no shares.")
    scale = 100 if shares else 1
    bottom = float(low.rstrip("%")) / scale if low else (0.0 if shares else -math.inf)
    top = float(high.rstrip("%")) / scale if high else (1.0 if shares else math.inf)
    if bottom >= top or (shares and top > 1):
        raise BadStatistic(f"The bounds of {stat} are not in order, or beyond 100 %.")
    return Statistic(kind, bottom, top, shares)


def _within(asked: Statistic, values: Values) -> list[tuple[float, float]]:
    """The values between the bounds."""
    if not asked.shares:
        return [(value, n) for value, n in values if asked.low < value <= asked.high]
    count = sum(n for _, n in values)
    low, high, seen = asked.low * count, asked.high * count, 0.0
    kept = []
    for value, n in values:
        part = min(high, seen + n) - max(low, seen)
        if part > 1e-9 * count:
            kept.append((value, part))
        seen += n
    return kept


def _sum(values: Values) -> float:
    return math.fsum(value * n for value, n in values)


def _count(values: Values) -> float:
    return math.fsum(n for _, n in values)


def _mean(values: Values) -> float | None:
    count = _count(values)
    return _sum(values) / count if count else None


def _trimmed_mean(asked: Statistic, values: Values) -> float | None:
    return _mean(_within(asked, values))


def _trimmed_count(asked: Statistic, values: Values) -> float | None:
    return _count(_within(asked, values))


def _trimmed_sum(asked: Statistic, values: Values) -> float | None:
    return _sum(_within(asked, values))


def _winsorized_mean(asked: Statistic, values: Values) -> float | None:
    """Values beyond a bound count as that bound; as the outermost value within, for shares."""
    low, high = asked.low, asked.high
    if asked.shares:
        within = _within(asked, values)
        if not within:
            return None
        low, high = within[0][0], within[-1][0]
    return _mean([(min(max(value, low), high), n) for value, n in values])


def _rank(asked: Statistic, values: Values) -> float | None:
    return 100 * _count(_within(asked, values)) / _count(values)


_OF_VALUES: dict[str, Callable[[Statistic, Values], float | None]] = {
    "TM": _trimmed_mean,
    "WM": _winsorized_mean,
    "TC": _trimmed_count,
    "TS": _trimmed_sum,
    "PR": _rank,
}
