"""What a scaling policy may be: checked whole before anything is written. Pure.

Every function raises ValidationException with a sentence that names the member. Sources: the API
reference of Application Auto Scaling (StepAdjustment, TargetTrackingScalingPolicyConfiguration).
"""

import itertools
import math
import re
from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.autoscaling.errors import LimitExceededException
from argosy.state.scaling import COPIES, INSTANCES, STEP, TRACKING

CONFIGURATIONS = {
    STEP: "StepScalingPolicyConfiguration",
    TRACKING: "TargetTrackingScalingPolicyConfiguration",
    "PredictiveScaling": "PredictiveScalingPolicyConfiguration",
}
PREDEFINED = {
    "SageMakerVariantInvocationsPerInstance": INSTANCES,
    "SageMakerVariantConcurrentRequestsPerModelHighResolution": INSTANCES,
    "SageMakerInferenceComponentInvocationsPerCopy": COPIES,
    "SageMakerInferenceComponentConcurrentRequestsPerCopyHighResolution": COPIES,
}
"""Predefined metric → the dimension that it can scale."""

MOST_STEPS = 20
MOST_QUERIES = 10
MOST_COOLDOWN_S = 86400

_ID = re.compile(r"[a-z][A-Za-z0-9_]*")


def check_policy(kind: str, configuration: dict[str, Any], dimension: str) -> None:
    """A policy's configuration, by its type."""
    if kind == STEP:
        _check_step(configuration)
    else:
        _check_tracking(configuration, dimension)


def same_metric(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two target tracking configurations look at one and the same metric."""
    return all(
        one.get(member) == other.get(member)
        for member in ("PredefinedMetricSpecification", "CustomizedMetricSpecification")
    )


def _check_tracking(asked: dict[str, Any], dimension: str) -> None:
    target = asked["TargetValue"]
    if not math.isfinite(target) or target <= 0:
        raise ValidationException("TargetValue must be a number greater than 0.")
    predefined = asked.get("PredefinedMetricSpecification")
    customized = asked.get("CustomizedMetricSpecification")
    if (predefined is None) == (customized is None):
        raise ValidationException(
            "Give one of PredefinedMetricSpecification and CustomizedMetricSpecification."
        )
    for member in ("ScaleOutCooldown", "ScaleInCooldown"):
        _check_cooldown(member, asked.get(member))
    if predefined is not None:
        _check_predefined(predefined, dimension)
    if customized is not None:
        _check_customized(customized)


def _check_predefined(specification: dict[str, Any], dimension: str) -> None:
    name = specification["PredefinedMetricType"]
    if name == "SageMakerVariantProvisionedConcurrencyUtilization":
        raise ValidationException(
            f"PredefinedMetricType {name}: this version does not support serverless variants."
        )
    if PREDEFINED.get(name) != dimension:
        usable = ", ".join(name for name, of in PREDEFINED.items() if of == dimension)
        raise ValidationException(
            f"PredefinedMetricType {name} is not valid for the scalable dimension {dimension}: "
            f"give one of {usable}."
        )
    if specification.get("ResourceLabel"):
        raise ValidationException(f"ResourceLabel is not valid for PredefinedMetricType {name}.")


def _check_customized(specification: dict[str, Any]) -> None:
    single = ("MetricName", "Namespace", "Dimensions", "Statistic", "Unit")
    queries = specification.get("Metrics")
    if queries is not None:
        both = [member for member in single if specification.get(member)]
        if both:
            raise ValidationException(
                f"CustomizedMetricSpecification: give Metrics or {', '.join(both)}, not both."
            )
        return _check_queries(queries)
    for member in ("MetricName", "Namespace", "Statistic"):
        if not specification.get(member):
            raise ValidationException(f"CustomizedMetricSpecification needs {member}, or Metrics.")
    return None


def _check_queries(queries: list[dict[str, Any]]) -> None:
    if not 1 <= len(queries) <= MOST_QUERIES:
        raise ValidationException(f"Metrics must hold 1 to {MOST_QUERIES} queries.")
    ids = [query["Id"] for query in queries]
    for identity in ids:
        if not _ID.fullmatch(identity):
            raise ValidationException(
                f"Metrics: the Id {identity!r} must begin with a lower-case letter and hold "
                "letters, digits and _ only."
            )
    if len(set(ids)) < len(ids):
        raise ValidationException("Metrics: every Id must be given once only.")
    for query in queries:
        _check_query(query)
    if sum(query.get("ReturnData") is not False for query in queries) != 1:
        raise ValidationException(
            "Metrics: exactly one query must return data; set ReturnData to false for the others."
        )


def _check_query(query: dict[str, Any]) -> None:
    if bool(query.get("Expression")) == bool(query.get("MetricStat")):
        raise ValidationException(
            f"Metrics: give the query {query['Id']} one of Expression and MetricStat."
        )
    metric = (query.get("MetricStat") or {}).get("Metric")
    if metric is not None and not (metric.get("MetricName") and metric.get("Namespace")):
        raise ValidationException(
            f"Metrics: the metric of the query {query['Id']} needs a Namespace and a MetricName."
        )


def _check_step(asked: dict[str, Any]) -> None:
    kind, steps = asked.get("AdjustmentType"), asked.get("StepAdjustments")
    if not kind:
        raise ValidationException("StepScalingPolicyConfiguration needs an AdjustmentType.")
    if not steps:
        raise ValidationException("StepScalingPolicyConfiguration needs StepAdjustments.")
    if len(steps) > MOST_STEPS:
        raise LimitExceededException(
            f"A policy has at most {MOST_STEPS} step adjustments; {len(steps)} are given."
        )
    least = asked.get("MinAdjustmentMagnitude")
    if least is not None and kind != "PercentChangeInCapacity":
        raise ValidationException(
            "MinAdjustmentMagnitude is for the AdjustmentType PercentChangeInCapacity only."
        )
    if least is not None and least < 0:
        raise ValidationException("MinAdjustmentMagnitude must be at least 0.")
    if kind == "ExactCapacity" and any(step["ScalingAdjustment"] < 0 for step in steps):
        raise ValidationException("ScalingAdjustment of an ExactCapacity must be at least 0.")
    _check_cooldown("Cooldown", asked.get("Cooldown"))
    _check_bounds([_bounds(step) for step in steps])


def _check_cooldown(member: str, seconds: int | None) -> None:
    if seconds is not None and not 0 <= seconds <= MOST_COOLDOWN_S:
        raise ValidationException(f"{member} must be 0 to {MOST_COOLDOWN_S} seconds.")


def _bounds(step: dict[str, Any]) -> tuple[float, float]:
    """From where to where a step goes; what is left out is without end."""
    lower, upper = step.get("MetricIntervalLowerBound"), step.get("MetricIntervalUpperBound")
    if lower is None and upper is None:
        raise ValidationException(
            "A step adjustment needs a MetricIntervalLowerBound or a MetricIntervalUpperBound."
        )
    low = -math.inf if lower is None else float(lower)
    high = math.inf if upper is None else float(upper)
    if not low < high:
        raise ValidationException(
            f"MetricIntervalLowerBound {low:g} must be less than MetricIntervalUpperBound {high:g}."
        )
    return low, high


def _check_bounds(steps: list[tuple[float, float]]) -> None:
    """Together they are one range without gap or overlap, which ends only at the threshold."""
    ordered = sorted(steps)
    for (_, end), (start, _) in itertools.pairwise(ordered):
        if start < end:
            raise ValidationException(
                f"StepAdjustments intervals overlap: one goes to {end:g}, another one begins at "
                f"{start:g}."
            )
        if start > end:
            raise ValidationException(
                f"StepAdjustments intervals have a gap between {end:g} and {start:g}."
            )
    first, last = ordered[0][0], ordered[-1][1]
    if math.isfinite(first) and first < 0:
        raise ValidationException(
            f"The lowest step adjustment begins at {first:g}: one with a negative lower bound "
            "needs another one without a MetricIntervalLowerBound below it."
        )
    if math.isfinite(last) and last > 0:
        raise ValidationException(
            f"The highest step adjustment ends at {last:g}: one with a positive upper bound needs "
            "another one without a MetricIntervalUpperBound above it."
        )
