"""How one deployment takes the place of another: its steps, and how far it is.

The state lies in the endpoint's document, so that whoever comes back goes on where it was.
`services` write a rollout with an update, `control` leads it. Everything here is arithmetic.
"""

from collections.abc import Iterable
from math import ceil
from typing import NotRequired, TypedDict

GROWING = "growing"
"""The instances that the step needs are coming up."""
ACTIVATING = "activating"
"""They are given their share of traffic."""
BAKING = "baking"
"""They have it, and are watched."""
RETURNING = "returning"
"""A rolling update goes back: the old fleet grows again, batch by batch."""
STUCK = "stuck"
"""It could not: both fleets serve as they are."""

WAIT_INTERVAL = "WaitIntervalInSeconds"
TERMINATION_WAIT = "TerminationWaitInSeconds"


class Step(TypedDict):
    """Traffic moves on by one step."""

    share: float
    """Of the traffic, and of the new fleet's capacity, that the new fleet has then: 0 < … ≤ 1."""
    wait: float
    """Seconds of baking."""
    waits: str
    """The member of DeploymentConfig that says so."""


class Rollout(TypedDict):
    """An update under way. Times are epoch seconds."""

    rolling: bool
    """The old fleet shrinks as the new one grows; else both are whole (blue/green)."""
    steps: list[Step]
    alarms: list[str]
    """Names of alarms that roll it back."""
    guards: list[str]
    """Conditions on the new fleet's metrics, as `argosy rollout` takes them."""
    timeout: float | None
    return_batch: float
    """Of a rolling update: the share of the old fleet that comes back at once."""
    began: float
    phase: str
    step: int
    since: float
    """When the phase began."""
    share: float
    """What the new fleet has of the traffic now."""
    deaths: int
    """Dead instances that were counted already."""
    died: int
    """Instances of the new fleet that died while they had traffic."""
    stop_reason: str
    """Why somebody wants it rolled back; "" while nobody does."""
    by_hand: NotRequired[bool]
    """`argosy rollout` asked for it."""


def new_rollout(
    steps: list[Step],
    began: float,
    *,
    rolling: bool = False,
    alarms: Iterable[str] = (),
    guards: Iterable[str] = (),
    timeout: float | None = None,
    return_batch: float = 1.0,
) -> Rollout:
    """A rollout before its first step."""
    return {
        "rolling": rolling,
        "steps": steps,
        "alarms": list(alarms),
        "guards": list(guards),
        "timeout": timeout,
        "return_batch": return_batch,
        "began": began,
        "phase": GROWING,
        "step": 0,
        "since": began,
        "share": 0.0,
        "deaths": 0,
        "died": 0,
        "stop_reason": "",
    }


def whole(share: float, count: int) -> int:
    """Instances that make up a share of `count`, rounded up."""
    return max(0, min(count, ceil(share * count - 1e-9)))


def current_step(rollout: Rollout) -> Step:
    return rollout["steps"][rollout["step"]]


def goal_of_return(rollout: Rollout) -> float:
    """The share that the new fleet keeps after the next batch of a rollback."""
    goal = rollout["share"] - rollout["return_batch"]
    return goal if goal > 1e-9 else 0.0


def new_count(rollout: Rollout, count: int) -> int:
    """How many instances a variant of the new fleet shall have now, of `count` in the end."""
    if not rollout["rolling"] or rollout["phase"] == STUCK:
        return count
    if rollout["phase"] == RETURNING:
        return whole(rollout["share"], count)
    return whole(current_step(rollout)["share"], count)


def old_count(rollout: Rollout, count: int) -> int:
    """How many a variant of the old fleet shall have now, of `count` before the update."""
    if not rollout["rolling"] or rollout["phase"] == STUCK:
        return count
    if rollout["phase"] == RETURNING:
        return whole(1.0 - goal_of_return(rollout), count)
    # Instances leave once the batch that replaces them has been baked.
    before = rollout["steps"][rollout["step"] - 1]["share"] if rollout["step"] else 0.0
    return whole(1.0 - before, count)
