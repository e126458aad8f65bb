"""Latency goals, and what keeps them."""

from typing import Any

import pytest

from argosy.ground.errors import ArgosyError
from argosy.load.goal import Goal, parse
from argosy.load.measured import Measured, latencies, percentile


@pytest.mark.parametrize(
    ("text", "share", "limit_ms"),
    [
        ("p99<100ms", 99, 100),
        ("P99.9 < 0.5s", 99.9, 500),
        ("p50<=800us", 50, 0.8),
        ("p95<2s", 95, 2000),
    ],
)
def test_a_goal_is_read(text: str, share: float, limit_ms: float) -> None:
    assert parse(text) == Goal(share, limit_ms)


@pytest.mark.parametrize("text", ["", "100ms", "p99", "p100<1s", "p99>1s", "p99<0ms", "p99<5"])
def test_what_is_no_goal_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ArgosyError, match=r"p99<100ms|above zero"):
        parse(text)


def measured(p99: float = 50.0, **more: Any) -> Measured:
    given = {"offered": 100.0, "seconds": 3.0, "requests": 300, "answered": 300, **more}
    return Measured(latency_ms={"50": 1.0, "99": p99}, **given)


@pytest.mark.parametrize(
    ("came", "why"),
    [
        (measured(), ""),
        (measured(p99=100.0), "p99 100.0 ms"),
        (measured(errors={"503": 1}), "1 failed"),
        (measured(answered=280), "it did not keep up"),
        (measured(cut_off=True), "too many took longer; ended early"),
    ],
)
def test_a_goal_is_kept_without_errors_in_time_and_at_the_rate_offered(
    came: Measured, why: str
) -> None:
    assert Goal(99, 100).why_not(came) == why


def test_percentiles_are_by_nearest_rank() -> None:
    assert percentile([1.0, 2.0, 3.0, 4.0], 50) == 2.0
    assert percentile([1.0, 2.0, 3.0, 4.0], 99) == 4.0
    told = latencies([0.004, 0.001, 0.002, 0.003], (50, 99.9))
    assert told == {"50": 2.0, "99.9": 4.0, "max": 4.0, "mean": 2.5}
