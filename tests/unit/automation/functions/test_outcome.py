"""What is said of an invocation, word for word."""

import json

import pytest

from argosy.automation.functions import outcome
from argosy.automation.functions.outcome import Outcome


def test_a_report_has_the_figures_of_lambda_between_tabs() -> None:
    line = outcome.report(
        "id", duration_ms=26.731, memory_mb=128, used_mb=75, init_ms=None, outcome=Outcome(b"")
    )
    assert line == (
        "REPORT RequestId: id\tDuration: 26.73 ms\tBilled Duration: 27 ms\t"
        "Memory Size: 128 MB\tMax Memory Used: 75 MB\t"
    )


def test_a_first_report_tells_the_start_and_a_failed_one_how() -> None:
    figures = {"duration_ms": 1.0, "memory_mb": 128, "used_mb": 1}
    late = outcome.timed_out("id", 3, 0.0)
    line = outcome.report("id", init_ms=12.5, outcome=late, **figures)  # type: ignore[arg-type]
    assert line.endswith("\tInit Duration: 12.50 ms\tStatus: timeout\t")
    died = outcome.ended("id", 1)
    line = outcome.report("id", init_ms=None, outcome=died, **figures)  # type: ignore[arg-type]
    assert line.endswith("\tStatus: error\tError Type: Runtime.ExitError\t")


def test_a_time_limit_is_told_with_time_and_id() -> None:
    told = json.loads(outcome.timed_out("id", 3, 1_700_000_000.25).payload)
    assert told == {
        "errorMessage": "2023-11-14T22:13:20.250Z id Task timed out after 3.00 seconds",
        "errorType": "Sandbox.Timedout",
    }


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (0, "Runtime exited without providing a reason"),
        (None, "Runtime exited without providing a reason"),
        (2, "Runtime exited with error: exit status 2"),
        (137, "Runtime exited with error: signal: killed"),
        (-9, "Runtime exited with error: signal: killed"),
        (139, "Runtime exited with error: signal: segmentation fault"),
        (180, "Runtime exited with error: signal: 52"),
    ],
)
def test_an_end_is_told_as_a_shell_knows_it(code: int | None, said: str) -> None:
    told = json.loads(outcome.ended("id", code).payload)
    assert told["errorMessage"] == f"RequestId: id Error: {said}"
