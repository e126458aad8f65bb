"""Why an instance does not serve, in SageMaker's words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from argosy.agent import reasons


def test_a_reason_begins_with_sagemakers_sentence_and_ends_with_the_log() -> None:
    reason = reasons.not_healthy("primary", "AllTraffic", "Cause: x.", ["one", "two"])
    assert reason == (
        "The primary container for production variant AllTraffic did not pass the ping health "
        "check. Please check CloudWatch logs for this endpoint. Cause: x. Last log lines:\none\ntwo"
    )


@given(st.text(max_size=2000), st.lists(st.text(max_size=400), max_size=15))
def test_no_reason_is_longer_than_the_api_allows(cause: str, log: list[str]) -> None:
    assert len(reasons.not_healthy("primary", "v", cause, log)) <= reasons.MAX_REASON


def test_the_newest_lines_are_kept_when_room_is_short() -> None:
    reason = reasons.with_log("x", [f"line {n}" for n in range(500)])
    assert reason.endswith("line 498\nline 499")
    assert "line 1\n" not in reason


def test_of_one_overlong_line_the_end_is_kept() -> None:
    reason = reasons.with_log("x", ["a" * 5000 + "THE END"])
    assert reason.endswith("THE END")
    assert len(reason) <= reasons.MAX_REASON


@pytest.mark.parametrize(
    ("status", "limit", "words"),
    [
        (3, 0, "exited with status 3."),
        (1, 700, "(its memory limit is 700 MiB)"),
        (-9, 0, "SIGKILL"),
        (137, 0, "SIGKILL"),
        (-11, 0, "SIGSEGV"),
        (139, 0, "SIGSEGV"),
        (0, 0, "exited with status 0."),
    ],
)
def test_an_exit_status_is_put_into_words(status: int, limit: int, words: str) -> None:
    assert words in reasons.exit_cause(status, limit)
