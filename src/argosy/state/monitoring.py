"""Monitoring schedules, their job definitions and their executions, as records.

A definition's document holds the Create…JobDefinition input without its tags. An execution
is one run of a schedule; its record is named by the schedule and the time for which it is meant,
so that there is never a second one for the same time.
"""

from datetime import UTC, datetime
from typing import Any, NotRequired, TypedDict

MONITORING_SCHEDULE = "monitoring-schedule"
"""Kind of record and type in an ARN, as the next."""
DATA_QUALITY_DEFINITION = "data-quality-job-definition"
MODEL_QUALITY_DEFINITION = "model-quality-job-definition"
EXECUTION = "monitoring-execution"

DATA_QUALITY = "DataQuality"
MODEL_QUALITY = "ModelQuality"
DEFINITIONS = {DATA_QUALITY: DATA_QUALITY_DEFINITION, MODEL_QUALITY: MODEL_QUALITY_DEFINITION}
"""MonitoringType, with which members of its definitions begin → kind of their records."""

PENDING = "Pending"
SCHEDULED = "Scheduled"
STOPPED = "Stopped"
FAILED = "Failed"
DUE = (PENDING, SCHEDULED)
"""Statuses of schedules that control looks at."""

IN_PROGRESS = "InProgress"
COMPLETED = "Completed"
WITH_VIOLATIONS = "CompletedWithViolations"
STOPPING = "Stopping"

NOW = "NOW"
"""The expression of a schedule that runs once, at once."""
DAILY = "cron(0 0 ? * * *)"
"""What a schedule without an expression means."""

MOST_EXECUTIONS = 1_000
"""Of one schedule; the oldest are forgotten, with their processing jobs."""


class ScheduleDocument(TypedDict):
    """A schedule. Its status stands in the record's own column."""

    name: str
    arn: str
    config: dict[str, Any]
    """MonitoringScheduleConfig as it was given."""
    endpoint: str
    type: str
    definition: str
    """Name of the job definition; "" when the config has one inside."""
    failure_reason: str
    next: float | None
    """The time of the next run; None while Pending, and when there is none any more."""


class ExecutionDocument(TypedDict):
    """A run. `started_for` is when the schedule meant it; epoch seconds."""

    schedule: str
    schedule_arn: str
    endpoint: str
    type: str
    definition: str
    scheduled: float
    processing_job_arn: str
    """"" when none was made, because there was nothing to process."""
    failure_reason: str
    violations: NotRequired[int]


def expression_of(config: dict[str, Any]) -> str:
    """The schedule's expression: NOW or cron(…)."""
    return str((config.get("ScheduleConfig") or {}).get("ScheduleExpression") or DAILY)


def execution_name(schedule: str, scheduled: float) -> str:
    """Of the record; executions of a schedule sort by it."""
    stamp = datetime.fromtimestamp(scheduled, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")
    return f"{schedule}/{stamp}"
