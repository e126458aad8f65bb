"""Carries one step on: begins an attempt, looks at one, and decides whether there is another."""

from collections.abc import Callable
from typing import Any

from argosy.control.means import Means
from argosy.control.pipelines.caching import earlier, key_of
from argosy.control.pipelines.callbacks import CallbackSteps
from argosy.control.pipelines.functions import FunctionSteps
from argosy.control.pipelines.jobs import JobSteps
from argosy.control.pipelines.kinds import JOBS
from argosy.control.pipelines.retrying import next_attempt
from argosy.control.pipelines.run import Run
from argosy.control.pipelines.scopes import scope_of
from argosy.ground.pipelines import step as steps
from argosy.ground.pipelines.conditions import holds
from argosy.ground.pipelines.errors import Unresolved
from argosy.ground.pipelines.references import Scope, resolve
from argosy.ground.pipelines.step import Definition, Step
from argosy.state import pipelines as state
from argosy.state.pipelines import StepState
from argosy.state.records import Record


class Steps:
    """The steps of all executions."""

    def __init__(self, means: Means, ring: Callable[[], None]) -> None:
        self._means = means
        self._jobs = JobSteps(means.operations)
        self._functions = FunctionSteps(means.operations, ring)
        self._callbacks = CallbackSteps(means.operations)

    async def stop(self) -> None:
        await self._functions.stop()

    async def carry_on(
        self, record: Record, definition: Definition, step: Step, before: StepState
    ) -> StepState:
        """What the step's state becomes; `before` itself when nothing has changed."""
        now = self._means.clock.now()
        if not before or before["status"] == state.STARTING:
            after = await self._begin(record, definition, step, before, now)
        else:
            after = await self._look(record, definition, step, before, now)
        return self._again(record, step, after, now)

    async def _begin(
        self, record: Record, definition: Definition, step: Step, before: StepState, now: float
    ) -> StepState:
        if before and record.status == state.STOPPING:
            return {**before, "status": state.STOPPED, "ended": now}
        if before.get("again", 0.0) > now:
            return before
        attempt = before.get("attempt", 0) + 1
        begun: StepState = {
            "status": state.EXECUTING,
            "attempt": attempt,
            "started": now,
            "first": before.get("first", now),
        }
        try:
            scope = await scope_of(record, definition, step, attempt, now, self._means.store)
            return await self._attempt(Run(record, definition, step, begun, scope, now))
        except Unresolved as error:
            return Run(record, definition, step, begun, Scope(), now).failed(
                f"ClientError: {error}"
            )

    async def _attempt(self, run: Run) -> StepState:
        """Raises Unresolved."""
        if run.step.type == steps.CONDITION:
            return _decided(run)
        arguments = run.arguments()
        if run.step.type == steps.FAIL:
            message = str(arguments.get("ErrorMessage") or "")
            return run.failed(message, metadata={"Fail": {"ErrorMessage": message}})
        target = resolve(run.step.function or run.step.queue, run.scope)
        cached = self._cached(run, arguments, target)
        if cached is not None:
            return cached
        begun = await self._started(run, arguments, str(target))
        return {**begun, "key": key_of(run.step, arguments, target)}

    async def _started(self, run: Run, arguments: dict[str, Any], target: str) -> StepState:
        if run.step.type in JOBS:
            return await self._jobs.begin(run, arguments)
        if run.step.type == steps.LAMBDA:
            return self._functions.begin(run, target, arguments)
        return self._callbacks.begin(run, target, arguments)

    def _cached(self, run: Run, arguments: dict[str, Any], target: Any) -> StepState | None:
        key = key_of(run.step, arguments, target)
        found = earlier(self._means.records, run.record, run.step, key, run.now)
        if found is None:
            return None
        other, one = found
        return run.succeeded(
            key=key,
            cached=other.document["arn"],
            arn=one.get("arn", ""),
            metadata=one.get("metadata", {}),
            properties=one.get("properties", {}),
        )

    async def _look(
        self, record: Record, definition: Definition, step: Step, before: StepState, now: float
    ) -> StepState:
        run = Run(record, definition, step, before, Scope(), now)
        if step.type in JOBS:
            return await self._jobs.look(run)
        if step.type == steps.CALLBACK:
            return await self._callbacks.look(run)
        if not self._functions.running(run):  # control was killed while it waited
            try:
                return await self._called_again(run)
            except Unresolved as error:
                return run.failed(f"ClientError: {error}")
        return self._functions.look(run)

    async def _called_again(self, run: Run) -> StepState:
        attempt = run.attempt
        scope = await scope_of(
            run.record, run.definition, run.step, attempt, run.now, self._means.store
        )
        whole = Run(run.record, run.definition, run.step, run.state, scope, run.now)
        self._functions.begin(whole, run.state["arn"], whole.arguments())
        return run.state

    def _again(self, record: Record, step: Step, after: StepState, now: float) -> StepState:
        """A failed attempt that a policy has followed by another one."""
        if after.get("status") != state.FAILED or record.status == state.STOPPING:
            return after
        kind, attempt = after.get("kind", ""), after.get("attempt", 1)
        again = next_attempt(step.retries, kind, attempt, after.get("first", now), now)
        if again is None:
            return after
        kept: Any = {k: after[k] for k in ("attempt", "first", "started") if k in after}
        return {**kept, "status": state.STARTING, "again": again}


def _decided(run: Run) -> StepState:
    """A condition's outcome."""
    outcome = all(holds(one, run.scope) for one in run.step.arguments["Conditions"])
    shown = {"Outcome": "True" if outcome else "False"}
    return run.succeeded(outcome=outcome, properties=shown, metadata={"Condition": shown})
