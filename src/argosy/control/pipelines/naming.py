"""Names of what steps make: the same for the same attempt, however often it is begun. Pure.

That is what makes a step that control was killed in the middle of begin only once.
"""

import base64
import hashlib
import re

LONGEST = 63
SHORT = 32
"""Of the names of tuning jobs."""


def job_name(
    execution_id: str, step: str, attempt: int, prefix: str = "", longest: int = LONGEST
) -> str:
    """`pipelines-<execution>-<step>-<suffix>`, or with a prefix of the definition's own; without
    "pipelines-" where names must be short, as SageMaker does.

    In small letters but for the prefix: a step's Metadata has the job's ARN, which has no others,
    and who wants to describe the job cuts the name out of that (the SDK's `result` does).
    longest: in characters; at least SHORT.
    """
    suffix = digest(execution_id, step, attempt)[:10].lower()
    step = step.lower()
    room = longest - len(execution_id) - len(suffix) - 2
    if prefix:
        return f"{_cut(prefix, room)}-{execution_id}-{suffix}"
    if longest < LONGEST:
        return f"{execution_id}-{_cut(step, room)}-{suffix}"
    return f"pipelines-{execution_id}-{_cut(step, room - len('pipelines-'))}-{suffix}"


def _cut(name: str, room: int) -> str:
    return _clean(name)[:room].strip("-") or "step"


def digest(execution_id: str, step: str, attempt: int) -> str:
    """Letters and digits that belong to one attempt."""
    raw = hashlib.sha256(f"{execution_id}/{step}/{attempt}".encode()).digest()
    return base64.b32encode(raw).decode().rstrip("=")


def _clean(name: str) -> str:
    """As names of jobs may be written."""
    return re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9-]", "-", name)).strip("-")
