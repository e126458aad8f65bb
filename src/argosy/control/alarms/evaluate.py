"""Decides the state of an alarm from its points. Pure.

    points looked at  0 - X - X      (0 within, X breaching, - missing), 3 of 3
    evaluated             the newest 3 that are there: 0 X X → OK

Missing points count only where fewer are there than are to be evaluated, and then as the alarm
says. With "missing" an alarm goes off too where every point that is there breaches and the oldest
is at least M periods old.
Source: CloudWatch User Guide, "Using Amazon CloudWatch alarms"; reference §9.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from argosy.control.alarms.spec import BREACHES, AlarmSpec
from argosy.state.alarms import IN_ALARM, INSUFFICIENT, OK


@dataclass(frozen=True, slots=True)
class Dot:
    """A point of the metric."""

    start: int
    """Epoch seconds."""
    value: float
    count: float | None = None
    """How many values it is made of, where that is known."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the points say; `dots` are those that were evaluated, newest first."""

    state: str
    dots: tuple[Dot, ...]
    missing: int
    """How many missing points were filled in."""


def decide(spec: AlarmSpec, points: Sequence[Dot | None]) -> Verdict | None:
    """The verdict on the points looked at, oldest first; None: the state stays as it is."""
    there = [one for one in reversed(points) if one is not None][: spec.points]
    if there and sum(one.count or 0 for one in there) < spec.fewest:
        return None
    breaching = sum(_breaches(spec, one) for one in there)
    gaps = spec.points - len(there)
    if gaps == 0:
        return Verdict(_state(breaching, spec), tuple(there), 0)
    if spec.missing == "breaching":
        return Verdict(_state(breaching + gaps, spec), tuple(there), gaps)
    if spec.missing == "notBreaching":
        return Verdict(_state(breaching, spec), tuple(there), gaps)
    return _with_gaps(spec, points, tuple(there), breaching, gaps)


def _with_gaps(
    spec: AlarmSpec, points: Sequence[Dot | None], there: tuple[Dot, ...], breaching: int, gaps: int
) -> Verdict | None:
    """Where gaps are not filled in: what is there decides, if it can."""
    if breaching >= spec.enough:
        return Verdict(IN_ALARM, there, gaps)
    if breaching < len(there):
        return Verdict(OK, there, gaps)
    if spec.missing == "ignore":
        return None
    if there and _age(points) >= spec.enough:
        return Verdict(IN_ALARM, there, gaps)
    return Verdict(INSUFFICIENT, there, gaps)


def _age(points: Sequence[Dot | None]) -> int:
    """How many periods ago the oldest point was; 1 is the newest."""
    return len(points) - next(place for place, one in enumerate(points) if one is not None)


def _breaches(spec: AlarmSpec, dot: Dot) -> bool:
    return BREACHES[spec.comparison](dot.value, spec.threshold)


def _state(breaching: int, spec: AlarmSpec) -> str:
    return IN_ALARM if breaching >= spec.enough else OK
