"""What an alarm on a metric asks for, read from the members of PutMetricAlarm. Pure."""

import math
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from argosy.telemetry.metrics import Metric, statistics
from argosy.telemetry.metrics.queries import BadQuery, Query, check, metric_of, query_of

BREACHES: dict[str, Callable[[float, float], bool]] = {
    "GreaterThanOrEqualToThreshold": operator.ge,
    "GreaterThanThreshold": operator.gt,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}

_LATE_S = 5.0
"""How late a value may come and still be looked for."""
_ROLLING_S = 900
_LONGEST_PAUSE_S = 60


@dataclass(frozen=True)
class AlarmSpec:
    """A rule over the newest `points` periods of `period` seconds each."""

    period: int
    points: int
    """EvaluationPeriods: N of "M of N"."""
    enough: int
    """DatapointsToAlarm: M."""
    comparison: str
    threshold: float
    missing: str
    """"missing", "ignore", "breaching" or "notBreaching"."""
    ignores_few: bool
    """A percentile of too few values does not change the state."""
    stat: str
    """"" where queries are evaluated."""
    metric: Metric | None
    unit: str | None
    queries: tuple[Query, ...] = ()
    returned: str = ""
    """The id of the query that is compared."""

    @property
    def interval(self) -> int:
        """Seconds between two evaluations."""
        return max(1, min(_LONGEST_PAUSE_S, self.period))

    @property
    def looked_at(self) -> int:
        """How many periods are looked at: somewhat more than are evaluated.

        Source: reference/autoscaling-and-monitoring.md §9 (5 for 3 periods).
        """
        return self.points + max(2, math.ceil(_LATE_S / self.period))

    def stretch(self, now: float) -> tuple[int, int]:
        """[start, end) of what is looked at: whole periods that are over.

        Short periods end with the last interval, so that one of five minutes is looked at every
        minute; long ones, and those of queries, begin at multiples of themselves.
        """
        rolling = self.period <= _ROLLING_S and not self.queries
        step = self.interval if rolling else self.period
        end = int(now // step * step)
        return end - self.looked_at * self.period, end

    @property
    def fewest(self) -> float:
        """How many values a percentile must stand on to be evaluated, if few are ignored."""
        asked = statistics.parse(self.stat) if self.stat else None
        if asked is None or not asked.is_percentile or not self.ignores_few:
            return 0.0
        tail = min(asked.high, 1 - asked.high) if asked.high != 0.5 else 0.5
        return 10 / tail if tail > 0 else math.inf


def spec_of(members: Mapping[str, Any], account: str, region: str) -> AlarmSpec:
    """Reads the members. Raises BadQuery, BadStatistic."""
    given = members.get("Metrics") or ()
    queries = tuple(query_of(one, account, region, any_period=True) for one in given)
    check(queries)
    points = members["EvaluationPeriods"]
    stat = "" if queries else members.get("Statistic") or members["ExtendedStatistic"]
    if stat:
        statistics.parse(stat)
    if members["ComparisonOperator"] not in BREACHES:
        raise BadQuery(f"{members['ComparisonOperator']} cannot be evaluated.")
    return AlarmSpec(
        period=_period(members, queries),
        points=points,
        enough=members.get("DatapointsToAlarm") or points,
        comparison=members["ComparisonOperator"],
        threshold=float(members["Threshold"]),
        missing=members.get("TreatMissingData") or "missing",
        ignores_few=members.get("EvaluateLowSampleCountPercentile") == "ignore",
        stat=stat,
        metric=None if queries else metric_of(members, account, region),
        unit=members.get("Unit"),
        queries=queries,
        returned=next((one.id for one in queries if one.returned), ""),
    )


def _period(members: Mapping[str, Any], queries: tuple[Query, ...]) -> int:
    if not queries:
        return int(members["Period"])
    own = next((one.period for one in queries if one.returned and one.period), None)
    return own or max((one.period for one in queries if one.period), default=60)
