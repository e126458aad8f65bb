"""What a metric filter makes of an event: nothing, or a value of a metric. Pure.

A match gives the filter's value, a constant or a field; an event that does not match gives the
default value, if the filter has one. A match whose field is no number, or lacks the field of a
dimension, gives nothing. Source: CloudWatch Logs user guide, "Creating metrics from log events
using filters"; PutMetricFilter.
"""

from typing import NamedTuple

from argosy.state.log_groups import MetricFilter
from argosy.telemetry.patterns import Found, compile_pattern
from argosy.telemetry.patterns.form import shown
from argosy.telemetry.patterns.operands import number_of

MOST_COMBINATIONS = 1000
"""Different dimension values of one filter within an hour; further ones are left out."""

LARGEST = 2.0**360
"""What CloudWatch takes as a value; larger ones count nothing."""

_HOUR_S = 3600
_LONGEST_DIMENSION = 1024

Dimensions = tuple[tuple[str, str], ...]


class Measure(NamedTuple):
    """A value and the dimensions it has."""

    value: float
    dimensions: Dimensions = ()


class Measuring:
    """One metric filter at work. Raises BadPattern for a filter that no service should have kept.

    It remembers the dimensions of the hour, to bound them.
    """

    def __init__(self, given: MetricFilter) -> None:
        self.filter = given
        self.left_out = 0
        """Values without a place: too many combinations of dimensions in this hour."""
        self._pattern = compile_pattern(given.pattern)
        self._value = given.transformation["metricValue"]
        self._constant = number_of(self._value)
        self._dimensions = sorted((given.transformation.get("dimensions") or {}).items())
        self._default = given.transformation.get("defaultValue")
        self._hour = 0.0
        self._seen: set[Dimensions] = set()

    def measure(self, message: str, now: float) -> Measure | None:
        """What the filter makes of this message."""
        found = self._pattern.find(message)
        if found is None:
            return None if self._default is None else Measure(float(self._default))
        value, dimensions = self._number(found), self._named(found)
        if value is None or dimensions is None or not self._has_room(dimensions, now):
            return None
        return Measure(value, dimensions)

    def _number(self, found: Found) -> float | None:
        if self._constant is not None:
            return self._constant
        value = found.value(self._value)
        if isinstance(value, str):
            value = number_of(value)
        if isinstance(value, bool) or value is None or abs(value) > LARGEST:
            return None
        return float(value)

    def _named(self, found: Found) -> Dimensions | None:
        """The dimensions' values; None where one of them is missing."""
        values = [(name, shown(found.value(field))) for name, field in self._dimensions]
        if not all(value.strip() for _, value in values):
            return None
        return tuple((name, value[:_LONGEST_DIMENSION]) for name, value in values)

    def _has_room(self, dimensions: Dimensions, now: float) -> bool:
        if not dimensions:
            return True
        if now >= self._hour + _HOUR_S:
            self._hour, self.left_out = now, 0
            self._seen.clear()
        if dimensions not in self._seen and len(self._seen) >= MOST_COMBINATIONS:
            self.left_out += 1
            return False
        self._seen.add(dimensions)
        return True
