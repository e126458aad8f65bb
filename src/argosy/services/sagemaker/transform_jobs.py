"""Transform jobs: what shall be transformed, written down; control has it done.

The status goes on to Completed or Failed by itself; StopTransformJob makes it Stopping, and control
makes that Stopped.
"""

from typing import Any

from argosy.ground.errors import ValidationException
from argosy.ground.names import new_deployment_id
from argosy.services.registry import Call, operation
from argosy.services.sagemaker.beginning import begin_job, refuse_taken_job
from argosy.services.sagemaker.finding import MODEL, arn_of, find
from argosy.services.sagemaker.images import take_images
from argosy.services.sagemaker.job_ends import stop_job
from argosy.services.sagemaker.listing import answer, page_of
from argosy.services.sagemaker.refusals import refuse_unsupported
from argosy.services.sagemaker.tags import check_tags
from argosy.services.sagemaker.transform_rules import check_model, check_request
from argosy.services.sagemaker.transform_view import description, filled, summary
from argosy.state import transform_jobs as jobs
from argosy.state.records import Record
from argosy.state.transform_jobs import TRANSFORM_JOB


@operation("sagemaker", "CreateTransformJob")
def create_transform_job(call: Call) -> dict[str, Any]:
    asked = dict(call.input)
    name, tags = asked["TransformJobName"], asked.pop("Tags", None)
    check_tags(tags)
    refuse_unsupported("CreateTransformJob", asked)
    check_request(asked)
    arn, now = arn_of(call, TRANSFORM_JOB, name), call.clock.now()
    with call.records.transaction():
        refuse_taken_job(call, TRANSFORM_JOB, name)
        model = find(call, MODEL, asked["ModelName"]).document
        check_model(asked["ModelName"], model)
        document = jobs.new_job(name, arn, new_deployment_id(), filled(asked), model, now)
        take_images(call, document["deployment"])
        begin_job(call, TRANSFORM_JOB, document, tags, now)
    return {"TransformJobArn": arn}


@operation("sagemaker", "DescribeTransformJob")
def describe_transform_job(call: Call) -> dict[str, Any]:
    return description(_found(call))


@operation("sagemaker", "ListTransformJobs")
def list_transform_jobs(call: Call) -> dict[str, Any]:
    page = page_of(call, TRANSFORM_JOB)
    return answer("TransformJobSummaries", [summary(record) for record in page.records], page)


@operation("sagemaker", "StopTransformJob")
def stop_transform_job(call: Call) -> dict[str, Any]:
    with call.records.transaction():
        stop_job(call, _found(call))
    return {}


def _found(call: Call) -> Record:
    """The job that is named; raises ValidationException.

    The code is the service's own, though its model names ResourceNotFound
    (reference/container-contract.md).
    """
    name = call.input["TransformJobName"]
    record = call.records.get(TRANSFORM_JOB, call.caller.account, call.caller.region, name)
    if record is None:
        raise ValidationException(f"Could not find requested job with name: {name}")
    return record
