"""The state of an alarm by its points: the tables of CloudWatch's user guide."""

from typing import Any

import pytest

from argosy.control.alarms import texts
from argosy.control.alarms.evaluate import Dot, Verdict, decide
from argosy.control.alarms.spec import AlarmSpec, spec_of

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
STATES = {"O": "OK", "A": "ALARM", "I": "INSUFFICIENT_DATA", "R": None}


def spec(**members: Any) -> AlarmSpec:
    given = {
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 3,
        "Threshold": 10.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **members,
    }
    return spec_of(given, "0" * 12, "us-east-1")


def dots(drawn: str) -> list[Dot | None]:
    """ "0 - X": 0 within, X breaching, - missing; oldest first, a minute each."""
    values = {"0": 1.0, "X": 20.0}
    return [
        Dot(60 * place, values[one], 1) if one in values else None
        for place, one in enumerate(drawn.split())
    ]


@pytest.mark.parametrize(
    ("enough", "drawn", "expected"),
    [
        (3, "0 - X - X", "OOOO"),
        (3, "0 - - - -", "OOOO"),
        (3, "- - - - -", "IRAO"),
        (3, "0 X X - X", "AAAA"),
        (3, "- - X - -", "ARAO"),
        (3, "- - - - X", "IRAO"),
        (3, "X - - - -", "ARAO"),
        (2, "0 - X - X", "AAAA"),
        (2, "0 0 X 0 X", "AAAA"),
        (2, "0 - X - -", "OOAO"),
        (2, "- - - - 0", "OOAO"),
        (2, "- - - X -", "ARAO"),
        (2, "- - - - X", "IRAO"),
        (3, "X X X 0 0", "OOOO"),
        (3, "0 0 X X X", "AAAA"),
        (1, "X 0 0 0 0", "OOOO"),
        (1, "- - - X 0", "AAAA"),
    ],
)
def test_the_tables_of_the_guide_come_out(enough: int, drawn: str, expected: str) -> None:
    for treatment, letter in zip(TREATMENTS, expected, strict=True):
        asked = spec(DatapointsToAlarm=enough, TreatMissingData=treatment)

        found = decide(asked, dots(drawn))

        assert (found.state if found else None) == STATES[letter], (drawn, treatment)


@pytest.mark.parametrize(
    ("comparison", "breaching"),
    [
        ("GreaterThanThreshold", [False, False, True]),
        ("GreaterThanOrEqualToThreshold", [False, True, True]),
        ("LessThanThreshold", [True, False, False]),
        ("LessThanOrEqualToThreshold", [True, True, False]),
    ],
)
def test_each_comparison_knows_where_the_threshold_belongs(
    comparison: str, breaching: list[bool]
) -> None:
    asked = spec(ComparisonOperator=comparison, EvaluationPeriods=1)

    found = [decide(asked, [None, None, Dot(0, value)]) for value in (9.0, 10.0, 11.0)]

    assert [one is not None and one.state == "ALARM" for one in found] == breaching


def test_a_percentile_of_too_few_values_is_ignored_where_that_is_asked() -> None:
    asked = {"Statistic": None, "ExtendedStatistic": "p99", "EvaluationPeriods": 1}
    few, many = [Dot(0, 20.0, 999)], [Dot(0, 20.0, 1000)]
    ignoring = spec(**asked, EvaluateLowSampleCountPercentile="ignore")

    assert decide(ignoring, few) is None
    assert decide(ignoring, many) is not None
    assert decide(spec(**asked), few) is not None
    assert spec(
        **{**asked, "ExtendedStatistic": "p10"}, EvaluateLowSampleCountPercentile="ignore"
    ).fewest == pytest.approx(100)


def test_somewhat_more_periods_are_looked_at_than_are_evaluated() -> None:
    assert spec().looked_at == 5
    assert spec(Period=1).looked_at == 8
    assert spec(EvaluationPeriods=1, Period=10).looked_at == 3


def test_short_periods_end_with_the_last_minute_and_long_ones_with_themselves() -> None:
    now = 1_700_000_048.0

    assert spec(Period=300).stretch(now)[1] == 1_700_000_040
    assert spec(Period=3600).stretch(now)[1] == 1_699_999_200
    assert spec(Period=10).stretch(now)[1] == 1_700_000_040
    assert spec(Period=1).stretch(now)[1] == 1_700_000_048


@pytest.mark.parametrize(
    ("members", "drawn", "previous", "expected"),
    [
        (
            {"EvaluationPeriods": 1},
            "0 0 X",
            "OK",
            "Threshold Crossed: 1 out of the last 1 datapoints [20.0 (01/01/70 00:02:00)] was "
            "greater than the threshold (10.0) (minimum 1 datapoint for OK -> ALARM transition).",
        ),
        (
            {"DatapointsToAlarm": 2},
            "X 0 X",
            "OK",
            "Threshold Crossed: 2 out of the last 3 datapoints [20.0 (01/01/70 00:02:00), 1.0 "
            "(01/01/70 00:01:00), 20.0 (01/01/70 00:00:00)] were greater than the threshold (10.0) "
            "(minimum 2 datapoints for OK -> ALARM transition).",
        ),
        (
            {"EvaluationPeriods": 1},
            "X X 0",
            "ALARM",
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/70 00:02:00)] was not "
            "greater than the threshold (10.0) (minimum 1 datapoint for ALARM -> OK transition).",
        ),
        (
            {},
            "- - -",
            "OK",
            "Insufficient Data: 3 datapoints were unknown.",
        ),
        (
            {"EvaluationPeriods": 1, "TreatMissingData": "breaching"},
            "- - -",
            "OK",
            "Threshold Crossed: no datapoints were received for 1 period and 1 missing datapoint "
            "was treated as [Breaching].",
        ),
        (
            {"TreatMissingData": "notBreaching"},
            "- 0 -",
            "ALARM",
            "Threshold Crossed: 1 out of the last 1 datapoints [1.0 (01/01/70 00:01:00)] was not "
            "greater than the threshold (10.0) and 2 missing datapoints were treated as "
            "[NonBreaching] (minimum 1 datapoint for ALARM -> OK transition).",
        ),
    ],
)
def test_the_reason_says_what_was_seen(
    members: dict[str, Any], drawn: str, previous: str, expected: str
) -> None:
    asked = spec(**members)
    verdict = decide(asked, dots(drawn))
    assert verdict is not None

    assert texts.reason(asked, verdict, previous) == expected


def test_reason_and_data_of_very_many_points_stay_within_their_bounds() -> None:
    asked = spec(EvaluationPeriods=1440)
    seen = tuple(Dot(60 * n, 123456.789, 1) for n in range(1440))

    verdict = Verdict("ALARM", seen, 0)

    assert len(texts.reason(asked, verdict, "OK")) <= 1023
    assert len(texts.reason_data(asked, verdict, (0, 60), 100.0)) <= 4000
