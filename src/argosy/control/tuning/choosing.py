"""Chooses the hyperparameters of the next trials: at random, from a grid, or by a Bayesian search.

Each choice depends on nothing but the seed, the trial's number and what is known of the trials
before it. The Bayesian search is optuna's (tree-structured Parzen estimators, which know of trials
that are still running); it is imported when it is needed first.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from argosy.ground.tuning import Categories, Range, grid

_UNLIKE_TRIES = 10
_STARTUP = 5
"""So many trials are random before a model is made of them."""


@dataclass(frozen=True)
class Known:
    """A trial that there is; `value` is None while it runs, and `failed` when it has none."""

    hyperparameters: dict[str, str]
    value: float | None = None
    failed: bool = False


def choose(
    strategy: str,
    ranges: tuple[Range, ...],
    known: Sequence[Known],
    *,
    number: int,
    seed: int,
    maximize: bool,
) -> dict[str, str]:
    """Hyperparameters of the trial of that number, which counts from 1. Raises BadRanges."""
    if strategy == "Grid":
        points = grid(ranges)
        return points[(number - 1) % len(points)]
    if strategy == "Bayesian":
        done = [one for one in known if one.value is not None]
        if len(done) >= _STARTUP:
            return _bayesian(ranges, known, random.Random(f"{seed}/{number}"), maximize)
    return _random(ranges, known, random.Random(f"{seed}/{number}"))


def _random(
    ranges: tuple[Range, ...], known: Sequence[Known], dice: random.Random
) -> dict[str, str]:
    """Something that was not tried before, where that is easily found."""
    tried = [one.hyperparameters for one in known]
    chosen = _drawn(ranges, dice)
    for _ in range(_UNLIKE_TRIES):
        if chosen not in tried:
            break
        chosen = _drawn(ranges, dice)
    return chosen


def _drawn(ranges: tuple[Range, ...], dice: random.Random) -> dict[str, str]:
    return {
        one.name: dice.choice(one.values)
        if isinstance(one, Categories)
        else one.text(dice.random())
        for one in ranges
    }


def _bayesian(
    ranges: tuple[Range, ...], known: Sequence[Known], dice: random.Random, maximize: bool
) -> dict[str, str]:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    space = _space(ranges, optuna.distributions)
    sampler = optuna.samplers.TPESampler(
        seed=dice.getrandbits(31), constant_liar=True, n_startup_trials=_STARTUP
    )
    directions = optuna.study.StudyDirection
    direction = directions.MAXIMIZE if maximize else directions.MINIMIZE
    study = optuna.create_study(direction=direction, sampler=sampler)
    for one in known:
        past = _past(one, ranges, space, optuna)
        if past is not None:
            study.add_trial(past)
    asked = study.ask(space).params
    return {one.name: _text(one, asked[one.name]) for one in ranges}


def _space(ranges: tuple[Range, ...], distributions: Any) -> dict[str, Any]:
    return {
        one.name: distributions.CategoricalDistribution(one.values)
        if isinstance(one, Categories)
        else distributions.FloatDistribution(0.0, 1.0)
        for one in ranges
    }


def _past(one: Known, ranges: tuple[Range, ...], space: dict[str, Any], optuna: Any) -> Any:
    """The trial as optuna knows trials; None for one of other ranges."""
    params = {each.name: _place(each, one.hyperparameters.get(each.name)) for each in ranges}
    if any(place is None for place in params.values()):
        return None
    states = optuna.trial.TrialState
    running = one.value is None and not one.failed
    state = states.RUNNING if running else states.FAIL if one.failed else states.COMPLETE
    return optuna.trial.create_trial(
        state=state, value=one.value, params=params, distributions=space
    )


def _place(one: Range, text: str | None) -> Any:
    if text is None:
        return None
    if isinstance(one, Categories):
        return text if text in one.values else None
    return one.place(text)


def _text(one: Range, place: Any) -> str:
    return str(place) if isinstance(one, Categories) else one.text(float(place))
