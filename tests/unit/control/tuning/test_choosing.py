"""Ranges of hyperparameters, what is chosen of them, and when a tuning job is over."""

import math
from typing import Any

import pytest

from argosy.control.tuning.choosing import Known, choose
from argosy.control.tuning.deciding import ALL_FAILED, Decision, decide
from argosy.ground.tuning import BadRanges, Categories, Numbers, grid, parse_ranges


def continuous(low: str, high: str, scale: str = "Auto", name: str = "rate") -> dict[str, Any]:
    one = {"Name": name, "MinValue": low, "MaxValue": high, "ScalingType": scale}
    return {"ContinuousParameterRanges": [one]}


def integer(low: str, high: str, scale: str = "Auto") -> dict[str, Any]:
    one = {"Name": "depth", "MinValue": low, "MaxValue": high, "ScalingType": scale}
    return {"IntegerParameterRanges": [one]}


def numbers(given: dict[str, Any]) -> Numbers:
    (only,) = parse_ranges(given)
    assert isinstance(only, Numbers)
    return only


@pytest.mark.parametrize(
    ("given", "middle"),
    [
        (continuous("0", "1"), 0.5),
        (continuous("0.001", "10"), 0.1),
        (continuous("1", "100", "Logarithmic"), 10.0),
        (continuous("0", "0.99", "ReverseLogarithmic"), 0.9),
        (continuous("0.001", "10", "Linear"), 5.0005),
        (integer("1", "9"), 5.0),
        (integer("1", "10000"), 100.0),
        ({"AutoParameters": [{"Name": "x", "ValueHint": "20"}]}, 20.0),
    ],
)
def test_the_middle_of_a_range_follows_its_scale(given: dict[str, Any], middle: float) -> None:
    one = numbers(given)
    assert float(one.text(0.5)) == pytest.approx(middle)
    assert one.place(one.text(0.5)) == pytest.approx(0.5, abs=0.07)
    assert float(one.text(0.0)) == pytest.approx(one.low)
    assert float(one.text(1.0)) == pytest.approx(one.high)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({}, "at least one range"),
        (continuous("2", "1"), "must not be greater"),
        (continuous("a", "1"), "not a number"),
        (integer("1.5", "2"), "not an integer"),
        (continuous("nan", "1"), "must not be greater"),
        (continuous("0", "1", "Logarithmic"), "greater than 0"),
        (continuous("0", "1", "ReverseLogarithmic"), "not including, 1"),
        ({**continuous("0", "1"), **integer("0", "1")} | {"x": 1}, ""),
        ({"AutoParameters": [{"Name": "x", "ValueHint": "adam"}]}, "greater than 0"),
    ],
)
def test_ranges_that_are_none_are_refused(given: dict[str, Any], message: str) -> None:
    if not message:
        assert len(parse_ranges(given)) == 2
        return
    with pytest.raises(BadRanges, match=message):
        parse_ranges(given)


CHOICES = (Categories("a", ("x", "y")), Categories("b", ("1", "2", "3")))


def test_a_grid_tries_every_combination_once() -> None:
    def chosen(number: int) -> dict[str, str]:
        return choose("Grid", CHOICES, [], number=number, seed=1, maximize=True)

    assert [chosen(n) for n in range(1, 7)] == grid(CHOICES)
    assert len({tuple(chosen(n).values()) for n in range(1, 7)}) == 6
    with pytest.raises(BadRanges, match="CategoricalParameterRanges only"):
        grid(parse_ranges(continuous("0", "1")))


def test_random_choices_are_the_same_for_the_same_seed_and_do_not_repeat() -> None:
    def chosen(seed: int) -> list[dict[str, str]]:
        known: list[Known] = []
        for number in range(1, 6):
            one = choose("Random", CHOICES, known, number=number, seed=seed, maximize=True)
            known.append(Known(one))
        return [one.hyperparameters for one in known]

    assert chosen(7) == chosen(7)
    assert chosen(7) != chosen(8)
    assert len({tuple(one.values()) for one in chosen(7)}) == 5


def test_a_bayesian_search_comes_closer_than_chance() -> None:
    """The best of 25 trials of a bowl in two dimensions, over some seeds."""
    ranges = parse_ranges({**continuous("0.0001", "1"), **integer("1", "64")})

    def loss(chosen: dict[str, str]) -> float:
        rate, depth = float(chosen["rate"]), int(chosen["depth"])
        return (math.log10(rate) + 2) ** 2 + ((depth - 40) / 16) ** 2

    def best(strategy: str, seed: int) -> float:
        known: list[Known] = []
        for number in range(1, 26):
            one = choose(strategy, ranges, known, number=number, seed=seed, maximize=False)
            known.append(Known(one, loss(one)))
        return min(one.value for one in known if one.value is not None)

    searched = [best("Bayesian", seed) for seed in range(4)]
    drawn = [best("Random", seed) for seed in range(4)]
    assert sum(searched) < sum(drawn)
    assert searched[0] == best("Bayesian", 0), "the same seed chooses the same"


def test_running_and_failed_trials_and_those_of_other_ranges_do_no_harm() -> None:
    ranges = (*CHOICES, *parse_ranges(continuous("0", "1")))
    known = [Known({"a": "x", "b": "1", "rate": str(n / 10)}, value=n / 10) for n in range(1, 7)]
    known += [Known({"a": "x", "b": "1", "rate": "0.9"})]
    known += [Known({"a": "y", "b": "2", "rate": "0.1"}, failed=True)]
    known += [Known({"other": "1"}, value=3.0), Known({"a": "z", "b": "1", "rate": "7"}, 1.0)]
    chosen = choose("Bayesian", ranges, known, number=11, seed=3, maximize=True)
    assert chosen["a"] in ("x", "y")
    assert 0 <= float(chosen["rate"]) <= 1


def asked(strategy: str = "Random", most: int | None = 4, **more: Any) -> dict[str, Any]:
    limits = {"MaxNumberOfTrainingJobs": most, "MaxParallelTrainingJobs": 2}
    ranges = {"CategoricalParameterRanges": [{"Name": "a", "Values": ["1", "2", "3"]}]}
    return {
        "HyperParameterTuningJobConfig": {
            "Strategy": strategy,
            "ResourceLimits": {**limits, **more.pop("limits", {})},
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "m"},
            "ParameterRanges": ranges,
            "TuningJobCompletionCriteria": more.pop("criteria", None),
        },
        "TrainingJobDefinition": {"AlgorithmSpecification": {}},
    }


def trials(*given: Any) -> list[Any]:
    """A number is the value of a completed trial, a text the status of one without."""
    return [
        {"status": "Completed", "value": one}
        if isinstance(one, float)
        else {"status": one, "value": None}
        for one in given
    ]


RUNS, BROKE, STOPPED, DONE = "InProgress", "Failed", "Stopped", "Completed"


@pytest.mark.parametrize(
    ("wanted", "there", "status", "age", "decision"),
    [
        (asked(), [], RUNS, 0, Decision(begin=2)),
        (asked(), [RUNS], RUNS, 0, Decision(begin=1)),
        (asked(), [RUNS, RUNS], RUNS, 0, Decision()),
        (asked(), [1.0, 2.0, 3.0], RUNS, 0, Decision(begin=1)),
        (asked(), [1.0, 2.0, 3.0, RUNS], RUNS, 0, Decision()),
        (asked(), [1.0, 2.0, BROKE, BROKE], RUNS, 0, (DONE, "")),
        (asked(), [BROKE] * 4, RUNS, 0, (BROKE, ALL_FAILED)),
        (asked(most=50), [BROKE] * 10, RUNS, 0, (BROKE, ALL_FAILED)),
        (asked(), [RUNS], "Stopping", 0, (STOPPED, "")),
        (asked(limits={"MaxRuntimeInSeconds": 200}), [1.0, RUNS], RUNS, 200, (DONE, "")),
        (asked("Grid", None), [1.0, 2.0], RUNS, 0, Decision(begin=1)),
        (asked("Grid", None), [1.0, 2.0, 3.0], RUNS, 0, (DONE, "")),
        (asked(criteria={"TargetObjectiveMetricValue": 2.0}), [2.5, RUNS], RUNS, 0, (DONE, "")),
        (
            asked(
                most=9,
                criteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}},
            ),
            [1.0, 5.0, 2.0, 3.0, 4.0],
            RUNS,
            0,
            (DONE, ""),
        ),
        (
            asked(
                most=9,
                criteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}},
            ),
            [1.0, 5.0, 5.04, 5.03, 5.045],  # better, but by less than 1 %
            RUNS,
            0,
            (DONE, ""),
        ),
        (
            asked(
                most=9,
                criteria={"BestObjectiveNotImproving": {"MaxNumberOfTrainingJobsNotImproving": 3}},
            ),
            [1.0, 5.0, 2.0, 5.06, 4.0],
            RUNS,
            0,
            Decision(begin=2),
        ),
    ],
)
def test_what_a_tuning_job_does_next(
    wanted: Any, there: list[Any], status: str, age: float, decision: Any
) -> None:
    expected = decision if isinstance(decision, Decision) else Decision(end=decision)
    assert decide(wanted, trials(*there), status, age) == expected


def test_a_metric_that_never_came_is_told() -> None:
    there = [{"status": DONE, "value": None}] * 4
    status, reason = decide(asked(), there, RUNS, 0).end or ("", "")
    assert status == BROKE
    assert reason.startswith("No objective metrics found after running 4 training jobs.")
