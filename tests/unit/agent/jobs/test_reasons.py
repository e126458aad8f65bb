"""FailureReasons of jobs."""

from argosy.agent.jobs import reasons


def test_the_failure_file_and_the_status_are_both_told_within_1024_characters() -> None:
    told = reasons.algorithm_error(255, "w" * 2000, [])
    assert len(told) == 1024
    assert told.startswith("AlgorithmError: www")
    assert told.endswith(", exit code: 255")


def test_without_a_failure_file_the_last_lines_are_told() -> None:
    told = reasons.algorithm_error(2, " ", ["one", "two"])
    assert told.startswith("AlgorithmError: See job logs for more information, exit code: 2.")
    assert told.endswith("one\ntwo")


def test_a_kill_is_explained() -> None:
    assert "ran out of memory" in reasons.algorithm_error(137, "", [])
