"""What `argosy alarms` shows of alarms."""

from datetime import UTC, datetime
from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from argosy.cli.alarms import render, rule_of

NOW = 1_700_000_000.0


def alarm(name: str, state: str = "OK", **more: Any) -> dict[str, Any]:
    given = {
        "AlarmName": name,
        "StateValue": state,
        "StateReason": "Threshold Crossed: [1]",
        "StateUpdatedTimestamp": datetime.fromtimestamp(NOW - 300, UTC),
        "ActionsEnabled": True,
        "MetricName": "ModelLatency",
        "ExtendedStatistic": "p99",
        "Period": 60,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 2,
        "Threshold": 100000.0,
        "ComparisonOperator": "GreaterThanThreshold",
        **more,
    }
    return {key: value for key, value in given.items() if value is not None}


@pytest.mark.parametrize(
    ("shown", "rule"),
    [
        (alarm("a"), "p99 ModelLatency > 100000, 2 of 3 × 60 s"),
        (
            alarm("a", Metrics=[{"Id": "e", "Expression": "100 * bad / all"}], Threshold=0.5),
            "100 * bad / all > 0.5, 2 of 3",
        ),
        ({"AlarmRule": "ALARM(a) AND OK(b)"}, "ALARM(a) AND OK(b)"),
    ],
)
def test_a_rule_is_told_in_few_words(shown: dict[str, Any], rule: str) -> None:
    assert rule_of(shown) == rule


def test_those_that_ring_come_first() -> None:
    screen = Console(width=200, file=StringIO())
    screen.print(render([alarm("a"), alarm("b", "ALARM", ActionsEnabled=False)], NOW))

    assert isinstance(screen.file, StringIO)
    lines = screen.file.getvalue().splitlines()
    assert lines[1].split()[:4] == ["b", "(actions", "off)", "ALARM"]
    assert "5 min" in lines[2]
    assert "Threshold Crossed: [1]" in lines[2]


def test_no_alarm_at_all_says_how_to_make_one() -> None:
    screen = Console(width=200, file=StringIO())
    screen.print(render([], NOW))

    assert isinstance(screen.file, StringIO)
    assert "put-metric-alarm" in screen.file.getvalue()
