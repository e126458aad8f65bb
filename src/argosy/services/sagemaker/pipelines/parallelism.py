"""ParallelismConfiguration: how many steps of a pipeline may be under way at once."""

from typing import Any


def parallel_of(asked: dict[str, Any]) -> int | None:
    """MaxParallelExecutionSteps of a request, if it says it."""
    given = asked.get("ParallelismConfiguration")
    return int(given["MaxParallelExecutionSteps"]) if given else None


def parallel_shown(parallel: int | None) -> dict[str, Any]:
    """The member of a description; none where nothing was said."""
    if not parallel:
        return {}
    return {"ParallelismConfiguration": {"MaxParallelExecutionSteps": parallel}}
