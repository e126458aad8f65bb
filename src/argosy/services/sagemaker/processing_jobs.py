"""Processing jobs: what shall be processed, written down; control has it done.

A job of Model Monitor's own image is an analysis of ours (`processing_rules`); any other image is
run on instances (`processing_containers`).
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.beginning import begin_job, refuse_taken_job
from argosy.services.sagemaker.finding import arn_of
from argosy.services.sagemaker.job_ends import delete_job, stop_job
from argosy.services.sagemaker.job_images import image_of_job
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.processing_containers import (
    check_instances,
    check_program,
    check_request,
)
from argosy.services.sagemaker.processing_rules import check_request as check_analysis
from argosy.services.sagemaker.processing_view import filled
from argosy.services.sagemaker.refusals import ANALYSIS, refuse, refuse_unsupported
from argosy.services.sagemaker.tags import check_tags
from argosy.state import processing_jobs as jobs
from argosy.state.processing_jobs import PROCESSING_JOB, ProcessingJobDocument, is_analysis
from argosy.state.records import Record

MOST_REASON = 1024


@operation("sagemaker", "CreateProcessingJob")
def create_processing_job(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["ProcessingJobName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateProcessingJob", asked)
    _check(call, asked)
    arn = arn_of(call, PROCESSING_JOB, name)
    with call.records.transaction():
        refuse_taken_job(call, PROCESSING_JOB, name)
        document = _document(call, name, arn, asked)
        begin_job(call, PROCESSING_JOB, document, tags, call.clock.now())
    return {"ProcessingJobArn": arn}


def _check(call: Call, asked: dict[str, Any]) -> None:
    check_instances(asked)
    if is_analysis(asked["AppSpecification"]["ImageUri"]):
        refuse(ANALYSIS, asked)
        check_analysis(asked)
    else:
        check_request(asked, call.settings.job_instances)


def _document(call: Call, name: str, arn: str, asked: dict[str, Any]) -> ProcessingJobDocument:
    document = jobs.new_job(name, arn, asked)
    image = asked["AppSpecification"]["ImageUri"]
    if not is_analysis(image):
        document["image"] = image_of_job(call, image)
        if not document["image"]["images"]:
            check_program(asked)
    return document


@operation("sagemaker", "DescribeProcessingJob")
def describe_processing_job(call: Call) -> dict[str, Any]:
    record = _found(call)
    document = record.document
    monitoring = document.get("monitoring")
    return {
        **filled(document["asked"]),
        **_summary(record),
        **({"ProcessingStartTime": document["started"]} if document["started"] else {}),
        **({"MonitoringScheduleArn": monitoring["schedule_arn"]} if monitoring else {}),
    }


@operation("sagemaker", "ListProcessingJobs")
def list_processing_jobs(call: Call) -> dict[str, Any]:
    page = page_of(call, PROCESSING_JOB)
    return answer("ProcessingJobSummaries", [_summary(record) for record in page.records], page)


@operation("sagemaker", "StopProcessingJob")
def stop_processing_job(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        stop_job(call, _found(call))
    return {}


@operation("sagemaker", "DeleteProcessingJob")
def delete_processing_job(call: Call) -> dict[str, Any]:
    """Removes the record of a job that is over; its name is free again, its output stays."""
    with call.records.transaction():
        delete_job(call, _found(call))
    return {}


def _found(call: Call) -> Record:
    """The job that is named; raises ValidationException.

    The code is the service's own, though its model names ResourceNotFound
    (reference/container-contract.md §6).
    """
    name = call.input["ProcessingJobName"]
    record = call.records.get(PROCESSING_JOB, call.caller.account, call.caller.region, name)
    if record is None:
        raise ValidationException(f"Could not find requested job with name: {name}")
    return record


def _summary(record: Record) -> dict[str, Any]:
    document = record.document
    body = {
        "ProcessingJobName": record.name,
        "ProcessingJobArn": document["arn"],
        "ProcessingJobStatus": record.status,
        "CreationTime": record.created,
        "LastModifiedTime": record.modified,
        "ProcessingEndTime": document.get("ended"),
        "FailureReason": document["failure_reason"][:MOST_REASON],
        "ExitMessage": document["exit_message"][:MOST_REASON],
    }
    return {name: value for name, value in body.items() if value not in (None, "")}
