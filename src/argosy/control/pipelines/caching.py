"""Steps that need not be done again: an earlier execution asked the same, and succeeded.

What is compared is what the step was asked, with all references resolved; what objects hold is
not, as with SageMaker.
"""

import hashlib
import json
from typing import Any

from argosy.ground.pipelines.step import Step
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
    prefix = f"{record.document['pipeline']}/"
    found = records.find(state.EXECUTION, record.account, record.region, prefix=prefix)
    for other in reversed(found):
        one = other.document["steps"].get(step.name) or {}
        fresh = now - one.get("ended", 0.0) <= step.cache_s
        done = one.get("status") == state.SUCCEEDED and not one.get("cached")
        if done and one.get("key") == key and fresh and other.name != record.name:
            return other, one
    return None
