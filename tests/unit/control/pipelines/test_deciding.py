"""What an execution does next; when attempts follow each other; what jobs are named."""

from typing import Any

import pytest

from argosy.control.pipelines.deciding import Decision, decide
from argosy.control.pipelines.naming import job_name
from argosy.control.pipelines.retrying import INTERNAL_ERROR, THROTTLING, next_attempt
from argosy.ground.pipelines.step import Definition, Retry, Step

DONE, RUNS, BROKE = {"status": "Succeeded"}, {"status": "Executing"}, {"status": "Failed"}


def steps(*given: Step) -> Definition:
    return Definition({}, {one.name: one for one in given})


def step(name: str, *needs: str, within: tuple[str, bool] | None = None) -> Step:
    return Step(name, "Model", {}, needs=frozenset(needs), within=within)


CHAIN = steps(step("a"), step("b", "a"), step("c", "b"), step("side"))
FORK = steps(
    step("ask"),
    step("yes", within=("ask", True)),
    step("after", "yes"),
    step("no", within=("ask", False)),
)


@pytest.mark.parametrize(
    ("definition", "states", "status", "parallel", "decision"),
    [
        (CHAIN, {}, "Executing", None, Decision(("a", "side"))),
        (CHAIN, {}, "Executing", 1, Decision(("a",))),
        (CHAIN, {"a": RUNS}, "Executing", 1, Decision((), ("a",))),
        (CHAIN, {"a": DONE, "side": RUNS}, "Executing", None, Decision(("b",), ("side",))),
        (CHAIN, {"a": DONE, "b": DONE, "c": DONE, "side": DONE}, "Executing", None, "Succeeded"),
        (CHAIN, {"a": BROKE, "side": RUNS}, "Executing", None, Decision((), ("side",))),
        (CHAIN, {"a": BROKE, "side": DONE}, "Executing", None, "Failed"),
        (CHAIN, {"a": RUNS}, "Stopping", None, Decision((), ("a",))),
        (CHAIN, {"a": {"status": "Stopped"}}, "Stopping", None, "Stopped"),
        (CHAIN, {}, "Stopping", None, "Stopped"),
        (FORK, {}, "Executing", None, Decision(("ask",))),
        (FORK, {"ask": {**DONE, "outcome": True}}, "Executing", None, Decision(("yes",))),
        (FORK, {"ask": {**DONE, "outcome": False}}, "Executing", None, Decision(("no",))),
        (FORK, {"ask": {**DONE, "outcome": False}, "no": DONE}, "Executing", None, "Succeeded"),
    ],
)
def test_what_comes_next(
    definition: Definition, states: Any, status: str, parallel: int | None, decision: Any
) -> None:
    expected = Decision(end=decision) if isinstance(decision, str) else decision
    assert decide(definition, states, status, parallel) == expected


def test_a_thousand_steps_in_a_row_come_one_by_one_to_their_end() -> None:
    names = [f"s{number}" for number in range(1000)]
    chain = [step(name, *names[:place][-1:]) for place, name in enumerate(names)]
    for written in (chain, chain[::-1]):
        definition = steps(*written)
        half = dict.fromkeys(names[:500], DONE)
        assert decide(definition, {}, "Executing", None).begin == ("s0",)
        assert decide(definition, half, "Executing", None).begin == ("s500",)
        assert decide(definition, dict.fromkeys(names, DONE), "Executing", None).end


POLICY = Retry(kinds=(INTERNAL_ERROR,), interval_s=10, backoff=3, most=2)
BRIEF = Retry(kinds=(INTERNAL_ERROR,), interval_s=10, backoff=3, expire_s=60)


@pytest.mark.parametrize(
    ("policy", "kind", "attempt", "after"),
    [
        (POLICY, INTERNAL_ERROR, 1, 1010),
        (POLICY, INTERNAL_ERROR, 2, 1030),
        (POLICY, INTERNAL_ERROR, 3, None),
        (BRIEF, INTERNAL_ERROR, 2, 1030),
        (BRIEF, INTERNAL_ERROR, 3, None),
        (POLICY, "", 1, None),
        (POLICY, THROTTLING, 1, 1001),
        (POLICY, THROTTLING, 6, None),
    ],
)
def test_when_another_attempt_begins(
    policy: Retry, kind: str, attempt: int, after: float | None
) -> None:
    assert next_attempt((policy,), kind, attempt, first=1000, now=1000) == after


def test_names_of_jobs_fit_and_belong_to_the_attempt() -> None:
    name = job_name("abcdefghijkl", "Train_the--model" * 5, 1)
    assert name.startswith("pipelines-abcdefghijkl-train-the-model")
    assert name == name.lower(), "the name can be cut out of the ARN"
    assert len(name) <= 63
    assert "--" not in name
    assert name == job_name("abcdefghijkl", "Train_the--model" * 5, 1)
    assert name != job_name("abcdefghijkl", "Train_the--model" * 5, 2)
    assert job_name("abcdefghijkl", "s", 1, "mine").startswith("mine-abcdefghijkl-")
