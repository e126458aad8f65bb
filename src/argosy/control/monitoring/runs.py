"""A run of a schedule as it begins: found out, and written down in one commit.

Looking into S3 blocks; `begin` is meant for a thread, `keep` for the event loop.
"""

from dataclasses import dataclass
from typing import Any

from argosy.control.means import Means
from argosy.control.monitoring import times
from argosy.control.monitoring.job import (
    CannotRun,
    Definition,
    captured_under,
    hour_prefix,
    inline,
    job_name,
    named,
    no_data,
    request,
)
from argosy.ground.names import sagemaker_arn
from argosy.objects.client import ObjectStore
from argosy.objects.errors import StoreError
from argosy.state import job_statuses, monitoring
from argosy.state import processing_jobs as jobs
from argosy.state.monitoring import DEFINITIONS, EXECUTION, ExecutionDocument
from argosy.state.processing_jobs import PROCESSING_JOB, ProcessingJobDocument
from argosy.state.record import Record
from argosy.state.state_changes import announce

ENDPOINT = "endpoint"


@dataclass(frozen=True)
class Sought:
    """What must be looked up in S3 for a run, and what is known already."""

    definition: Definition
    prefixes: list[str]
    window: tuple[float, float]
    baseline: dict[str, str]


def sought(means: Means, schedule: Record, scheduled: float) -> Sought:
    """From the records. Raises CannotRun."""
    config, endpoint = schedule.document["config"], schedule.document["endpoint"]
    definition = _definition(means, schedule)
    record = means.records.get(ENDPOINT, schedule.account, schedule.region, endpoint)
    if record is None:
        raise CannotRun(f"Endpoint {endpoint} does not exist.")
    return Sought(
        definition,
        captured_under(endpoint, record.document["live"]),
        times.window(config, definition.endpoint_input, scheduled),
        _baseline(means, schedule, definition),
    )


def with_data(means: Means, region: str, wanted: Sought) -> list[str]:
    """The prefixes under which something was captured in the window; blocking. Raises CannotRun."""
    store = ObjectStore(means.store)
    hours = list(times.hours(*wanted.window))
    try:
        found = [one for one in wanted.prefixes if _has_data(store, one, hours)]
    except StoreError as error:
        raise CannotRun(str(error)) from error
    finally:
        store.close()
    if not found:
        first = hour_prefix(wanted.prefixes[0], hours[-1]) if hours else wanted.prefixes[0]
        raise CannotRun(no_data(first, region, wanted.definition.role))
    return [_folder(one, hours) for one in found]


def _has_data(store: ObjectStore, prefix: str, hours: list[Any]) -> bool:
    bucket, _, key = prefix.removeprefix("s3://").partition("/")
    return any(next(store.listing(bucket, f"{hour_prefix(key, hour)}/"), None) for hour in hours)


def _folder(prefix: str, hours: list[Any]) -> str:
    """The folder of the one hour, or else the deepest that holds all of them."""
    first, last = (hour_prefix(prefix, hour).split("/") for hour in (hours[0], hours[-1]))
    same = [one for one, other in zip(first, last, strict=True) if one == other]
    return "/".join(same)


def begin(
    means: Means, schedule: Record, scheduled: float, wanted: Sought, sources: list[str]
) -> tuple[str, dict[str, Any]]:
    """Name and members of the run's processing job."""
    document = schedule.document
    name = job_name(document["arn"], schedule.created, scheduled)
    asked = request(
        wanted.definition,
        schedule.name,
        document["endpoint"],
        sources,
        wanted.window,
        scheduled,
        wanted.baseline,
    )
    return name, {"ProcessingJobName": name, **asked}


def keep(
    means: Means,
    schedule: Record,
    scheduled: float,
    job: tuple[str, dict[str, Any]] | None,
    reason: str,
) -> None:
    """Write the run and its job, if there is one; within the transaction that is open.

    Raises AlreadyThere when that run has been written.
    """
    now, document = means.clock.now(), schedule.document
    account, region = schedule.account, schedule.region
    arn = sagemaker_arn(region, account, PROCESSING_JOB, job[0]) if job else ""
    name = monitoring.execution_name(schedule.name, scheduled)
    execution: ExecutionDocument = {
        "schedule": schedule.name,
        "schedule_arn": document["arn"],
        "endpoint": document["endpoint"],
        "type": document["type"],
        "definition": document["definition"],
        "scheduled": scheduled,
        "processing_job_arn": arn,
        "failure_reason": reason,
    }
    status = monitoring.FAILED if reason else monitoring.IN_PROGRESS
    means.records.create(EXECUTION, account, region, name, dict(execution), now=now, status=status)
    if job is not None:
        _keep_job(means, schedule, arn, job, name)


def _keep_job(
    means: Means, schedule: Record, arn: str, job: tuple[str, dict[str, Any]], execution: str
) -> None:
    name, asked = job
    document: ProcessingJobDocument = jobs.new_job(name, arn, asked)
    document["monitoring"] = {
        "schedule": schedule.name,
        "schedule_arn": schedule.document["arn"],
        "execution": execution,
        "endpoint": schedule.document["endpoint"],
    }
    record = means.records.create(
        PROCESSING_JOB,
        schedule.account,
        schedule.region,
        name,
        dict(document),
        now=means.clock.now(),
        status=job_statuses.IN_PROGRESS,
    )
    announce(means.records, record, means.clock.now())


def _definition(means: Means, schedule: Record) -> Definition:
    within = schedule.document["config"].get("MonitoringJobDefinition")
    if within:
        return inline(within)
    name, kind = schedule.document["definition"], schedule.document["type"]
    found = means.records.get(DEFINITIONS[kind], schedule.account, schedule.region, name)
    if found is None:
        raise CannotRun(f"The {kind} job definition {name} does not exist.")
    return named(found.document["asked"], kind)


def _baseline(means: Means, schedule: Record, definition: Definition) -> dict[str, str]:
    """Where constraints and statistics lie: as given, or as a baselining job has written them."""
    given = {"constraints": definition.constraints, "statistics": definition.statistics}
    if not definition.baselining_job or all(given.values()):
        return given
    job = means.records.get(
        PROCESSING_JOB, schedule.account, schedule.region, definition.baselining_job
    )
    if job is None or job.status != job_statuses.COMPLETED:
        if any(given.values()):
            return given
        raise CannotRun(f"The baselining job {definition.baselining_job} has not completed.")
    place = job.document["asked"]["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"]
    return {kind: uri or f"{place.rstrip('/')}/{kind}.json" for kind, uri in given.items()}
