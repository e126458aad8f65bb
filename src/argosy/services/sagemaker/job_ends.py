"""Stop…Job: the record says Stopping, and control ends what runs; nothing is ended here.
Delete…Job: the record of a job that is over goes."""

from argosy.ground.errors import ResourceInUse, ValidationException
from argosy.services.registry import Call
from argosy.services.sagemaker.tags import set_tags
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


def delete_job(call: Call, record: Record) -> None:
    """Within a transaction in which the record was read: its name is free again, what it wrote
    stays. Raises ResourceInUse for one that is not over."""
    if record.status not in job_statuses.FINISHED:
        raise ResourceInUse(
            f"The {record.kind.replace('-', ' ')} {record.name} is in status {record.status}: stop "
            "it, and delete it when it is Stopped, Completed or Failed."
        )
    set_tags(call, record.document["arn"], None)
    call.records.delete(record.kind, record.account, record.region, record.name)
