"""The processing jobs under way, for `argosy status`: analyses of ours and those on instances."""

from typing import Any

from argosy.state import job_statuses
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import PROCESSING_JOB
from argosy.state.records import Record, Records


def reports(records: Records, now: float) -> list[dict[str, Any]]:
    """One entry per job, JSON-ready."""
    found = records.find(PROCESSING_JOB, statuses=job_statuses.UNFINISHED)
    return [_report(record, now) for record in found]


def _report(record: Record, now: float) -> dict[str, Any]:
    document = record.document
    started = document["started"]
    return {
        "name": record.name,
        "account": record.account,
        "region": record.region,
        "status": record.status,
        "instances": jobs.host_count(document["asked"]),
        "seconds": 0.0 if started is None else round(now - started, 1),
    }
