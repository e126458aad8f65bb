"""What an execution does next, from its definition and how far its steps are. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from argosy.ground.pipelines.step import Definition, Step
from argosy.state import pipelines as state

States = Mapping[str, Mapping[str, Any]]

MOST_AT_ONCE = 50
"""SageMaker's MaxParallelExecutionSteps where nothing is said."""
_UNDER_WAY = (state.STARTING, state.EXECUTING, state.STOPPING)
FAILURE = "Step failure: One or multiple steps failed."


@dataclass(frozen=True)
class Decision:
    """`begin`: steps, in order. `look`: steps under way. `end`: the execution's last status."""

    begin: tuple[str, ...] = ()
    look: tuple[str, ...] = ()
    end: str = ""


def decide(definition: Definition, states: States, status: str, parallel: int | None) -> Decision:
    """After a failed step, and while it is to stop, nothing begins any more; what is under way
    comes to its end first."""
    look = tuple(n for n in definition.steps if _status(states, n) in _UNDER_WAY)
    if status == state.STOPPING or _any(states, state.FAILED, state.STOPPED):
        if look:
            return Decision(look=look)
        failed = _any(states, state.FAILED) and status != state.STOPPING
        return Decision(end=state.FAILED if failed else state.STOPPED)
    fate = _Fate(definition, states)
    waiting = [name for name in definition.steps if name not in states and not fate.skipped(name)]
    if not look and not waiting:
        return Decision(end=state.SUCCEEDED)
    free = max(0, (parallel or MOST_AT_ONCE) - len(look))
    return Decision(tuple(name for name in waiting if fate.ready(name))[:free], look)


class _Fate:
    """Which steps can begin, and which never will."""

    def __init__(self, definition: Definition, states: States) -> None:
        self._steps, self._states = definition.steps, states
        self._skipped = set[str]()
        for name in definition.in_order():
            step = self._steps[name]
            if self._beside(step) or step.needs & self._skipped:
                self._skipped.add(name)

    def ready(self, name: str) -> bool:
        step = self._steps[name]
        done = all(_status(self._states, needed) == state.SUCCEEDED for needed in step.needs)
        return done and (step.within is None or self._taken(step.within) is True)

    def skipped(self, name: str) -> bool:
        """A condition has decided against it, or against what it needs."""
        return name in self._skipped

    def _beside(self, step: Step) -> bool:
        if step.within is None:
            return False
        return self._taken(step.within) is False or step.within[0] in self._skipped

    def _taken(self, within: tuple[str, bool]) -> bool | None:
        """None until the condition has been looked at."""
        outcome = self._states.get(within[0], {}).get("outcome")
        return None if outcome is None else outcome is within[1]


def _status(states: States, name: str) -> str:
    return str(states.get(name, {}).get("status", ""))


def _any(states: States, *statuses: str) -> bool:
    return any(one.get("status") in statuses for one in states.values())
