"""One attempt of one step, with all that is needed to carry it out, and what came of it."""

from dataclasses import dataclass
from typing import Any

from argosy.control.pipelines.naming import digest
from argosy.ground.operations import Asker
from argosy.ground.pipelines.references import JSON_GET, Scope, file_of, functions_in, resolve
from argosy.ground.pipelines.step import CONDITION, Definition, Step
from argosy.state import pipelines as state
from argosy.state.pipelines import StepState
from argosy.state.records import Record

SESSION = "SageMakerPipelines"


@dataclass(frozen=True)
class Run:
    """`state` is the step's as it was before; `files` is what its Std:JsonGet read."""

    record: Record
    definition: Definition
    step: Step
    state: StepState
    scope: Scope
    now: float

    @property
    def asker(self) -> Asker:
        """Who a step's calls are made for: the role of the execution."""
        role = self.record.document["role"]
        return Asker(self.record.account, self.record.region, role, SESSION)

    @property
    def attempt(self) -> int:
        """Of this attempt: counts from 1."""
        return int(self.state.get("attempt", 0))

    @property
    def token(self) -> str:
        """Letters and digits that this attempt alone has."""
        return digest(self.record.document["id"], self.step.name, self.attempt)

    @property
    def stopping(self) -> bool:
        """The execution is to stop."""
        return self.record.status == state.STOPPING

    def arguments(self) -> dict[str, Any]:
        """What the step is asked, without references; of a condition only its conditions. Raises
        Unresolved."""
        asked: dict[str, Any] = resolve(own_arguments(self.step), self.scope)
        return asked

    def files(self) -> list[tuple[str, str]]:
        """What its references read: (step, property file), or ("", URI)."""
        return files_of(self.step, self.scope)

    def succeeded(self, **members: Any) -> StepState:
        return self._ended(state.SUCCEEDED, **members)

    def failed(self, reason: str, kind: str = "", **members: Any) -> StepState:
        """`kind`: for the retry policies."""
        return self._ended(state.FAILED, failure=reason, kind=kind, **members)

    def stopped(self, **members: Any) -> StepState:
        return self._ended(state.STOPPED, **members)

    def going_on(self, **members: Any) -> StepState:
        """Under way."""
        return {**self.state, "status": state.EXECUTING, **members}

    def _ended(self, status: str, **members: Any) -> StepState:
        return {**self.state, "status": status, "ended": self.now, **members}


def own_arguments(step: Step) -> dict[str, Any]:
    if step.type == CONDITION:
        return {"Conditions": step.arguments["Conditions"]}
    return step.arguments


def files_of(step: Step, scope: Scope) -> list[tuple[str, str]]:
    wanted = [own_arguments(step), step.function, step.queue]
    return [file_of(one[JSON_GET], scope) for one in functions_in(wanted) if JSON_GET in one]
