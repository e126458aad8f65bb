"""What one policy alone would have: tables of metrics and capacities."""

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.control.scaling.policies import stepped, tracked


@pytest.mark.parametrize(
    ("capacity", "metric", "target", "expected"),
    [
        (1, 150.0, 70.0, 3),
        (2, 70.0, 70.0, 2),
        (3, 0.1, 0.1, 3),
        (4, 30.0, 70.0, 2),
        (4, 36.0, 70.0, 3),
        (5, 0.0, 70.0, 0),
        (0, 12.0, 5.0, 3),
        (1, 500.0, 100.0, 5),
    ],
)
def test_a_metric_is_brought_to_its_target(
    capacity: int, metric: float, target: float, expected: int
) -> None:
    assert tracked(capacity, metric, target) == expected


@given(st.integers(1, 256), st.floats(0, 1e6), st.floats(1e-3, 1e6))
def test_the_tracked_capacity_is_the_least_that_keeps_to_the_target(
    capacity: int, metric: float, target: float
) -> None:
    wanted = tracked(capacity, metric, target)
    load = capacity * metric
    assert load <= target * wanted * (1 + 1e-6) + target * 1e-6
    assert wanted == 0 or load > target * (wanted - 1) * (1 - 1e-6) - target * 1e-6


def steps(kind: str, *bounds: tuple[float | None, float | None, int], **more: Any) -> Any:
    return {
        "AdjustmentType": kind,
        "StepAdjustments": [
            {
                "ScalingAdjustment": change,
                **({} if low is None else {"MetricIntervalLowerBound": low}),
                **({} if high is None else {"MetricIntervalUpperBound": high}),
            }
            for low, high, change in bounds
        ],
        **more,
    }


OUT = steps("ChangeInCapacity", (0, 10, 1), (10, 20, 2), (20, None, 4))
IN = steps("ChangeInCapacity", (None, -10, -2), (-10, 0, -1))


@pytest.mark.parametrize(
    ("configuration", "breach", "above", "expected"),
    [
        (OUT, 0.0, True, 4),
        (OUT, 9.9, True, 4),
        (OUT, 10.0, True, 5),
        (OUT, 20.0, True, 7),
        (OUT, 1e9, True, 7),
        (OUT, -0.1, True, None),
        (IN, 0.0, False, 2),
        (IN, -9.9, False, 2),
        (IN, -10.0, False, 1),
        (IN, -50.0, False, 1),
        (IN, 0.1, False, None),
        (steps("ExactCapacity", (0, None, 7)), 5.0, True, 7),
        (steps("ChangeInCapacity", (None, 0, -9)), -1.0, False, 0),
    ],
)
def test_the_step_that_is_meant_is_taken(
    configuration: Any, breach: float, above: bool, expected: int | None
) -> None:
    assert stepped(3, configuration, breach, above=above) == expected


@pytest.mark.parametrize(
    ("capacity", "percent", "least", "expected"),
    [
        (10, 25, None, 12),
        (10, 1, None, 11),
        (1, 50, None, 2),
        (10, -25, None, 8),
        (10, -1, None, 9),
        (1, -50, None, 0),
        (10, 10, 5, 15),
        (10, -10, 5, 5),
        (0, 50, None, 0),
    ],
)
def test_percentages_are_rounded_as_the_guide_says(
    capacity: int, percent: int, least: int | None, expected: int
) -> None:
    more = {} if least is None else {"MinAdjustmentMagnitude": least}
    configuration = steps("PercentChangeInCapacity", (None, None, percent), **more)
    assert stepped(capacity, configuration, 0.0, above=True) == expected


@given(st.floats(-1e6, 1e6), st.booleans(), st.integers(0, 256))
def test_a_range_without_gaps_has_a_step_for_every_breach(
    breach: float, above: bool, capacity: int
) -> None:
    whole = steps("ChangeInCapacity", (None, -5, -2), (-5, 0, -1), (0, 5, 1), (5, None, 2))
    wanted = stepped(capacity, whole, breach, above=above)
    assert wanted is not None
    assert math.fabs(wanted - capacity) <= 2
