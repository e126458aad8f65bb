"""CloudWatch: PutMetricData. It is answered once the values are in the database.

Limits and refusals: reference/autoscaling-and-monitoring.md §8, and botocore's model.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from argosy.services.cloudwatch.errors import (
    InvalidParameterCombination,
    InvalidParameterValue,
    LimitExceeded,
    MissingParameter,
)
from argosy.services.registry import Call, operation
from argosy.telemetry.metrics import Datum, Sample, TooManySeries, metric

_MOST_DATA = 1000
_MOST_VALUES = 150
_LARGEST = 2.0**360
_OLDEST_S = 14 * 86400
_NEWEST_S = 2 * 3600
_KINDS = ("Value", "Values", "StatisticValues")


@operation("cloudwatch", "PutMetricData")
async def put_metric_data(call: Call) -> dict[str, Any]:
    asked = call.input
    if asked.get("EntityMetricData"):
        raise InvalidParameterValue(
            "EntityMetricData is not offered here: give the data as MetricData."
        )
    namespace, given = asked["Namespace"], asked.get("MetricData")
    if namespace.startswith("AWS/"):
        raise InvalidParameterValue(
            f"The value {namespace} for parameter Namespace is invalid: namespaces that begin with "
            "AWS/ are the platform's."
        )
    if not given:
        raise MissingParameter("The parameter MetricData is required.")
    if len(given) > _MOST_DATA:
        raise InvalidParameterValue(
            f"The collection MetricData must not have a size greater than {_MOST_DATA}."
        )
    now = call.clock.now()
    data = [
        _datum(call, namespace, one, f"MetricData.member.{place}", now)
        for place, one in enumerate(given, 1)
    ]
    await call.messaging.together.run(lambda: _put(call, data))
    return {}


def _put(call: Call, data: list[Datum]) -> None:
    try:
        call.metrics.put_all(data)
    except TooManySeries as error:
        raise LimitExceeded(str(error)) from None


def _datum(call: Call, namespace: str, one: Mapping[str, Any], path: str, now: float) -> Datum:
    """One of the data, checked. `path` names it in refusals."""
    dimensions = _dimensions(one.get("Dimensions") or (), path)
    caller, name = call.caller, one["MetricName"]
    resolution = one.get("StorageResolution", 60)
    if resolution not in (1, 60):
        raise InvalidParameterValue(f"The parameter {path}.StorageResolution must be 1 or 60.")
    return Datum(
        metric(caller.account, caller.region, namespace, name, dimensions),
        _time(one, path, now),
        _sample(one, path),
        one.get("Unit") or "None",
        resolution,
    )


def _dimensions(given: Sequence[Mapping[str, str]], path: str) -> dict[str, str]:
    dimensions: dict[str, str] = {}
    for one in given:
        name, value = one["Name"], one["Value"]
        if name.startswith(":") or not name.strip() or not value.strip():
            raise InvalidParameterValue(
                f"The parameter {path}.Dimensions has a name that begins with ':', or blanks only."
            )
        if name in dimensions:
            raise InvalidParameterValue(f"The parameter {path}.Dimensions has {name!r} twice.")
        dimensions[name] = value
    return dimensions


def _time(one: Mapping[str, Any], path: str, now: float) -> float:
    if one.get("Timestamp") is None:
        return now
    at: float = one["Timestamp"].timestamp()
    if at < now - _OLDEST_S:
        raise InvalidParameterValue(
            f"The parameter {path}.Timestamp must specify a time no more than two weeks in the "
            "past."
        )
    if at > now + _NEWEST_S:
        raise InvalidParameterValue(
            f"The parameter {path}.Timestamp must specify a time no more than two hours in the "
            "future."
        )
    return at


def _sample(one: Mapping[str, Any], path: str) -> Sample:
    kinds = [kind for kind in _KINDS if one.get(kind) is not None]
    if not kinds:
        raise MissingParameter(f"{path} must have one of Value, Values and StatisticValues.")
    if len(kinds) > 1:
        raise InvalidParameterCombination(
            f"The parameters {path}.{kinds[0]} and {path}.{kinds[1]} are mutually exclusive and "
            "you have specified both."
        )
    if kinds[0] == "StatisticValues":
        return _statistics(one["StatisticValues"], f"{path}.StatisticValues")
    if one.get("Counts") is not None and kinds[0] == "Value":
        raise InvalidParameterCombination(f"{path}.Counts goes with Values, not with Value.")
    if kinds[0] == "Value":
        return Sample.of(_number(one["Value"], f"{path}.Value"))
    return _several(one["Values"], one.get("Counts"), path)


def _several(values: list[float], counts: list[float] | None, path: str) -> Sample:
    if not 1 <= len(values) <= _MOST_VALUES:
        raise InvalidParameterValue(
            f"The collection {path}.Values must have a size from 1 to {_MOST_VALUES}."
        )
    if counts is not None and len(counts) != len(values):
        raise InvalidParameterValue(
            f"The parameters {path}.Values and {path}.Counts must be of the same size."
        )
    for value in values:
        _number(value, f"{path}.Values")
    for count in counts or ():
        if _number(count, f"{path}.Counts") <= 0:
            raise InvalidParameterValue(f"The values of {path}.Counts must be greater than 0.")
    return Sample.of_values(values, counts)


def _statistics(given: Mapping[str, float], path: str) -> Sample:
    names = ("SampleCount", "Sum", "Minimum", "Maximum")
    count, total, low, high = (_number(given[name], f"{path}.{name}") for name in names)
    if count <= 0:
        raise InvalidParameterValue(f"The parameter {path}.SampleCount must be greater than 0.")
    if low > high:
        raise InvalidParameterValue(
            f"The parameter {path}.Maximum must be greater than or equal to Minimum."
        )
    return Sample.of_statistics(count, total, low, high)


def _number(value: float, path: str) -> float:
    if not math.isfinite(value) or abs(value) > _LARGEST:
        raise InvalidParameterValue(f"The value {value} for parameter {path} is invalid.")
    return value
