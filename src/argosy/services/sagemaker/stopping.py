"""Stop…Job: the record says Stopping, and control ends what runs. It ends nothing itself."""

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call
from argosy.state import job_statuses
from argosy.state.records import Record
from argosy.state.state_changes import announce


def stop_job(call: Call, record: Record) -> None:
    """Within a transaction in which the record was read. Once more for a job that is stopping
    already changes nothing. Raises ValidationException for one that is over."""
    if record.status in job_statuses.FINISHED:
        raise ValidationException(
            f"The request was rejected because the {record.kind.replace('-', ' ')} is in status "
            f"{record.status}."
        )
    if record.status != job_statuses.STOPPING:
        now = call.clock.now()
        stopping = call.records.update(record, now=now, status=job_statuses.STOPPING)
        announce(call.records, stopping, now, record)
