"""Metric math: what CloudWatch's user guide says of each function, and what is refused."""

import contextlib
import math
from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.telemetry.metrics.math import BadExpression, Grid, Scope, Series, answer, parse
from argosy.telemetry.metrics.math.evaluate import check

START = 1_700_000_040
"""A Tuesday, 22:14 UTC, at the beginning of a minute."""
Row = list[float | None]


def series(values: Row, label: str = "", *, metrics: bool = True) -> Series:
    """Values of successive minutes; None where there is none."""
    points = {START + 60 * n: v for n, v in enumerate(values) if v is not None}
    return Series(points, 60, label, metrics)


def row(one: Series, length: int = 5) -> Row:
    return [one.points.get(START + 60 * n) for n in range(length)]


def worked_out(expression: str, **given: Row) -> Series | list[Series]:
    known = {name: series(values, name) for name, values in given.items()}

    def find(name: str) -> Series:
        if name not in known:
            raise BadExpression(f"there is no {name}")
        return known[name]

    scope = Scope(
        Grid(START, START + 300, 60),
        find,
        lambda part: [one for name, one in known.items() if part in name],
    )
    return answer(parse(expression), scope)


def one(expression: str, **given: Row) -> Row:
    found = worked_out(expression, **given)
    assert isinstance(found, Series)
    return row(found)


M1: Row = [30.0, 20.0, 0.0, 0.0, None]
M2: Row = [20.0, None, 20.0, None, None]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("m1 + m2", [50, 20, 20, 0, None]),
        ("m1 - m2", [10, 20, -20, 0, None]),
        ("m1 * 2 + 1", [61, 41, 1, 1, None]),
        ("-m1", [-30, -20, 0, 0, None]),
        ("-5 * m1", [-150, -100, 0, 0, None]),
        ("m1 / m2", [1.5, None, 0, None, None]),
        ("100 / m1", [100 / 30, 5, None, None, None]),
        ("m2 ^ 2", [400, None, 400, None, None]),
        ("2 ^ 3 ^ 2 + 0 * m2", [512, None, 512, None, None]),
        ("-2 ^ 2 + 0 * m2", [-4, None, -4, None, None]),
        ("(m1 + 1) * (m2 - 1)", [31 * 19, 0, 19, 0, None]),
        ("m1 < m2", [0, 0, 1, 0, None]),
        ("m1 >= 30", [1, 0, 0, 0, None]),
        ("m1 > 15 AND m2 > 15", [1, 0, 0, 0, None]),
        ("m1 > 15 && m2 > 15", [1, 0, 0, 0, None]),
        ("m1 > 15 OR m2 > 15", [1, 1, 1, 0, None]),
        ("m1 == 0 || m1 == 20", [0, 1, 1, 1, None]),
        ("m1 != 0", [1, 1, 0, 0, None]),
        ("m1 - AVG(m1)", [17.5, 7.5, -12.5, -12.5, None]),
        ("m1 / MAX(m1)", [1, 20 / 30, 0, 0, None]),
        ("m1 - MIN(m2)", [10, 0, -20, -20, None]),
        ("SUM(m2) + 0 * m1", [40, 40, 40, 40, None]),
        ("STDDEV(m2) + 0 * m1", [0, 0, 0, 0, None]),
        ("m2 / DATAPOINT_COUNT(m1)", [5, None, 5, None, None]),
        ("SUM(METRICS())", [50, 20, 20, 0, None]),
        ("AVG(METRICS())", [25, 10, 10, 0, None]),
        ("AVG([m1, m2])", [25, 10, 10, 0, None]),
        ("MAX([m1, m2])", [30, 20, 20, 0, None]),
        ("MIN([m1, m2])", [20, 20, 0, 0, None]),
        ("DATAPOINT_COUNT(METRICS())", [2, 1, 2, 1, None]),
        ('SUM(METRICS("2"))', [20, None, 20, None, None]),
        ('SUM([METRICS("1"), METRICS("2")])', [50, 20, 20, 0, None]),
        ("m1 / METRIC_COUNT(METRICS())", [15, 10, 0, 0, None]),
        ("SUM(100 * [m1, m2])", [5000, 2000, 2000, 0, None]),
        ("SUM(-[m1, m2])", [-50, -20, -20, 0, None]),
        ("AVG([m1, m2] / m1)", [(1 + 20 / 30) / 2, 0.5, None, None, None]),
        ("ABS(m1 - m2)", [10, 20, 20, 0, None]),
        ("CEIL(m1 / 7)", [5, 3, 0, 0, None]),
        ("FLOOR(m1 / 7)", [4, 2, 0, 0, None]),
        ("LOG10(m2 * 5)", [2, None, 2, None, None]),
        ("LOG(m1)", [math.log(30), math.log(20), None, None, None]),
        ("DIFF(m2)", [None, None, 0, None, None]),
        ("DIFF(m1)", [None, -10, -20, 0, None]),
        ("DIFF_TIME(m2)", [None, None, 120, None, None]),
        ("RATE(m1)", [None, -10 / 60, -20 / 60, 0, None]),
        ("RUNNING_SUM(m1)", [30, 50, 50, 50, None]),
        ("FILL(m2, 7)", [20, 7, 20, 7, 7]),
        ("FILL(m2, m1)", [20, 20, 20, 0, None]),
        ("FILL(m2, MAX(m1))", [20, 30, 20, 30, 30]),
        ("FILL(m2, REPEAT)", [20, 20, 20, 20, 20]),
        ("FILL(m2 + 0 * m2, LINEAR)", [20, 20, 20, None, None]),
        ("PERIOD(m1) / 60 + 0 * m2", [1, None, 1, None, None]),
        ("TIME_SERIES(MAX(m1))", [30, 30, 30, 30, 30]),
        ("MINUTE(m2)", [14, 15, 16, 17, 18]),
        ("HOUR(m2)", [22] * 5),
        ("DAY(m2)", [2] * 5),
        ("DATE(m2)", [14] * 5),
        ("MONTH(m2)", [11] * 5),
        ("YEAR(m2)", [2023] * 5),
        ("EPOCH(m2) - EPOCH(m1) + 1", [1] * 5),
        ("IF(m1 < 25, m1)", [None, 20, 0, 0, None]),
        ("IF(m1 < 25, 10, 2)", [2, 10, 10, 10, None]),
        ("IF(1 > 2, m1, m2)", [20, None, 20, None, None]),
        ("IF(1 > 2, m1)", [None] * 5),
        ("IF(FIRST(SORT(METRICS(), AVG, DESC)) > 15, 1, 0)", [1, None, 1, None, None]),
        ("LAST(SORT(METRICS(), SUM, ASC))", M1),
        ("SUM(SLICE(SORT(METRICS(), SUM, DESC), 0, 1))", M1),
        ("SUM(SLICE(METRICS(), 1))", M2),
        ("SUM(SORT(METRICS(), MAX, DESC, 1))", M1),
        ("SUM(REMOVE_EMPTY([m1 / 0, m2]))", M2),
    ],
)
def test_a_function_gives_what_the_guide_says(expression: str, expected: Row) -> None:
    found = one(expression, m1=M1, m2=M2)

    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("expression", "given", "expected"),
    [
        (
            "IF(m1, m2, m3)",
            {"m1": [1, 1, 0, 0, None], "m2": [30, None, 0, 0, 30], "m3": [0, 0, 20, None, 20]},
            [30, 0, 20, None, None],
        ),
        (
            "IF(m1, 5, m3)",
            {"m1": [1, 1, 0, 0, None], "m3": [0, 0, 20, None, 20]},
            [5, 5, 20, None, None],
        ),
        (
            "IF(m1, m2, 5)",
            {"m1": [1, 1, 0, 0, None], "m2": [30, None, 0, 0, 30]},
            [30, 0, 5, 5, None],
        ),
    ],
)
def test_the_tables_of_if_in_the_guide_come_out(
    expression: str, given: Mapping[str, Row], expected: Row
) -> None:
    assert one(expression, **given) == expected


def test_gaps_are_filled_on_a_straight_line() -> None:
    assert one("FILL(m, LINEAR)", m=[None, 0.0, None, None, 30.0]) == [None, 0, 10, 20, 30]


def test_an_empty_metric_can_be_filled() -> None:
    assert one("FILL(m, 0)", m=[]) == [0] * 5


def test_arithmetic_on_an_array_keeps_its_labels() -> None:
    found = worked_out("100 - METRICS()", a=[1.0], b=[2.0])

    assert isinstance(found, list)
    assert [(each.label, row(each, 1)) for each in found] == [("a", [99]), ("b", [98])]


def test_a_sum_of_very_many_is_worked_out() -> None:
    assert one("+".join(["m"] * 1000), m=[1.0])[0] == 1000


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "ends too early"),
        ("m1 +", "ends too early"),
        ("m1 m1", "not expected"),
        ("(m1", "ends too early"),
        ("m1 $ 2", "not known"),
        ("m9", "there is no m9"),
        ("AVG(m1)", "single number"),
        ("1 + 1", "single number"),
        ("NOSUCH(m1)", "not a function"),
        ("avg(m1)", "not a function"),
        ("SUM(1)", "SUM takes"),
        ("FILL(m1)", "FILL takes"),
        ("FILL(m1, FORWARD)", "FILL takes"),
        ("IF(m1)", "IF takes"),
        ("SORT(METRICS(), P99, DESC)", "SORT takes"),
        ("PERIOD(m1 + 1)", "not the result"),
        ("METRICS() + METRICS()", "two arrays"),
        ("[1, m1]", "time series only"),
        ("REPEAT + m1", "no value"),
        ('"text"', "no value"),
        ("(" * 100 + "m1" + ")" * 100, "nested too deeply"),
        ("-" * 500 + "m1", "nested too deeply"),
        ("2^" * 500 + "m1", "nested too deeply"),
        ("m1" + "+1" * 2000, "more than 2048"),
        ("SEARCH('{A}', 'Sum')", "searches are not offered"),
        ("ANOMALY_DETECTION_BAND(m1)", "anomaly detection is not offered"),
        ("SELECT AVG(x) FROM y", "Metrics Insights"),
    ],
)
def test_what_cannot_be_worked_out_is_refused_with_a_sentence(expression: str, words: str) -> None:
    with pytest.raises(BadExpression, match=words):
        worked_out(expression, m1=[1.0])


def test_an_unknown_function_is_found_without_working_anything_out() -> None:
    check(parse("SUM(METRICS()) / FILL(m1, 0)"))
    with pytest.raises(BadExpression, match="searches"):
        check(parse("SUM(SEARCH('x'))"))


def test_too_much_work_is_given_up() -> None:
    scope = Scope(Grid(0, 60 * 100_000, 60), lambda _: math.nan, lambda _: [Series({}, 60)] * 100)
    with pytest.raises(BadExpression, match="too much work"):
        answer(parse("FILL(METRICS(), 1)"), scope)


@given(st.text('m1()[],+-*/^<>=& |"ANDIFSUMAVGFILLMETRICS0.9eE', max_size=60))
def test_any_text_is_read_or_refused(expression: str) -> None:
    with contextlib.suppress(BadExpression):
        worked_out(expression, m1=[1.0, 2.0])
