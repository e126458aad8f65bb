"""Finds the highest rate at which an endpoint keeps a goal, within a time limit."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from argosy.ground.errors import ArgosyError
from argosy.load.engine import Engine, OnSecond
from argosy.load.goal import Goal
from argosy.load.measured import SHARES, Load, Measured
from argosy.load.search import Search, Trial

_PROBE = Load(rate=10.0, seconds=1.5)
_START_SHARE = 0.25
_BUSY_CPU = 0.9
_QUIET_S = 0.3
_LONGEST_OF = 8.0
"""A trial takes no more than this part of all the time there is, where it can be helped."""


@dataclass
class Found:
    """The outcome of a search."""

    goal: Goal
    trials: list[tuple[Trial, Measured]] = field(default_factory=list)
    rate: float = 0.0
    """The highest that kept the goal, requests a second; 0 when none did."""
    confirmed: bool = False
    """It kept it again in longer trials; else time ran out before."""
    generator_busy: bool = False
    """A trial failed while the generator was at its own limit: there may be more."""

    @property
    def best(self) -> Measured | None:
        """The last good measurement at that rate."""
        good = [m for t, m in self.trials if t.rate == self.rate and self.goal.kept(m)]
        return good[-1] if good else None


def find(
    engine: Engine,
    goal: Goal,
    *,
    limit_s: float,
    connections: int,
    highest: float = 200_000.0,
    on_trial: Callable[[Trial, Measured], None],
    on_second: OnSecond,
) -> Found:
    """Search for up to `limit_s` seconds, and not beyond `highest` requests a second.

    Raises ArgosyError when even a single request fails.
    """
    until = time.monotonic() + limit_s
    found = Found(goal)
    search = Search(_start(engine, goal), highest=highest, longest_s=limit_s / _LONGEST_OF)
    while (trial := search.next()) and time.monotonic() + trial.seconds <= until:
        measured = engine.run(_load(trial, goal, connections), on_second)
        kept = goal.kept(measured)
        found.trials.append((trial, measured))
        found.generator_busy |= not kept and measured.cpu > _BUSY_CPU
        on_trial(trial, measured)
        search.note(trial, kept)
        if not kept:
            time.sleep(_QUIET_S)  # what was cut off is let go of
    if not found.trials:
        raise ArgosyError("The time was over before the first trial: give it a longer duration.")
    found.rate, found.confirmed = search.rate, search.confirmed
    return found


def _start(engine: Engine, goal: Goal) -> float:
    """A rate to begin with, from what a few single requests took."""
    probe = engine.run(_PROBE)
    if not probe.answered:
        raise ArgosyError(f"Every request failed: {probe.error_text or dict(probe.errors)}")
    return _START_SHARE * 1e3 / max(0.05, probe.latency_ms["50"])


def _load(trial: Trial, goal: Goal, connections: int) -> Load:
    shares = tuple(sorted({*SHARES, goal.share}))
    return Load(
        rate=trial.rate,
        seconds=trial.seconds,
        connections=connections,
        grace_s=2.0 + goal.limit_ms / 1e3,
        shares=shares,
        give_up_ms=goal.limit_ms,
        give_up_share=goal.share,
    )
