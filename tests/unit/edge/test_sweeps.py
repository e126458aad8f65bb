"""When an edge sweeps, and when it tells what it counted."""

import pytest

from argosy.edge.server import next_sweep


@pytest.mark.parametrize(
    ("now", "at", "told"),
    [(100.0, 100.4, False), (100.4, 100.9, True), (100.89, 100.9, True), (100.9, 101.4, False)],
)
def test_metrics_are_told_just_before_a_second_ends(now: float, at: float, told: bool) -> None:
    pause, flush = next_sweep(now)
    assert now + pause == pytest.approx(at)
    assert flush is told


def test_a_day_has_one_line_a_second() -> None:
    now, lines = 1_700_000_000.3, 0
    for _ in range(2000):
        pause, flush = next_sweep(now)
        now, lines = now + pause + 0.003, lines + flush
    assert lines == 1000
