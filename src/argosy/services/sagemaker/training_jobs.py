"""Training jobs: what shall be trained, written down; control has it done.

The status goes on to Completed or Failed by itself; StopTrainingJob makes it Stopping, and control
makes that Stopped.
"""

from typing import Any

from argosy.ground.errors import ResourceInUse, ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.beginning import begin_job, refuse_taken_job
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.job_ends import delete_job, stop_job
from argosy.services.sagemaker.job_images import image_of_job
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags
from argosy.services.sagemaker.training_rules import check_keep_alive, check_request
from argosy.services.sagemaker.training_view import (
    description,
    filled,
    summary,
    warm_pool_status,
)
from argosy.state import job_statuses
from argosy.state import training_jobs as jobs
from argosy.state.records import Record
from argosy.state.training_jobs import TRAINING_JOB


@operation("sagemaker", "CreateTrainingJob")
def create_training_job(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["TrainingJobName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateTrainingJob", asked)
    for member in ("AlgorithmSpecification", "ResourceConfig"):
        if not asked.get(member):
            raise ValidationException(f"{member} is required.")
    check_request(asked, call.settings.job_instances)
    arn, now = arn_of(call, TRAINING_JOB, name), call.clock.now()
    with call.records.transaction():
        refuse_taken_job(call, TRAINING_JOB, name)
        image = image_of_job(call, asked["AlgorithmSpecification"]["TrainingImage"])
        document = jobs.new_job(name, arn, filled(asked), image, now)
        begin_job(call, TRAINING_JOB, document, tags, now)
    return {"TrainingJobArn": arn}


@operation("sagemaker", "DescribeTrainingJob")
def describe_training_job(call: Call) -> dict[str, Any]:
    return description(_found(call))


@operation("sagemaker", "ListTrainingJobs")
def list_training_jobs(call: Call) -> dict[str, Any]:
    refuse_unsupported("ListTrainingJobs", call.input)
    wanted = call.input.get("WarmPoolStatusEquals")
    page = page_of(call, TRAINING_JOB)
    shown = [summary(record) for record in page.records if _has_pool(record, wanted)]
    return answer("TrainingJobSummaries", shown, page)


@operation("sagemaker", "StopTrainingJob")
def stop_training_job(call: Call) -> dict[str, Any]:
    """Once more for a job that is stopping already changes nothing."""
    with call.records.transaction():
        record = _found(call)
        if record.status == job_statuses.IN_PROGRESS:
            document: Any = record.document
            now = call.clock.now()
            jobs.enter(document, job_statuses.STOPPING, "Stopping the training job", now)
            record = call.records.update(record, now=now, document=document)
        stop_job(call, record)
    return {}


@operation("sagemaker", "UpdateTrainingJob")
def update_training_job(call: Call) -> dict[str, Any]:
    """Changes how long the job's instances are kept when it is over."""
    refuse_unsupported("UpdateTrainingJob", call.input)
    seconds = (call.input.get("ResourceConfig") or {}).get("KeepAlivePeriodInSeconds")
    with call.records.transaction():
        record = _found(call)
        if seconds is not None:
            _keep_alive(call, record, seconds)
    return {"TrainingJobArn": record.document["arn"]}


@operation("sagemaker", "DeleteTrainingJob")
def delete_training_job(call: Call) -> dict[str, Any]:
    """Removes the record of a job that is over; its name is free again, its output stays."""
    with call.records.transaction():
        record = _found(call)
        if _has_pool(record, jobs.AVAILABLE):
            raise ResourceInUse(
                f"The training job {record.name} retains an Available warm pool: end that with "
                "UpdateTrainingJob and a KeepAlivePeriodInSeconds of 0."
            )
        delete_job(call, record)
    return {}


def _found(call: Call) -> Record:
    """The job that is named; raises ValidationException.

    The code is the service's own, though its model names ResourceNotFound
    (reference/container-contract.md §6).
    """
    name = call.input["TrainingJobName"]
    record = call.records.get(TRAINING_JOB, call.caller.account, call.caller.region, name)
    if record is None:
        raise ValidationException("Requested resource not found.")
    return record


def _has_pool(record: Record, status: str | None) -> bool:
    """Whether its warm pool has that status; None stands for any, and for none."""
    return status is None or (warm_pool_status(record.document) or {}).get("Status") == status


def _keep_alive(call: Call, record: Record, seconds: int) -> None:
    """Raises ValidationException where the period of a warm pool cannot be changed any more."""
    asked = record.document["asked"]
    if record.status in job_statuses.FINISHED and not _has_pool(record, jobs.AVAILABLE):
        raise ValidationException(
            f"The training job {record.name} is {record.status} and retains no warm pool whose "
            "KeepAlivePeriodInSeconds could be changed."
        )
    if seconds:
        check_keep_alive(asked)
    resources = {**asked["ResourceConfig"], "KeepAlivePeriodInSeconds": seconds}
    document = {**record.document, "asked": {**asked, "ResourceConfig": resources}}
    call.records.update(record, now=call.clock.now(), document=document)
