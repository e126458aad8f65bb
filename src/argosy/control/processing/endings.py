"""When a processing job is over, and how. Pure.

Source: the developer guide on a monitoring execution's ExitMessage.
"""

from dataclasses import dataclass

from argosy.monitor.analysis import Result
from argosy.state.job_statuses import COMPLETED, FAILED, STOPPED, STOPPING

MOST_ATTEMPTS = 3
"""Processes of one job: one that is lost with control again and again is not started for ever."""


@dataclass(frozen=True)
class Ending:
    """The end of a job; `result` only when its process came to one."""

    status: str
    reason: str = ""
    message: str = ""
    result: Result | None = None


def ending_of(
    status: str, attempts: int, *, running: bool, result: Result | None, overdue: bool
) -> Ending | None:
    """None while the job goes on.

    running: whether there is a process of it; result: what it said, when it has ended.
    """
    if overdue and result is not None:
        return Ending(STOPPED, message="The job took longer than MaxRuntimeInSeconds.")
    if status == STOPPING:
        return Ending(STOPPED) if result is not None or not running else None
    if result is not None:
        return _by(result)
    if not running and attempts >= MOST_ATTEMPTS:
        return Ending(FAILED, f"The job was cut off {MOST_ATTEMPTS} times by a restart.")
    return None


def _by(result: Result) -> Ending:
    if result["failure"]:
        return Ending(FAILED, result["failure"], result["failure"], result)
    count = result["violations"]
    if count:
        message = f"CompletedWithViolations: Job completed successfully with {count} violations."
    else:
        message = "Completed: Job completed successfully with no violations."
    return Ending(COMPLETED, "", message, result)
