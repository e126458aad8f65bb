"""Writes down how an execution and its steps go on; each change and its event are one commit."""

from argosy.control.means import Means
from argosy.control.pipelines.caching import note
from argosy.control.pipelines.deciding import FAILURE
from argosy.ground.pipelines.step import FAIL, Definition, Step
from argosy.state import pipelines as state
from argosy.state.pipeline_events import tell_execution, tell_step
from argosy.state.pipelines import StepState
from argosy.state.records import Record


class Notes:
    """Steps are written by control alone, so a step is written into the record as it is now."""

    def __init__(self, means: Means) -> None:
        self._means = means

    def step(self, record: Record, step: Step, changed: StepState) -> Record | None:
        """None when the execution is gone."""
        records, now = self._means.records, self._means.clock.now()
        with records.transaction():
            current = self._current(record)
            if current is None:
                return None
            before = current.document["steps"].get(step.name) or {}
            if before == changed:
                return current
            steps = {**current.document["steps"], step.name: changed}
            document = {**current.document, "steps": steps}
            written = records.update(current, now=now, document=document)
            if before.get("status") != changed["status"]:
                was = before.get("status", "") if before.get("started") else ""
                tell_step(records, written, step.name, step.type, changed, now, was)
                note(records, written, step, changed, now)
            return written

    def end(self, record: Record, definition: Definition, status: str) -> None:
        records, now = self._means.records, self._means.clock.now()
        with records.transaction():
            current = self._current(record)
            if current is None or current.status not in state.UNFINISHED:
                return
            reason = _reason(current, definition) if status == state.FAILED else ""
            document = {**current.document, "failure_reason": reason, "ended": now}
            ended = records.update(current, now=now, document=document, status=status)
            tell_execution(records, ended, now, current.status)

    def _current(self, record: Record) -> Record | None:
        return self._means.records.get(record.kind, record.account, record.region, record.name)


def _reason(record: Record, definition: Definition) -> str:
    """A Fail step says why in its own words."""
    for name, one in record.document["steps"].items():
        step = definition.steps.get(name)
        if one["status"] == state.FAILED and step is not None and step.type == FAIL:
            return str(one.get("failure") or FAILURE)
    return FAILURE
