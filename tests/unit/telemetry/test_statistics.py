"""CloudWatch's statistics of samples."""

import math

import pytest

from argosy.telemetry.metrics import Sample
from argosy.telemetry.metrics.statistics import BadStatistic, parse, statistic

TEN = Sample.of_values([float(n) for n in range(1, 11)])
"""1 to 10."""


@pytest.mark.parametrize(
    ("stat", "value"),
    [
        ("SampleCount", 10),
        ("Sum", 55),
        ("Average", 5.5),
        ("Minimum", 1),
        ("Maximum", 10),
        ("p50", 5),
        ("p90", 9),
        ("p99.9", 10),
        ("p0", 1),
        ("p100", 10),
        ("tm90", 5),
        ("TM(:90%)", 5),
        ("TM(10%:90%)", 5.5),
        ("TM(80%:)", 9.5),
        ("TM(2:5)", 4),
        ("IQM", (0.5 * 3 + 4 + 5 + 6 + 7 + 0.5 * 8) / 5),
        ("wm90", (45 + 9) / 10),
        ("WM(10%:90%)", (2 + 2 + 3 + 4 + 5 + 6 + 7 + 8 + 9 + 9) / 10),
        ("WM(2:5)", (2 + 2 + 3 + 4 + 5 * 6) / 10),
        ("tc90", 9),
        ("TC(2:5)", 3),
        ("ts80", 36),
        ("TS(80%:)", 19),
        ("PR(:3)", 30),
        ("PR(3:7)", 40),
        ("PR(9:)", 10),
    ],
)
def test_a_statistic_has_the_value_that_its_definition_says(stat: str, value: float) -> None:
    found = statistic(TEN, stat)

    assert found is not None
    assert math.isclose(found, value), found


@pytest.mark.parametrize(
    "stat",
    [
        *("", "average", "p", "p101", "p-1", "p1e3", "TM", "TM(:)", "TM(5:2)", "TM(10:90%)"),
        *("PR(1%:2%)", "TM(0%:101%)", "XX(1:2)", "IQM90"),
    ],
)
def test_what_is_no_statistic_is_refused(stat: str) -> None:
    with pytest.raises(BadStatistic):
        parse(stat)


def test_single_values_of_a_statistic_set_are_not_known() -> None:
    several = Sample.of_statistics(3, 10.0, 1.0, 5.0)

    assert statistic(several, "p99") is None
    assert statistic(several, "TM(:90%)") is None
    assert statistic(several, "Average") == pytest.approx(10 / 3)


def test_a_statistic_set_of_equal_values_has_percentiles() -> None:
    assert statistic(Sample.of_statistics(3, 6.0, 2.0, 2.0), "p99") == 2.0


def test_values_that_came_often_are_cut_apart_by_a_share() -> None:
    sample = Sample.of_values([1.0, 100.0], [95, 5])

    assert statistic(sample, "tm98") == pytest.approx((95 + 3 * 100) / 98)
    assert statistic(sample, "tc98") == pytest.approx(98)


def test_no_value_within_the_bounds_is_no_mean() -> None:
    assert statistic(TEN, "TM(20:30)") is None
    assert statistic(TEN, "TC(20:30)") == 0
