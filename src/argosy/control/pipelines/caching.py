"""Steps that need not be done again: an earlier execution asked the same, and succeeded.

What is compared is what the step was asked, with all references resolved; what objects hold is
not, as with SageMaker.
"""

import hashlib
import json
from typing import Any

from argosy.ground.pipelines.step import CACHEABLE, Step
from argosy.state import pipelines as state
from argosy.state.pipelines import StepState
from argosy.state.records import Record, Records


def key_of(step: Step, arguments: dict[str, Any], more: Any = None) -> str:
    """The digest of what a step is asked."""
    asked = json.dumps([step.name, step.type, arguments, more], sort_keys=True, default=str)
    return hashlib.sha256(asked.encode()).hexdigest()


def earlier(
    records: Records, record: Record, step: Step, key: str, now: float
) -> tuple[Record, StepState] | None:
    """The newest execution that stands for this step, and how the step ended there."""
    if step.cache_s is None:
        return None
    other = state.done_before(records, record, key)
    one = other.document["steps"].get(step.name) or {} if other else {}
    fresh = now - one.get("ended", 0.0) <= step.cache_s
    done = one.get("status") == state.SUCCEEDED and one.get("key") == key
    return (other, one) if other and done and fresh and other.name != record.name else None


def note(records: Records, record: Record, step: Step, changed: StepState, now: float) -> None:
    """That a step has ended so, for those who ask the same later. Joins the transaction."""
    done = changed["status"] == state.SUCCEEDED and not changed.get("cached")
    if done and changed.get("key") and step.type in CACHEABLE:
        state.note_done(records, record, step.name, changed["key"], now)
