"""Runs of monitoring schedules, as they are listed; control makes them."""

from typing import Any

from argosy.services.registry import Call, operation
from argosy.services.sagemaker.monitoring.picking import picked
from argosy.state import job_statuses
from argosy.state.monitoring import EXECUTION
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import Record
from argosy.state.state_changes import announce

MOST_REASON = 1024
_SAME = {
    "MonitoringScheduleName": "schedule",
    "EndpointName": "endpoint",
    "MonitoringJobDefinitionName": "definition",
    "MonitoringTypeEquals": "type",
}


@operation("sagemaker", "ListMonitoringExecutions")
def list_executions(call: Call) -> dict[str, Any]:
    schedule = call.input.get("MonitoringScheduleName")
    records = _of(call, schedule) if schedule else _all(call)
    page, more = picked(call, records, _SAME, "ScheduledTime")
    return {"MonitoringExecutionSummaries": [summary(record) for record in page], **more}


def newest(call: Call, schedule: str) -> Record | None:
    """The latest run of a schedule."""
    runs = _of(call, schedule)
    return max(runs, key=lambda record: record.name) if runs else None


def stop_executions(call: Call, schedule: str) -> None:
    """Have the jobs end that a schedule has under way."""
    caller, now = call.caller, call.clock.now()
    for job in call.records.find(
        PROCESSING_JOB, caller.account, caller.region, statuses=(job_statuses.IN_PROGRESS,)
    ):
        if (job.document.get("monitoring") or {}).get("schedule") == schedule:
            stopping = call.records.update(job, now=now, status=job_statuses.STOPPING)
            announce(call.records, stopping, now, job)


def summary(record: Record) -> dict[str, Any]:
    document = record.document
    body = {
        "MonitoringScheduleName": document["schedule"],
        "ScheduledTime": document["scheduled"],
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "MonitoringExecutionStatus": record.status,
        "ProcessingJobArn": document["processing_job_arn"],
        "EndpointName": document["endpoint"],
        "FailureReason": document["failure_reason"][:MOST_REASON],
        "MonitoringJobDefinitionName": document["definition"],
        "MonitoringType": document["type"],
    }
    return {name: value for name, value in body.items() if value != ""}


def _all(call: Call) -> list[Record]:
    return call.records.find(EXECUTION, call.caller.account, call.caller.region)


def _of(call: Call, schedule: str) -> list[Record]:
    caller = call.caller
    return call.records.find(EXECUTION, caller.account, caller.region, prefix=f"{schedule}/")
