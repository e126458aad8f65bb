"""When a step of the load was absorbed."""

import pytest
from bench.stepping import Answer, absorbed, moments


def test_requests_are_due_evenly_within_each_step() -> None:
    assert moments([(2.0, 1.0), (4.0, 0.5)]) == [0.0, 0.5, 1.0, 1.25]


def test_a_step_is_absorbed_when_the_last_slow_request_was_due() -> None:
    answers = [Answer(1.0, 9.0, 200), Answer(4.5, 0.3, 200), Answer(6.0, 0.2, 200)]
    assert absorbed(answers, 4.0, 0.25) == pytest.approx(0.5)
    assert absorbed(answers, 5.0, 0.25) == 0.0
