"""One pass over executions: what is to begin begins, what has begun is looked at.

Remembers nothing but the calls of functions that it waits for: after kill -9 the next control goes
on where the records say.
"""

import logging
from collections.abc import Callable
from typing import Any

from argosy.control.means import Means
from argosy.control.pipelines.carrying import Steps
from argosy.control.pipelines.deciding import decide
from argosy.control.pipelines.noting import Notes
from argosy.ground.pipelines import definition as definitions
from argosy.ground.pipelines.step import Definition
from argosy.state import pipelines as state
from argosy.state.pipelines import definition_of
from argosy.state.records import Record

log = logging.getLogger(__name__)

_NOTHING_TO_DO_S = 60.0
_LOOK_EVERY_S = 1.0
_RETRY_S = 5.0
_MOST_ROUNDS = 100


class PipelineReconciler:
    """`ring` has the loop look again."""

    def __init__(self, means: Means, ring: Callable[[], None]) -> None:
        self._means = means
        self._steps = Steps(means, ring)
        self._notes = Notes(means)
        self._definitions: dict[str, Definition] = {}

    async def activate(self) -> float:
        """One pass; returns after how many seconds to look again if nothing rings."""
        found = self._means.records.find(state.EXECUTION, statuses=state.UNFINISHED)
        wanted = {record.document["definition"] for record in found}
        self._definitions = {k: v for k, v in self._definitions.items() if k in wanted}
        pauses = [_NOTHING_TO_DO_S]
        for record in found:
            try:
                pauses.append(await self._carry_on(record))
            except Exception:
                log.exception("execution %s could not be carried on; trying again", record.name)
                pauses.append(_RETRY_S)
        return min(pauses)

    async def stop(self) -> None:
        await self._steps.stop()

    async def _carry_on(self, record: Record) -> float:
        """Until nothing changes any more at this moment."""
        definition = self._definition(record)
        for _ in range(_MOST_ROUNDS):
            current = self._current(record)
            if current is None or current.status not in state.UNFINISHED:
                return _NOTHING_TO_DO_S
            if not await self._round(current, definition):
                return self._pause(current)
        return 0.0

    async def _round(self, record: Record, definition: Definition) -> bool:
        """Whether anything has changed."""
        document: Any = record.document
        decision = decide(definition, document["steps"], record.status, document["parallel"])
        if decision.end:
            self._notes.end(record, definition, decision.end)
            return False
        changed = False
        for name in (*decision.look, *decision.begin):
            step, before = definition.steps[name], document["steps"].get(name) or {}
            after = await self._steps.carry_on(record, definition, step, before)
            changed = changed or after != before
            if after != before and self._notes.step(record, step, after) is None:
                return False
        return changed

    def _definition(self, record: Record) -> Definition:
        digest = record.document["definition"]
        if digest not in self._definitions:
            where = (record.account, record.region)
            text = definition_of(self._means.records, record.document, where)
            self._definitions[digest] = definitions.parse(text)
        return self._definitions[digest]

    def _pause(self, record: Record) -> float:
        now = self._means.clock.now()
        later: list[float] = [
            one["again"] - now
            for one in record.document["steps"].values()
            if one["status"] == state.STARTING and one.get("again")
        ]
        return max(0.0, min([_LOOK_EVERY_S, *later]))

    def _current(self, record: Record) -> Record | None:
        return self._means.records.get(record.kind, record.account, record.region, record.name)
