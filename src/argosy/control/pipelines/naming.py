"""Names of what steps make: the same for the same attempt, however often it is begun. Pure.

That is what makes a step that control was killed in the middle of begin only once.
"""

import base64
import hashlib
import re

_LONGEST = 63


def job_name(execution_id: str, step: str, attempt: int, prefix: str = "") -> str:
    """`pipelines-<execution>-<step>-<suffix>`, or with a prefix of the definition's own."""
    suffix = digest(execution_id, step, attempt)[:10]
    if prefix:
        room = _LONGEST - len(execution_id) - len(suffix) - 2
        return f"{_clean(prefix)[:room].rstrip('-')}-{execution_id}-{suffix}"
    room = _LONGEST - len("pipelines-") - len(execution_id) - len(suffix) - 2
    return f"pipelines-{execution_id}-{_clean(step)[:room].strip('-') or 'step'}-{suffix}"


def digest(execution_id: str, step: str, attempt: int) -> str:
    """Letters and digits that belong to one attempt."""
    raw = hashlib.sha256(f"{execution_id}/{step}/{attempt}".encode()).digest()
    return base64.b32encode(raw).decode().rstrip("=")


def _clean(name: str) -> str:
    """As names of jobs may be written."""
    return re.sub(r"-{2,}", "-", re.sub(r"[^A-Za-z0-9-]", "-", name)).strip("-")
