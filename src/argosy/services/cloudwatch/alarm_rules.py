"""What PutMetricAlarm and PutCompositeAlarm check before an alarm is written.

What Argosy would have to leave out is refused with a sentence: anomaly detection, PromQL, warm-up,
windows by the wall clock.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from argosy.services.cloudwatch.errors import InvalidParameterCombination
from argosy.services.cloudwatch.errors import ServiceValidationError as Invalid
from argosy.state.alarms import ACTIONS
from argosy.telemetry.metrics import statistics
from argosy.telemetry.metrics.queries import BadQuery, Query, check, query_of

_DAY = 86400
_MOST_METRICS = 10
_MOST_QUERIES = 20
_HIGH_RESOLUTION = (10, 20, 30)
_ONE_METRIC = (
    "MetricName",
    "Namespace",
    "Dimensions",
    "Period",
    "Unit",
    "Statistic",
    "ExtendedStatistic",
)
_TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
_REFUSED = {
    "EvaluationCriteria": "PromQL is not offered here",
    "EvaluationInterval": "alarms are evaluated by their period",
    "WarmUpConfiguration": "alarms have no time to warm up here",
    "ActionConfiguration": "tags of alarms are not passed on here",
    "ThresholdMetricId": "anomaly detection is not offered here",
}
_ANOMALIES = (
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
)


def check_metric_alarm(members: Mapping[str, Any], account: str, region: str) -> None:
    """Raises ServiceValidationError, InvalidParameterCombination."""
    _check_refused(members)
    check_actions(members)
    queries = _check_metrics(members, account, region)
    for name in ("EvaluationPeriods", "ComparisonOperator", "Threshold"):
        if members.get(name) is None:
            raise Invalid(f"{name} must be specified.")
    if not math.isfinite(members["Threshold"]):
        raise Invalid("Threshold must be a finite number.")
    _check_choices(members, queries)
    _check_times(members, queries)


def check_actions(members: Mapping[str, Any]) -> None:
    """Each action must be an ARN. Raises ServiceValidationError."""
    for name in ACTIONS.values():
        for arn in members.get(name) or ():
            if not arn.startswith("arn:") or arn.count(":") < 5:
                raise Invalid(f"Invalid arn syntax: {arn[:200]}")


def _check_refused(members: Mapping[str, Any]) -> None:
    for name, why in _REFUSED.items():
        if members.get(name) is not None:
            raise Invalid(f"{name}: {why}.")
    if "WallClockWindow" in (members.get("EvaluationWindow") or ()):
        raise Invalid("EvaluationWindow: windows by the wall clock are not offered here.")
    if members.get("ComparisonOperator") in _ANOMALIES:
        raise Invalid(
            f"ComparisonOperator {members['ComparisonOperator']}: anomaly detection is not offered "
            "here; compare with a Threshold."
        )


def _check_metrics(members: Mapping[str, Any], account: str, region: str) -> Sequence[Query]:
    """The queries of an alarm on several metrics; none of one on a single metric."""
    if members.get("Metrics") is None:
        _check_one_metric(members)
        return ()
    given = [name for name in _ONE_METRIC if members.get(name) is not None]
    if given:
        raise Invalid(f"Metrics list and {given[0]} can't be specified together.")
    try:
        queries = [query_of(one, account, region) for one in members["Metrics"]]
        check(queries)
    except BadQuery as error:
        raise Invalid(str(error)) from None
    if (
        not 1 <= len(queries) <= _MOST_QUERIES
        or sum(one.metric is not None for one in queries) > _MOST_METRICS
    ):
        raise Invalid(
            f"Metrics must have 1 to {_MOST_QUERIES} items, {_MOST_METRICS} of them metrics."
        )
    if sum(one.returned for one in queries) != 1:
        raise Invalid("Exactly one element of the metrics list should return data.")
    if len({one.period for one in queries if one.metric}) > 1:
        raise Invalid("The metrics of an alarm must have the same period.")
    return queries


def _check_one_metric(members: Mapping[str, Any]) -> None:
    for name in ("MetricName", "Namespace", "Period"):
        if members.get(name) is None:
            raise Invalid(f"{name} must be specified.")
    plain, extended = members.get("Statistic"), members.get("ExtendedStatistic")
    if (plain is None) == (extended is None):
        raise InvalidParameterCombination(
            "Exactly one of Statistic and ExtendedStatistic must be specified."
        )
    if extended is None:
        return
    try:
        statistics.parse(extended)
    except statistics.BadStatistic as error:
        raise Invalid(str(error)) from None
    if extended in statistics.PLAIN:
        raise Invalid(f"The value {extended} goes into Statistic, not into ExtendedStatistic.")


def _check_choices(members: Mapping[str, Any], queries: Sequence[Query]) -> None:
    treatment = members.get("TreatMissingData")
    if treatment is not None and treatment not in _TREATMENTS:
        raise Invalid(
            f"Option {treatment} for TreatMissingData is not one of {', '.join(_TREATMENTS)}."
        )
    few = members.get("EvaluateLowSampleCountPercentile")
    if few is None:
        return
    if few not in ("evaluate", "ignore"):
        raise Invalid(
            f"Option {few} for EvaluateLowSampleCountPercentile must be evaluate or ignore."
        )
    extended = members.get("ExtendedStatistic")
    if queries or not extended or not statistics.parse(extended).is_percentile:
        raise Invalid(
            "EvaluateLowSampleCountPercentile goes with a percentile as ExtendedStatistic."
        )


def _check_times(members: Mapping[str, Any], queries: Sequence[Query]) -> None:
    periods = [one.period for one in queries if one.period] or [members.get("Period") or 60]
    for period in periods:
        if period not in _HIGH_RESOLUTION and period % 60:
            raise Invalid("Period must be 10, 20, 30 or a multiple of 60.")
    period, points = max(periods), members["EvaluationPeriods"]
    days = 7 if period >= 3600 else 1
    if period * points > days * _DAY:
        raise Invalid(
            f"Metrics cannot be checked across more than {'a day' if days == 1 else 'seven days'} "
            f"(EvaluationPeriods * Period must be <= {days * _DAY})."
        )
    if (members.get("DatapointsToAlarm") or 1) > points:
        raise Invalid("DatapointsToAlarm must be less than or equal to EvaluationPeriods.")
