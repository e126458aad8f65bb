"""Who carries out what an alarm asks for: the shape of an action, found by the head of its ARN."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from argosy.state.record import Record

SCALING = "arn:aws:autoscaling:"
"""Such actions are repeated while the state lasts."""


@dataclass(frozen=True, slots=True)
class Fired:
    """Why an action is carried out."""

    previous: str
    state: str
    reason: str
    at: float
    """When the state was reached, epoch seconds."""
    repeated: bool
    """The state lasts on; the action was asked for before."""
    action: str
    """The ARN that is called for; each of an alarm's actions is called for by itself."""
    value: float | None = None
    """The newest point that was looked at, metric math included; None where there is none."""
    value_at: float | None = None
    """When that point's period began, epoch seconds."""
    points: tuple[tuple[float, float], ...] = ()
    """(value, begin) of all that were evaluated, newest first."""


Act = Callable[[Record, Fired], Awaitable[None]]
"""Carries out an action of an alarm. What it raises is told in the history."""


def act_for(arn: str, actions: Mapping[str, Act]) -> Act | None:
    """The one whose prefix the ARN has."""
    return next((act for prefix, act in actions.items() if arn.startswith(prefix)), None)
