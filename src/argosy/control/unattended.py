"""What acts without anybody at hand, for `argosy status`: tuning jobs and pipelines under way,
functions, and schedules with when each is due next. Reads records; decides nothing."""

from typing import Any

from argosy.state import job_statuses
from argosy.state.event_timers import Timers
from argosy.state.functions import FUNCTION
from argosy.state.pipelines import EXECUTION
from argosy.state.pipelines import UNFINISHED as EXECUTING
from argosy.state.record import Record
from argosy.state.records import Records
from argosy.state.rules import ENABLED, RULE, Rule
from argosy.state.schedules import SCHEDULE, schedule_arn
from argosy.state.tuning_jobs import TUNING_JOB


def report(records: Records, now: float) -> dict[str, list[dict[str, Any]]]:
    """One entry each, JSON-ready; times in epoch seconds."""
    tunings = records.find(TUNING_JOB, statuses=job_statuses.UNFINISHED)
    executions = records.find(EXECUTION, statuses=EXECUTING)
    return {
        "tunings": [{**_who(one, now), **_trials(one)} for one in tunings],
        "executions": [
            {**_who(one, now), "name": one.document["pipeline"], "id": one.document["id"]}
            for one in executions
        ],
        "functions": [_function(one) for one in records.find(FUNCTION)],
        "schedules": _schedules(records),
    }


def _who(record: Record, now: float) -> dict[str, Any]:
    return {
        "name": record.name,
        "account": record.account,
        "region": record.region,
        "status": record.status,
        "seconds": round(now - record.created, 1),
    }


def _trials(record: Record) -> dict[str, Any]:
    limits = record.document["asked"]["HyperParameterTuningJobConfig"]["ResourceLimits"]
    trials = record.document["trials"]
    return {
        "trials": len(trials),
        "trials_ended": sum(one["status"] in job_statuses.FINISHED for one in trials),
        "trials_most": limits.get("MaxNumberOfTrainingJobs"),
    }


def _function(record: Record) -> dict[str, Any]:
    config = record.document["config"]
    return {
        "name": record.name,
        "account": record.account,
        "region": record.region,
        "runtime": config.get("Runtime") or "container image",
        "memory_mb": config.get("MemorySize"),
        "timeout_s": config.get("Timeout"),
    }


def _schedules(records: Records) -> list[dict[str, Any]]:
    """Those of rules and of EventBridge Scheduler."""
    due = Timers(records.transactions).due_times()
    rules = [Rule(one) for one in records.find(RULE) if one.document["schedule"]]
    return [
        *(_schedule(one.record, one["schedule"], due.get(one.arn)) for one in rules),
        *(
            _schedule(one, one.document["ScheduleExpression"], due.get(schedule_arn(one)))
            for one in records.find(SCHEDULE)
        ),
    ]


def _schedule(record: Record, expression: str, due: float | None) -> dict[str, Any]:
    return {
        "kind": record.kind,
        "name": record.name.removeprefix("default/"),
        "account": record.account,
        "region": record.region,
        "status": record.status or ENABLED,
        "expression": expression,
        "next": due,
    }
